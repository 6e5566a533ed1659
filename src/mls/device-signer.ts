import { createPrivateKey, createPublicKey, sign, type KeyObject } from "node:crypto";
import { EngineError } from "./engine-error.ts";

export interface DeviceSigner {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly key: KeyObject;
  /** 64 bytes. */
  readonly sign: (data: Uint8Array) => Uint8Array;
}

/** Ed25519 by node:crypto, from a seed of 32 bytes or a key made of one. */
export function deviceSigner(from: Uint8Array | KeyObject): DeviceSigner {
  const key = from instanceof Uint8Array ? keyOf(from) : from;
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return { publicKey: new Uint8Array(spki.subarray(-32)), key, sign: (data) => sign(null, data, key) };
}

function keyOf(seed: Uint8Array): KeyObject {
  if (seed.length !== 32) throw new EngineError("malformed", "a device key's seed has 32 bytes");
  return createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: "der", type: "pkcs8" });
}

/** What stands before an Ed25519 seed in PKCS #8 (RFC 8410). */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
