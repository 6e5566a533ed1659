/**
 * `agent/content`: what a sealed message says, as bytes (docs/content.md): one format for all clients, versioned and padded.
 * It knows no group, no store and no face. Whatever bytes others send lead to a value, never to an error.
 */

import { padded } from "./padding.ts";

/** A message: the device that wrote it and the random id that it gave it, 16 bytes each. */
export interface MessageRef {
  readonly device: Uint8Array;
  readonly messageId: Uint8Array;
}

export type Content =
  | { readonly kind: "text"; readonly text: string; readonly replyTo: MessageRef | null }
  /** Replaces the text of an own person's message. */
  | { readonly kind: "edit"; readonly of: MessageRef; readonly text: string }
  | { readonly kind: "deletion"; readonly of: MessageRef };

/** `unknown`: of a newer version, or of a kind that this one doesn't know. */
export type ReadContent = Content | { readonly kind: "unknown" } | { readonly kind: "malformed" };

/** Bytes of UTF-8 in one message's text, as in the open room. */
export const LONGEST_TEXT = 32_768;
/** Bytes of a content with its padding: what one sealed message holds. */
export const MOST_BYTES = 65_536;

const VERSION = 1;
const KIND = { text: 1, edit: 2, deletion: 3 } as const;
const FIELD = { end: 0, text: 1, subject: 2 } as const;
const ID_BYTES = 16;

/** Throws a `RangeError` for an empty text, one of more than `LONGEST_TEXT` bytes, or ids that aren't of 16 bytes. */
export function encodeContent(content: Content): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(VERSION, KIND[content.kind])];
  const subject = content.kind === "text" ? content.replyTo : content.of;
  if (subject !== null) parts.push(...field(FIELD.subject, refBytes(subject)));
  if (content.kind !== "deletion") parts.push(...field(FIELD.text, textBytes(content.text)));
  return padded(Buffer.concat(parts));
}

/** Linear in the bytes. */
export function readContent(bytes: Uint8Array): ReadContent {
  const [version, kind] = bytes;
  if (bytes.length > MOST_BYTES || version === undefined || version === 0 || kind === undefined || kind === 0) {
    return MALFORMED;
  }
  if (version !== VERSION || !KINDS.has(kind)) return UNKNOWN;
  const fields = readFields(bytes.subarray(2));
  if (fields === null) return MALFORMED;
  const text = readText(fields.get(FIELD.text));
  const subject = readRef(fields.get(FIELD.subject));
  if (kind === KIND.text) {
    const isWhole = text !== null && (subject !== null || !fields.has(FIELD.subject));
    return isWhole ? { kind: "text", text, replyTo: subject } : MALFORMED;
  }
  if (subject === null) return MALFORMED;
  if (kind === KIND.deletion) return { kind: "deletion", of: subject };
  return text === null ? MALFORMED : { kind: "edit", of: subject, text };
}

const MALFORMED = { kind: "malformed" } as const;
const UNKNOWN = { kind: "unknown" } as const;
const KINDS: ReadonlySet<number> = new Set(Object.values(KIND));

/** Tag, length of four bytes, value. */
function field(tag: number, value: Uint8Array): readonly Uint8Array[] {
  const head = Buffer.alloc(5);
  head.writeUInt8(tag);
  head.writeUInt32BE(value.length, 1);
  return [head, value];
}

function refBytes({ device, messageId }: MessageRef): Uint8Array {
  if (device.length !== ID_BYTES || messageId.length !== ID_BYTES) throw new RangeError("an id has 16 bytes");
  return Buffer.concat([device, messageId]);
}

function textBytes(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length === 0 || bytes.length > LONGEST_TEXT) {
    throw new RangeError(`a text has 1 to ${LONGEST_TEXT} bytes, not ${bytes.length}`);
  }
  return bytes;
}

/** By tag; those that aren't known are kept aside, for a newer client. Null: cut short, one twice, or a tail that is no padding. */
function readFields(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields = new Map<number, Uint8Array>();
  let at = 0;
  while (at < bytes.length) {
    const tag = view.getUint8(at);
    if (tag === FIELD.end) return bytes.subarray(at).every((byte) => byte === 0) ? fields : null;
    if (at + 5 > bytes.length || fields.has(tag)) return null;
    const end = at + 5 + view.getUint32(at + 1);
    if (end > bytes.length) return null;
    fields.set(tag, bytes.subarray(at + 5, end));
    at = end;
  }
  return fields;
}

function readText(bytes: Uint8Array | undefined): string | null {
  if (bytes === undefined || bytes.length === 0 || bytes.length > LONGEST_TEXT) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function readRef(bytes: Uint8Array | undefined): MessageRef | null {
  if (bytes?.length !== 2 * ID_BYTES) return null;
  return { device: bytes.slice(0, ID_BYTES), messageId: bytes.slice(ID_BYTES) };
}

/** What a message is found by in a search, and which other one it changes. */
export function digestContent(bytes: Uint8Array): {
  readonly text: string | null;
  readonly amends: (MessageRef & { readonly how: "edit" | "deletion" }) | null;
} {
  const content = readContent(bytes);
  switch (content.kind) {
    case "text":
      return { text: content.text, amends: null };
    case "edit":
      return { text: content.text, amends: { how: "edit", ...content.of } };
    case "deletion":
      return { text: null, amends: { how: "deletion", ...content.of } };
    case "unknown":
    case "malformed":
      return { text: null, amends: null };
  }
}
