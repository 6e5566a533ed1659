import { createECDH, ECDH } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createKeyPair, publicKeyHex, sharedKey } from "./key-exchange.ts";

const pair = createKeyPair();
const peer = createKeyPair();

test("CL-26 both sides compute the same 32 bytes, others don't", () => {
  const key = sharedKey(pair, peer.publicKey);
  expect(key).toHaveLength(32);
  expect(sharedKey(peer, pair.publicKey)).toEqual(key);
  expect(sharedKey(createKeyPair(), pair.publicKey)).not.toEqual(key);
});

test("CL-26 the public key's line is 130 lower-case digits of an uncompressed point", () => {
  expect(publicKeyHex(pair)).toMatch(/^04[0-9a-f]{128}$/);
  expect(Buffer.from(publicKeyHex(pair), "hex")).toEqual(Buffer.from(pair.publicKey));
});

test("CL-27 only an uncompressed point of 65 bytes on the curve is a key", () => {
  const compressed = ECDH.convertKey(peer.publicKey, "prime256v1", undefined, undefined, "compressed");
  const hybrid = ECDH.convertKey(peer.publicKey, "prime256v1", undefined, undefined, "hybrid");
  const offCurve = Uint8Array.from(peer.publicKey);
  offCurve[64] = offCurve[64]! ^ 1;
  const otherCurve = createECDH("secp256k1").generateKeys();
  const keys: readonly (string | Buffer | Uint8Array)[] = [compressed, hybrid, offCurve, otherCurve];
  for (const key of [
    ...keys,
    new Uint8Array(0),
    Uint8Array.of(0),
    new Uint8Array(65),
    Uint8Array.of(4, ...new Uint8Array(64)),
  ]) {
    expect(sharedKey(pair, Buffer.from(key))).toBeNull();
  }
});

test("CL-27 no bytes make the key agreement throw", () => {
  const point = fc.uint8Array({ minLength: 64, maxLength: 64 }).map((bytes) => Uint8Array.of(4, ...bytes));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 70 }), point), (bytes) => {
      expect(sharedKey(pair, bytes)).toBeNull();
    }),
  );
});

test("CL-28 a connection's key holds no more memory than its 32 bytes", () => {
  expect(sharedKey(pair, peer.publicKey)?.buffer.byteLength).toBe(32);
});
