/**
 * The secret that an invitation carries from a confirmed device to a new one, for machines with nobody at hand. Each of the two proves by it
 * to the other that the server hasn't put another key in between; the secret itself goes over no network. docs/device-record.md.
 */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { plainBase32, readBase32, writeBase32 } from "../../mls/identity/base32.ts";
import { concat, withLength } from "../../mls/identity/bytes.ts";
import { whoBytes } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";

/** What a token's secret is used by, 32 bytes. */
export type TokenKey = Uint8Array & { readonly isTokenKey?: never };

/** Bytes of a token's secret: 128 bits. */
export const TOKEN_BYTES = 16;
export const PROOF_BYTES = 32;

const PREFIX = "pdt1-";

/** `pdt1-`, then 26 characters in fours. Throws a `RangeError` unless the secret has 16 bytes. */
export function writeToken(secret: Uint8Array): string {
  if (secret.length !== TOKEN_BYTES) throw new RangeError(`a token's secret has ${TOKEN_BYTES} bytes`);
  return PREFIX + (writeBase32(secret).match(/.{1,4}/g) ?? []).join("-");
}

/** Its secret; null for what is no token. Case, blanks at the ends and hyphens don't count, nor which of O and 0, I, L and 1 was meant. */
export function readToken(text: string): Uint8Array | null {
  const plain = text.slice(0, 128).trim().toLowerCase();
  if (!plain.startsWith(PREFIX)) return null;
  return readBase32(plainBase32(plain.slice(PREFIX.length)), TOKEN_BYTES);
}

/** Whether two secrets are the same, in constant time. */
export function isSameSecret(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

export function tokenKey(secret: Uint8Array): TokenKey {
  return new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(), "padserve device token v1", 32));
}

/** A device that asks, with the keys that it shows. */
export interface Asking {
  readonly who: Who;
  readonly deviceId: Uint8Array;
  readonly deviceKey: Uint8Array;
  readonly sealKey: Uint8Array;
}

/** What a new device shows of its token. */
export function askProof(key: TokenKey, { who, deviceId, deviceKey, sealKey }: Asking): Uint8Array {
  const said = concat(
    whoBytes("padserve device token asks v1", who),
    ...[deviceId, deviceKey, sealKey].map(withLength),
  );
  return createHmac("sha256", key).update(said).digest();
}

/** Whether the device that asks with this has the token. */
export function isAskProof(given: Uint8Array, key: TokenKey, asking: Asking): boolean {
  return given.length === PROOF_BYTES && timingSafeEqual(given, askProof(key, asking));
}

/** What the inviting device shows of it, of the record that it has signed. */
export function confirmProof(key: TokenKey, record: Uint8Array): Uint8Array {
  return createHmac("sha256", key).update("padserve device token confirms v1\0").update(record).digest();
}
