import { createECDH } from "node:crypto";
import { expect, test, vi } from "vitest";
import type * as KeyExchange from "../../src/wire/classic/key-exchange.ts";
import { agreedKey, padded, sealed, unpadded } from "../helpers/classic-crypto.ts";
import { startTestServer } from "../helpers/server.ts";
import { vectors } from "../helpers/vectors.ts";

// The vectors name the server's private key; all else about the server is as ever.
vi.mock("../../src/wire/classic/key-exchange.ts", async (original) => ({
  ...(await original<typeof KeyExchange>()),
  createKeyPair: () => pairOf(vectors.server_private_key_hex),
}));

test("SC-1 the client of these tests, which is not ours, agrees with the vectors", () => {
  const { ecdh } = pairOf(vectors.client_private_key_hex);
  const key = agreedKey(ecdh, vectors.server_public_key_hex);
  expect(key.toString("hex")).toBe(vectors.aes_256_key_hex);
  for (const { plaintext_utf8: text, iv_hex, payload_hex } of vectors.broadcast) {
    expect(sealed(key, text, Buffer.from(iv_hex, "hex"))).toBe(payload_hex);
  }
  for (const { plaintext_utf8: text, key_hex, payload } of vectors.direct) {
    expect(padded(text, Buffer.from(key_hex, "hex"))).toBe(payload);
    expect(unpadded(payload)).toBe(text);
  }
});

test("SC-1 a server with the vectors' key opens every broadcast of the vectors' client", async () => {
  await using server = await startTestServer();
  const reader = await server.join("reader");
  const peer = await server.connect();
  peer.say("REGISTER writer");
  expect(await peer.lines(4)).toEqual(["REGISTERED", "PUBLICKEY", vectors.server_public_key_hex, "END PUBLICKEY"]);
  peer.say("CLIENTPUBKEY", vectors.client_public_key_hex, "END CLIENTPUBKEY");
  expect(await peer.line()).toBe("CLIENTPUBKEY_RECEIVED");
  for (const { plaintext_utf8: text, payload_hex } of vectors.broadcast) {
    expect(await peer.ask(`SEND ALL ${payload_hex}`)).toBe("BROADCAST SENT");
    expect(await reader.message()).toEqual({ from: "writer", to: "ALL", text });
  }
});

test("SC-2 a direct message's field reaches the recipient unchanged, and nobody else", async () => {
  await using server = await startTestServer();
  const alice = await server.join("alice");
  const bob = await server.join("bob");
  const carol = await server.join("carol");
  for (const { payload } of vectors.direct) {
    alice.say(`SEND bob ${payload}`);
    expect(await bob.line()).toBe(`MESSAGE from alice: ${payload}`);
  }
  expect(await alice.ask("nothing more")).toBe("ERROR Unknown command: nothing more");
  expect(await carol.ask("nothing more")).toBe("ERROR Unknown command: nothing more");
});

function pairOf(privateKeyHex: string): KeyExchange.KeyPair {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(privateKeyHex, "hex");
  return { publicKey: ecdh.getPublicKey(), ecdh };
}
