/**
 * An entry of a group's log, as it is stored and as its hash is chained. Who follows the log can tell from one hash whether
 * the server has shown it the same log as before, and as others.
 */
import type { DeviceId, MessageId } from "./ids.ts";

interface Entry {
  /** From 1, one after another; the same for all members. */
  readonly number: number;
  /** Milliseconds since 1970, by the server's clock. */
  readonly at: number;
  readonly device: DeviceId;
  /** The epoch it was made in: a commit raises it by one. */
  readonly epoch: number;
  /** The chained hash up to and with this entry, see `chainedHash`. */
  readonly hash: string;
  readonly bytes: Uint8Array;
}
export interface CommitEntry extends Entry {
  readonly kind: "commit";
}
export interface MessageEntry extends Entry {
  readonly kind: "message";
  /** Counts this device's messages in this group, from 1. */
  readonly counter: number;
  readonly message: MessageId;
}
export type LogEntry = CommitEntry | MessageEntry;

/** An entry whose hash isn't known yet. */
export type UnhashedEntry = Omit<CommitEntry, "hash"> | Omit<MessageEntry, "hash">;

/** SHA-256 of bytes, or of a text of ASCII; base64url without padding. */
export type Sha256 = (input: Uint8Array | string) => string;

/** The hash of a log without entries. */
export const NO_HASH = "A".repeat(43);

/**
 * SHA-256 over ten lines of ASCII, each but the last with a newline behind it: `padserve log v1`, the hash of the log before this entry, number,
 * at, kind, device, epoch, counter and message id (`0` and `-` for a commit), and SHA-256 of the bytes.
 */
export function chainedHash(before: string, entry: UnhashedEntry, sha256: Sha256): string {
  const { number, at, kind, device, epoch, bytes } = entry;
  const counter = entry.kind === "message" ? entry.counter : 0;
  const message = entry.kind === "message" ? entry.message : "-";
  return sha256(
    `padserve log v1\n${before}\n${number}\n${at}\n${kind}\n${device}\n${epoch}\n${counter}\n${message}\n${sha256(bytes)}`,
  );
}

/** The entry at the end of a log that has `before` as its hash. */
export function hashEntry(before: string, entry: UnhashedEntry, sha256: Sha256): LogEntry {
  return { ...entry, hash: chainedHash(before, entry, sha256) };
}

const LENGTH = 2;

/** Two bytes of length (big-endian), so many of a line of eight words in ASCII, then the entry's bytes. */
export function encodeEntry(entry: LogEntry): Uint8Array {
  const { kind, number, at, device, epoch, hash, bytes } = entry;
  const counter = kind === "message" ? entry.counter : 0;
  const message = kind === "message" ? entry.message : "-";
  const line = [kind, number, at, device, epoch, hash, counter, message].join(" ");
  const body = new Uint8Array(LENGTH + line.length + bytes.length);
  new DataView(body.buffer).setUint16(0, line.length);
  for (let i = 0; i < line.length; i++) body[LENGTH + i] = line.charCodeAt(i);
  body.set(bytes, LENGTH + line.length);
  return body;
}

/** What `encodeEntry` gave. Throws when it is nothing of the kind: then the store has kept something else than it was given. */
export function decodeEntry(body: Uint8Array): LogEntry {
  const length = new DataView(body.buffer, body.byteOffset, body.byteLength).getUint16(0);
  const line = String.fromCharCode(...body.subarray(LENGTH, LENGTH + length));
  const [kind, number, at, device = "", epoch, hash = "", counter, message = ""] = line.split(" ");
  const bytes = body.slice(LENGTH + length);
  const entry = { number: Number(number), at: Number(at), device, epoch: Number(epoch), hash, bytes };
  switch (kind) {
    case "commit":
      return { kind, ...entry };
    case "message":
      return { kind, ...entry, counter: Number(counter), message };
    default:
      throw new Error("the log holds something that is no entry of a group");
  }
}
