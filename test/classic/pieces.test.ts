/** TCP cuts a stream wherever it likes; what is said must not depend on it. */
import { createECDH } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { agreedKey, sealed } from "../helpers/classic-crypto.ts";
import { writeInPieces } from "../helpers/classic-fuzz.ts";
import type { ClassicPeer } from "../helpers/classic-peer.ts";
import { startTestServer, type TestServer } from "../helpers/server.ts";

let server: TestServer;
let alice: ClassicPeer;
beforeEach(async () => {
  server = await startTestServer({ config: { messageRate: 0 } });
  alice = await server.join("alice");
});
afterEach(() => server.stop());

test("SC-35 a whole conversation that arrives one byte at a time is understood", async () => {
  const { said, hears } = conversation(alice.serverKey);
  const bob = await server.connect();
  for (const byte of said) {
    bob.write(Uint8Array.of(byte));
    // The server's turn: it runs in this process.
    await setImmediate();
  }
  expect(await bob.closed()).toEqual(hears);
  expect(await alice.lines(2)).toEqual([expect.stringMatching(/^BROADCAST from bob: /), "MESSAGE from bob: 00|ff"]);
});

test("SC-35 a whole conversation that arrives cut anywhere is understood", async () => {
  const { said, hears } = conversation(alice.serverKey);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: said.length }), { maxLength: 30 }), async (cuts) => {
      const bob = await server.connect();
      writeInPieces(bob, said, cuts);
      expect(await bob.closed()).toEqual(hears);
      expect(await alice.lines(2)).toContain("MESSAGE from bob: 00|ff");
    }),
    { numRuns: 100 },
  );
});

test("SC-36 who says all there is to say and closes that side at once still hears every answer", async () => {
  const { said, hears } = conversation(alice.serverKey);
  const bob = await server.connect();
  bob.socket.end(said.subarray(0, said.lastIndexOf("EXIT")));
  expect(await bob.closed()).toEqual(hears);
});

/** What bob says from the first byte to the last, and what he hears. */
function conversation(serverKey: string): { said: Buffer; hears: readonly string[] } {
  const pair = createECDH("prime256v1");
  const publicKey = pair.generateKeys("hex");
  const said = [
    "REGISTER bob",
    "CLIENTPUBKEY",
    `${publicKey.slice(0, 60)}\r\n${publicKey.slice(60)}`,
    "END CLIENTPUBKEY",
    `SEND ALL ${sealed(agreedKey(pair, serverKey), "Grüße, 世界 🔐")}`,
    "SEND alice 00|ff",
    "Grüße, 世界 🔐",
    "x".repeat(5_000),
    "LIST",
    "EXIT",
  ];
  const hears = [
    ["REGISTERED", "PUBLICKEY", serverKey, "END PUBLICKEY", "CLIENTPUBKEY_RECEIVED", "BROADCAST SENT"],
    ["ERROR Unknown command: Grüße, 世界 🔐", `ERROR Unknown command: ${"x".repeat(5_000)}`],
    ["BEGIN_RESPONSE", "CLIENT alice", "CLIENT bob", "END_RESPONSE"],
  ];
  return { said: Buffer.from(said.map((line) => `${line}\n`).join("")), hears: hears.flat() };
}
