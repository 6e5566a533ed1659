/** PROTOCOL.md, "Set-up of a connection", for clients of all three generations. */
import { createECDH } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { agreedKey, sealed } from "../helpers/classic-crypto.ts";
import { answers } from "../helpers/classic-scene.ts";
import { startTestServer, type TestServer } from "../helpers/server.ts";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.stop());

const HEX = /^04[0-9a-f]{128}$/;

describe("registration", () => {
  test("SC-17 the first is told that it is operator, the others that they are registered; each gets the server's key", async () => {
    const alice = await server.connect();
    alice.say("REGISTER alice");
    expect(await alice.lines(4)).toEqual([
      "REGISTERED as operator",
      "PUBLICKEY",
      expect.stringMatching(HEX),
      "END PUBLICKEY",
    ]);
    const bob = await server.connect();
    bob.say("REGISTER bob");
    expect(await bob.lines(4)).toEqual(["REGISTERED", "PUBLICKEY", expect.stringMatching(HEX), "END PUBLICKEY"]);
  });

  test("SC-18 a refused REGISTER leaves the connection as it was: another name, and set-up goes on", async () => {
    await server.join("alice");
    const bob = await server.connect();
    for (const id of ["alice", "ALL", "bob bob"]) expect(await bob.ask(`REGISTER ${id}`)).toMatch(/^ERROR /);
    expect(await bob.setUp("bob")).toBe("REGISTERED");
  });

  test("SC-19 the server speaks only when spoken to", async () => {
    const alice = await server.join("alice");
    const quiet = await server.connect();
    expect(await alice.ask("SEND nobody |")).toBe("ERROR Recipient not found");
    expect(quiet.segments).toEqual([]);
  });
});

describe("exchange of keys", () => {
  test("SC-20 a key may be spread over several lines, with blanks around them, in either case", async () => {
    await server.join("alice");
    const bob = await server.connect();
    bob.say("REGISTER bob");
    const [, , serverKey = ""] = await bob.lines(4);
    const pair = createECDH("prime256v1");
    const hex = pair.generateKeys("hex");
    bob.say("CLIENTPUBKEY", hex.slice(0, 1), ` ${hex.slice(1, 64).toUpperCase()}\r`, "", hex.slice(64));
    expect(await bob.ask("END CLIENTPUBKEY")).toBe("CLIENTPUBKEY_RECEIVED");
    expect(await bob.ask(`SEND ALL ${sealed(agreedKey(pair, serverKey), "hello")}`)).toBe("BROADCAST SENT");
  });

  test("SC-21 all of a set-up and the first messages may come in one segment", async () => {
    const alice = await server.join("alice");
    const { pair, block } = keyBlock();
    const bob = await server.connect();
    const probe = await server.connect();
    probe.say("REGISTER probe");
    const [, , serverKey = ""] = await probe.lines(4);
    const key = agreedKey(pair, serverKey);
    bob.say("REGISTER bob", ...block, `SEND ALL ${sealed(key, "hello")}`, "SEND alice |", "SEND nobody |");
    const heard = ["REGISTERED", "PUBLICKEY", serverKey, "END PUBLICKEY", "CLIENTPUBKEY_RECEIVED", "BROADCAST SENT"];
    expect(await bob.lines(7)).toEqual([...heard, "ERROR Recipient not found"]);
    expect(await alice.message()).toEqual({ from: "bob", to: "ALL", text: "hello" });
    expect(await alice.line()).toBe("MESSAGE from bob: |");
  });

  test("SC-22 a second exchange of keys replaces the key", async () => {
    const alice = await server.join("alice");
    const bob = await server.connect();
    bob.say("REGISTER bob");
    const [, , serverKey = ""] = await bob.lines(4);
    await bob.exchangeKeys(serverKey);
    const before = bob.key ?? Buffer.alloc(0);
    await bob.exchangeKeys(serverKey);
    expect(await bob.ask(`SEND ALL ${sealed(before, "under the old key", Buffer.alloc(16))}`)).toMatch(/^ERROR /);
    bob.broadcast("under the new key");
    expect(await bob.line()).toBe("BROADCAST SENT");
    expect(await alice.message()).toMatchObject({ text: "under the new key" });
  });

  test("SC-23 a key before REGISTER is refused and not kept; the connection can still register and send one", async () => {
    await server.join("alice");
    const bob = await server.connect();
    expect(await answers(bob, keyBlock().block)).toEqual({ hears: ["ERROR Not registered"], after: "open" });
    bob.say("REGISTER bob");
    const [, , serverKey = ""] = await bob.lines(4);
    expect(await bob.ask("SEND ALL {hello}")).toBe("ERROR Shared secret not established");
    await bob.exchangeKeys(serverKey);
    bob.broadcast("hello");
    expect(await bob.line()).toBe("BROADCAST SENT");
  });

  test("SC-23 a key that was refused takes nothing from one that is sent behind REGISTER in the same segment", async () => {
    await server.join("alice");
    const bob = await server.connect();
    const [refused, taken] = [keyBlock(), keyBlock()];
    bob.say(...refused.block, ...refused.block, "REGISTER bob", ...taken.block);
    const [, , , , serverKey = ""] = await bob.until("CLIENTPUBKEY_RECEIVED");
    expect(await bob.ask(`SEND ALL ${sealed(agreedKey(taken.pair, serverKey), "hello")}`)).toBe("BROADCAST SENT");
  });

  test("SC-23 of two keys before REGISTER neither is kept", async () => {
    await server.join("alice");
    const bob = await server.connect();
    const [first, second] = [keyBlock(), keyBlock()];
    bob.say(...first.block, ...second.block);
    expect(await bob.lines(2)).toEqual(["ERROR Not registered", "ERROR Not registered"]);
    bob.say("REGISTER bob");
    const [, , serverKey = ""] = await bob.lines(4);
    const payload = sealed(agreedKey(first.pair, serverKey), "hello");
    expect(await bob.ask(`SEND ALL ${payload}`)).toBe("ERROR Shared secret not established");
  });
});

function keyBlock() {
  const pair = createECDH("prime256v1");
  return { pair, block: ["CLIENTPUBKEY", pair.generateKeys("hex"), "END CLIENTPUBKEY"] };
}
