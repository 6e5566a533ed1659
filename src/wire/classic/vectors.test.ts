import { createECDH } from "node:crypto";
import type * as NodeCrypto from "node:crypto";
import { beforeEach, expect, test, vi } from "vitest";
import { openBroadcast, sealBroadcast } from "./broadcast-cipher.ts";
import { sharedKey } from "./key-exchange.ts";
import type { KeyPair } from "./key-exchange.ts";
import { openPad } from "./pad.ts";
import { vectors } from "../../../test/helpers/vectors.ts";

/** Vectors that two independent implementations agree on. */
// The vectors name their random bytes; the rest of node:crypto is the real one.
const random = vi.hoisted(() => ({ hex: "" }));
vi.mock("node:crypto", async (original) => ({
  ...(await original<typeof NodeCrypto>()),
  randomBytes: () => Buffer.from(random.hex, "hex"),
  randomFillSync: (target: Uint8Array) => {
    target.set(Buffer.from(random.hex, "hex"));
    return target;
  },
}));

const key = Buffer.from(vectors.aes_256_key_hex, "hex");

// A fresh module has an empty pool of key bytes, which the next pad fills.
beforeEach(() => vi.resetModules());

test("CL-26 the vectors' key pairs agree on the vectors' key, from both sides", () => {
  const client = pairOf(vectors.client_private_key_hex);
  const server = pairOf(vectors.server_private_key_hex);
  expect(Buffer.from(client.publicKey).toString("hex")).toBe(vectors.client_public_key_hex);
  expect(Buffer.from(server.publicKey).toString("hex")).toBe(vectors.server_public_key_hex);
  expect(client.ecdh.computeSecret(server.publicKey, null, "hex")).toBe(vectors.ecdh_shared_x_hex);
  expect(sharedKey(client, server.publicKey)).toEqual(new Uint8Array(key));
  expect(sharedKey(server, client.publicKey)).toEqual(new Uint8Array(key));
});

test.each(vectors.broadcast)("CL-29 the broadcast vector $payload_hex opens and seals", (vector) => {
  expect(openBroadcast(key, vector.payload_hex)).toEqual({ ok: true, text: vector.plaintext_utf8 });
  random.hex = vector.iv_hex;
  expect(sealBroadcast(key, vector.plaintext_utf8)).toBe(vector.payload_hex);
});

test.each(vectors.direct)("CL-35 the direct vector $payload opens and seals", async (vector) => {
  expect(openPad(vector.payload)).toBe(vector.plaintext_utf8);
  random.hex = vector.key_hex;
  const { sealPad } = await import("./pad.ts");
  expect(sealPad(vector.plaintext_utf8)).toBe(vector.payload);
});

function pairOf(privateKeyHex: string): KeyPair {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(privateKeyHex, "hex");
  return { publicKey: ecdh.getPublicKey(), ecdh };
}
