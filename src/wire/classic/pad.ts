import { randomFillSync } from "node:crypto";
import { isHex, openHex } from "./hex.ts";
import { decodeUtf8 } from "./utf8.ts";

/** A text under a fresh random key of its own length: `hex(key)|hex(text XOR key)`, lower case (PROTOCOL.md, encryption). */
export function sealPad(text: string): string {
  const plain = Buffer.from(text, "utf8");
  const target = Buffer.allocUnsafe(padLength(plain.length));
  writePad(target, 0, plain);
  return target.toString("latin1");
}

/** Whether a field is two hex fields of equal length joined by `|`, each of whole bytes; both may be empty. */
export function isPadField(field: string): boolean {
  if (field.length % 4 !== 1) return false;
  const middle = (field.length - 1) / 2;
  return field[middle] === "|" && isHex(field.slice(0, middle)) && isHex(field.slice(middle + 1));
}

/** The text in a pad; null when the field is no pad, or its bytes no UTF-8. */
export function openPad(field: string): string | null {
  if (!isPadField(field)) return null;
  const middle = (field.length - 1) / 2;
  const key = openHex(field.slice(0, middle));
  const sealed = openHex(field.slice(middle + 1));
  if (key === null || sealed === null) return null;
  for (let i = 0; i < key.length; i++) key[i] = (key[i] ?? 0) ^ (sealed[i] ?? 0);
  return decodeUtf8(key);
}

/** The bytes that a pad for a text of so many bytes takes. */
export function padLength(bytes: number): number {
  return 4 * bytes + 1;
}

/**
 * Writes `hex(key)|hex(plain XOR key)` under a fresh random key into `target` at `at`, `padLength(plain.length)` bytes
 * of ASCII, and returns the offset behind them. Throws a RangeError when they don't fit.
 */
export function writePad(target: Buffer, at: number, plain: Uint8Array): number {
  const end = at + padLength(plain.length);
  if (end > target.length) throw new RangeError("the pad does not fit");
  const key = randomFillSync(Buffer.allocUnsafe(plain.length));
  const middle = at + 2 * plain.length;
  target.write(key.toString("hex"), at, "latin1");
  target[middle] = 0x7c;
  for (let i = 0; i < key.length; i++) key[i] = (key[i] ?? 0) ^ (plain[i] ?? 0);
  target.write(key.toString("hex"), middle + 1, "latin1");
  key.fill(0);
  return end;
}
