import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { concat } from "./bytes.ts";

/** Ed25519 (RFC 8032) by node:crypto, with keys as their 32 raw bytes. */
export interface SigningKey {
  /** Secret. From it the public key follows. */
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
}

export const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

// What stands before the raw bytes in DER (RFC 8410).
const PRIVATE_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const PUBLIC_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

export function newSigningKey(): SigningKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  const der = privateKey.export({ format: "der", type: "pkcs8" });
  const key = signingKeyOf(der.subarray(PRIVATE_PREFIX.length));
  der.fill(0);
  return key;
}

/** The key with this seed; takes a copy of it. Throws a `RangeError` unless it has 32 bytes. */
export function signingKeyOf(seed: Uint8Array): SigningKey {
  const publicKey = createPublicKey(privateKeyObject(seed)).export({ format: "der", type: "spki" });
  return { seed: Uint8Array.from(seed), publicKey: Uint8Array.from(publicKey.subarray(PUBLIC_PREFIX.length)) };
}

export function signBytes(key: SigningKey, message: Uint8Array): Uint8Array {
  return Uint8Array.from(sign(null, message, privateKeyObject(key.seed)));
}

/** False also for a key or signature of another length, and for a key that is none. Never throws. */
export function isSignedBy(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean {
  if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  try {
    const key = createPublicKey({
      key: Buffer.from(concat(PUBLIC_PREFIX, publicKey)),
      format: "der",
      type: "spki",
    });
    return verify(null, message, key, signature);
  } catch {
    return false;
  }
}

function privateKeyObject(seed: Uint8Array) {
  if (seed.length !== KEY_BYTES) throw new RangeError(`an Ed25519 seed has ${KEY_BYTES} bytes, not ${seed.length}`);
  const der = Buffer.from(concat(PRIVATE_PREFIX, seed));
  try {
    return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  } finally {
    der.fill(0);
  }
}
