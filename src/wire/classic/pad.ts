import { randomBytes } from "node:crypto";
import { decodeUtf8, openHex, toHex } from "./encodings.ts";

/** A text under a fresh random key of its own length: `hex(key)|hex(text XOR key)`, lower case (PROTOCOL.md, encryption). */
export function sealPad(text: string): string {
  return sealBytes(Buffer.from(text, "utf8"));
}

/** The same for bytes. Whoever needs many pads of one text takes them from `pad-writer.ts`. */
export function sealBytes(plain: Uint8Array): string {
  const key = randomBytes(plain.length);
  const sealed = plain.map((byte, i) => byte ^ key[i]!);
  return `${toHex(key)}|${toHex(sealed)}`;
}

/** Whether a field is two hex fields of equal length joined by `|`, each of whole bytes; both may be empty. */
export function isPadField(field: string): boolean {
  return readPad(field) !== null;
}

/** The text in a pad; null when the field is no pad, or its bytes no UTF-8. */
export function openPad(field: string): string | null {
  const pad = readPad(field);
  if (pad === null) return null;
  const { key, sealed } = pad;
  for (let i = 0; i < key.length; i++) key[i]! ^= sealed[i]!;
  return decodeUtf8(key);
}

/** Decoding natively and forgetting the bytes is faster than looking at each character, from 64 bytes on. */
function readPad(field: string): { key: Buffer; sealed: Buffer } | null {
  const middle = (field.length - 1) / 2;
  if (field[middle] !== "|") return null;
  const key = openHex(field.slice(0, middle));
  const sealed = key === null ? null : openHex(field.slice(middle + 1));
  return key === null || sealed === null ? null : { key, sealed };
}
