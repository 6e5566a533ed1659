import { createECDH, createHash } from "node:crypto";
import type { ECDH } from "node:crypto";
import { toHex } from "./encodings.ts";

/** A P-256 key pair. `publicKey` is the uncompressed point, 65 bytes; the private key stays inside `ecdh`. */
export interface KeyPair {
  readonly publicKey: Uint8Array;
  readonly ecdh: ECDH;
}

export function createKeyPair(): KeyPair {
  const ecdh = createECDH(CURVE);
  return { publicKey: ecdh.generateKeys(), ecdh };
}

/** The public key's line on the wire: 130 lower-case hex digits. */
export function publicKeyHex(pair: KeyPair): string {
  return toHex(pair.publicKey);
}

/**
 * The connection's AES-256 key: SHA-256 of the ECDH x coordinate (PROTOCOL.md, set-up of a connection). Null when
 * `peerKey` is not an uncompressed point on the curve. Never throws.
 */
export function sharedKey(pair: KeyPair, peerKey: Uint8Array): Uint8Array | null {
  // OpenSSL would also take the compressed and the hybrid form, which the original refuses.
  if (peerKey.length !== POINT_BYTES || peerKey[0] !== UNCOMPRESSED) return null;
  const x = agree(pair.ecdh, peerKey);
  if (x === null) return null;
  const digest = createHash("sha256").update(x).digest();
  // A copy with an ArrayBuffer of its own: a view would keep a slab of Node's pool alive for each idle connection.
  const key = new Uint8Array(digest);
  x.fill(0);
  digest.fill(0);
  return key;
}

const CURVE = "prime256v1";
const POINT_BYTES = 65;
const UNCOMPRESSED = 4;

function agree(ecdh: ECDH, peerKey: Uint8Array): Buffer | null {
  try {
    return ecdh.computeSecret(peerKey);
  } catch {
    return null;
  }
}
