/**
 * Clients of generations 2 and 3 give up on anything but CLIENTPUBKEY_RECEIVED as the next line, and throw away what comes in
 * one segment with it. Time stands still here until a test lets it go on: what is held is held, however slow the machine is.
 */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ClassicPeer } from "../helpers/classic-peer.ts";
import { answers } from "../helpers/classic-scene.ts";
import { startTestServer, type TestServer } from "../helpers/server.ts";

let server: TestServer;
let alice: ClassicPeer;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  server = await startTestServer({ config: { maxQueue: 65_536, messageRate: 0 } });
  alice = await server.join("alice");
});
afterEach(async () => {
  vi.useRealTimers();
  await server.stop();
});

test("SC-24 what others say to a session without a key waits until 100 ms after the acknowledgement, which stands alone in its segment", async () => {
  const { bob, serverKey } = await registered("bob");
  alice.broadcast("one");
  alice.direct("bob", "two");
  expect(await alice.ask("SEND nobody |")).toBe("BROADCAST SENT");
  expect(await alice.line()).toBe("ERROR Recipient not found");
  expect(await answers(bob, [])).toEqual({ hears: [], after: "open" });
  await bob.exchangeKeys(serverKey);
  expect(bob.segments.at(-1)).toBe("CLIENTPUBKEY_RECEIVED\n");
  vi.advanceTimersByTime(99);
  alice.direct("bob", "three");
  expect(await alice.ask("SEND nobody |")).toBe("ERROR Recipient not found");
  expect(await answers(bob, [])).toEqual({ hears: [], after: "open" });
  vi.advanceTimersByTime(1);
  expect([await bob.message(), await bob.message(), await bob.message()]).toEqual([
    { from: "alice", to: "ALL", text: "one" },
    { from: "alice", to: null, text: "two" },
    { from: "alice", to: null, text: "three" },
  ]);
  alice.direct("bob", "four");
  expect(await bob.message()).toMatchObject({ text: "four" });
});

test("SC-25 answers to a session's own commands are not held", async () => {
  const { bob, serverKey } = await registered("bob");
  expect(await answers(bob, ["LIST", "SEND nobody |", "SEND ALL 00"])).toEqual({
    hears: ["BEGIN_RESPONSE", "CLIENT alice", "CLIENT bob", "END_RESPONSE"].concat([
      "ERROR Recipient not found",
      "ERROR Shared secret not established",
    ]),
    after: "open",
  });
  await bob.exchangeKeys(serverKey);
  bob.broadcast("hello");
  expect(await bob.line()).toBe("BROADCAST SENT");
});

test("SC-25 nor are KICKED and the close behind it", async () => {
  const { bob } = await registered("bob");
  alice.direct("bob", "never read");
  expect(await alice.ask("KICK bob")).toBe("SUCCESS Kicked client bob");
  expect(await bob.closed()).toEqual(["KICKED You have been kicked by the operator"]);
});

test("SC-26 what is held is bounded: a session without a key that is sent more is dropped, and costs nobody else anything", async () => {
  const { bob } = await registered("bob");
  const gone = bob.closed();
  // Eight queues: who has no key yet can't take anything, so as much is held as for a reader that makes progress.
  for (let sent = 0; sent < 16; sent++) alice.direct("bob", "x".repeat(8_000));
  expect(await answers(alice, [])).toEqual({ hears: [], after: "open" });
  expect(bob.socket.closed).toBe(false);
  alice.direct("bob", "x".repeat(8_000));
  expect(await gone).toEqual([]);
  expect(await answers(alice, ["SEND bob |", "LIST"])).toMatchObject({
    hears: ["ERROR Recipient not found", "BEGIN_RESPONSE", "CLIENT alice", "END_RESPONSE"],
  });
});

test("SC-27 a message that was taken for a session that has just sent its key is not lost when the server stops", async () => {
  const { bob, serverKey } = await registered("bob");
  await bob.exchangeKeys(serverKey);
  alice.direct("bob", "last words");
  expect(await answers(alice, [])).toEqual({ hears: [], after: "open" });
  await server.stop();
  expect(await bob.message()).toEqual({ from: "alice", to: null, text: "last words" });
});

test("SC-28 who doesn't register within 10 s, or send a key within 10 s of it, is told so and closed", async () => {
  const silent = await server.connect();
  const talkative = await server.connect();
  expect(await talkative.ask("LIST")).toBe("ERROR Not registered");
  vi.advanceTimersByTime(9_999);
  expect(await talkative.ask("LIST")).toBe("ERROR Not registered");
  expect(silent.segments).toEqual([]);
  const { bob } = await registered("bob");
  const late = await server.connect();
  vi.advanceTimersByTime(1);
  expect(await silent.closed()).toEqual(["ERROR Timed out"]);
  expect(await talkative.closed()).toEqual(["ERROR Timed out"]);
  vi.advanceTimersByTime(9_998);
  // Who speaks at last has no more time than who speaks at once.
  expect(await late.ask("LIST")).toBe("ERROR Not registered");
  expect(await answers(bob, [])).toEqual({ hears: [], after: "open" });
  vi.advanceTimersByTime(1);
  expect(await bob.closed()).toEqual(["ERROR Timed out"]);
  expect(await late.closed()).toEqual(["ERROR Timed out"]);
  expect(await answers(alice, [])).toEqual({ hears: [], after: "open" });
});

/** A session that has not sent its key. */
async function registered(id: string): Promise<{ bob: ClassicPeer; serverKey: string }> {
  const bob = await server.connect();
  bob.say(`REGISTER ${id}`);
  const [, , serverKey = ""] = await bob.lines(4);
  return { bob, serverKey };
}
