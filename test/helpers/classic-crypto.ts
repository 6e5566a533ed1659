/**
 * The classic cipher suite once more, from PROTOCOL.md and node:crypto alone: a mistake in ours must not cancel itself
 * out. `classic-crypto.test.ts` holds it to the same vectors.
 */
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import type { ECDH } from "node:crypto";

/** The connection's AES-256 key. */
export function agreedKey(own: ECDH, peerKeyHex: string): Buffer {
  return createHash("sha256").update(own.computeSecret(peerKeyHex, "hex")).digest();
}

/** A broadcast's payload, client to server; text or any bytes. */
export function sealed(key: Uint8Array, text: string | Uint8Array, iv: Uint8Array = randomBytes(16)): string {
  const cipher = createCipheriv("aes-256-cbc", key, iv);
  return Buffer.concat([iv, cipher.update(Buffer.from(text)), cipher.final()]).toString("hex");
}

/** `hex(key)|hex(text XOR key)`. */
export function padded(text: string, key: Uint8Array = randomBytes(Buffer.byteLength(text))): string {
  return `${Buffer.from(key).toString("hex")}|${xor(Buffer.from(text), key).toString("hex")}`;
}

/** The text in such a field. */
export function unpadded(field: string): string {
  const [key = "", hidden = ""] = field.split("|");
  return xor(Buffer.from(hidden, "hex"), Buffer.from(key, "hex")).toString();
}

function xor(bytes: Uint8Array, key: Uint8Array): Buffer {
  return Buffer.from(bytes.map((byte, at) => byte ^ (key[at] ?? 0)));
}
