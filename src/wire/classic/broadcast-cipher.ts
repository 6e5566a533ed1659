import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { decodeUtf8, openHex } from "./encodings.ts";
import { isPadField, openPad } from "./pad.ts";

/** Why a broadcast could not be read: not hex, not this key's ciphertext, or bytes that are not UTF-8. */
type BroadcastFault = "invalid-payload" | "undecryptable" | "invalid-text";

export type OpenedBroadcast =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly error: BroadcastFault };

/** AES-256-CBC under the connection's key, PKCS#7, a random IV in front, all in lower-case hex (PROTOCOL.md, encryption). */
export function sealBroadcast(key: Uint8Array, text: string): string {
  const iv = randomBytes(BLOCK);
  const cipher = createCipheriv(CIPHER, key, iv);
  return iv.toString("hex") + cipher.update(text, "utf8", "hex") + cipher.final("hex");
}

/** Opens what `sealBroadcast` made, and hex of either case. CBC here has no authentication: some tampering opens as other text. */
export function openBroadcast(key: Uint8Array, payloadHex: string): OpenedBroadcast {
  const sealed = openHex(payloadHex);
  if (sealed === null) return { ok: false, error: "invalid-payload" };
  const plain = decrypt(key, sealed);
  if (plain === null) return { ok: false, error: "undecryptable" };
  const text = decodeUtf8(plain);
  return text === null ? { ok: false, error: "invalid-text" } : { ok: true, text };
}

/** Opens a broadcast as a server sends it on: a pad, or without `|` the form that the last original client also reads. */
export function openBroadcastField(key: Uint8Array, field: string): OpenedBroadcast {
  if (!field.includes("|")) return openBroadcast(key, field);
  const text = openPad(field);
  if (text !== null) return { ok: true, text };
  return { ok: false, error: isPadField(field) ? "invalid-text" : "invalid-payload" };
}

const CIPHER = "aes-256-cbc";
const BLOCK = 16;

function decrypt(key: Uint8Array, sealed: Buffer): Buffer | null {
  // Padding makes at least one block behind the IV. The original's process ends on the IV alone.
  if (sealed.length < 2 * BLOCK) return null;
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, BLOCK));
  const head = decipher.update(sealed.subarray(BLOCK));
  try {
    // Throws on wrong padding, and on a length of no whole blocks.
    return Buffer.concat([head, decipher.final()]);
  } catch {
    return null;
  }
}
