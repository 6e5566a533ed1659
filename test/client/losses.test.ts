import { describe, expect, onTestFinished, test, vi } from "vitest";
import { FakeOldServer } from "../fakes/fake-old-server.ts";
import { online, record } from "./recorder.ts";

/** What a server of generation 3 says to its first client up to the end of the handshake, and with the acknowledgement. */
const SET_UP = `REGISTERED as operator\nPUBLICKEY\n${"0".repeat(130)}\nEND PUBLICKEY\n`.length;
const ACKNOWLEDGED = SET_UP + "CLIENTPUBKEY_RECEIVED\n".length;

describe("a connection that ends", () => {
  test.each([1, 22, 23, 30, 33, 34, 100, 163, 164, SET_UP - 1])(
    "CC-9 after %i bytes of the set-up: the client ends with it",
    async (bytes) => {
      await using server = await FakeOldServer.start({ generation: 3, cutAfter: () => bytes });
      await using alice = record({ server: server.address, id: "alice" });
      const sent = alice.client.broadcast("too early");
      expect(await alice.client.ended()).toEqual({ kind: "closed" });
      expect(await sent).toEqual({ kind: "not-sent", why: "offline" });
      expect(server.heard).toEqual(["REGISTER alice"]);
    },
  );

  const proof = "BEGIN_RESPONSE\nCLIENT bob\nCLIENT alice\nEND_RESPONSE\n";
  test.each(Array.from({ length: proof.length }, (_, bytes) => bytes))(
    "CC-10 %i bytes into the proof of a direct message: its outcome is unknown, and it isn't sent again",
    async (bytes) => {
      const before = ACKNOWLEDGED - " as operator".length;
      const cutAfter = (connection: number) => (connection === 1 ? before + bytes : Infinity);
      await using server = await FakeOldServer.start({ generation: 3, cutAfter });
      await using bob = await online({ server: server.address, id: "bob" });
      await using alice = await online({ server: server.address, id: "alice" });
      expect(await alice.client.send("bob", "hello")).toEqual(unknown("closed"));
      await alice.reaches("online", 2);
      expect(await alice.client.send("bob", "still there?")).toEqual({ kind: "taken" });
      await bob.hears((event) => event.kind === "message" && event.text === "still there?");
      expect(bob.events.filter((event) => event.kind === "message").map(({ text }) => text)).toEqual([
        "hello",
        "still there?",
      ]);
    },
  );

  test.each(["", "BROADCAST SENT", "BROADCAST SENT\n"])("CC-10 with %j of a broadcast's answer", async (answer) => {
    const cutAfter = () => ACKNOWLEDGED + answer.length;
    await using server = await FakeOldServer.start({ generation: 3, cutAfter });
    await using alice = await online({ server: server.address, id: "alice", reconnect: "never" });
    const outcome = answer.endsWith("\n") ? { kind: "taken" } : unknown("closed");
    expect(await alice.client.broadcast("hello")).toEqual(outcome);
    expect(await alice.client.ended()).toEqual({ kind: "closed" });
  });

  test("CC-10 a refusal that only the message can have counts, even when the proof behind it is lost", async () => {
    const bytes = ACKNOWLEDGED + "ERROR Recipient not found\nBEGIN".length;
    await using server = await FakeOldServer.start({ generation: 3, cutAfter: () => bytes });
    await using alice = await online({ server: server.address, id: "alice", reconnect: "never" });
    const outcome = { kind: "refused", error: { reason: "recipient-not-found" } };
    expect(await alice.client.send("nobody", "hello")).toEqual(outcome);
  });

  test("CC-10 everything under way is unknown when it breaks, and later commands are not sent", async () => {
    await using server = await FakeOldServer.start({ generation: 3, mute: (line) => line.startsWith("SEND ALL") });
    await using alice = await online({ server: server.address, id: "alice", reconnect: "never" });
    const outcomes = Promise.all([alice.client.broadcast("a"), alice.client.send("alice", "b"), alice.client.list()]);
    await server.hears("LIST", 2);
    server.drop("alice");
    const broken = { kind: "unknown", why: { kind: "broken", code: "ECONNRESET" } };
    expect(await outcomes).toEqual([broken, broken, broken]);
    expect(await alice.client.ended()).toEqual(broken.why);
    expect(await alice.client.send("alice", "c")).toEqual({ kind: "not-sent", why: "ended" });
  });
});

describe("a server that says nothing", () => {
  test("CC-11 to REGISTER: set-up runs out", async () => {
    await using server = await FakeOldServer.start({ generation: 3, mute: () => true });
    await using alice = record({ server: server.address, id: "alice", timings: { setUp: 20 } });
    expect(await alice.client.ended()).toEqual({ kind: "silent" });
  });

  test("CC-11 to a command: the connection is taken for dead, though others go on talking", async () => {
    await using server = await FakeOldServer.start({ generation: 3, mute: (line) => line === "LIST" });
    await using alice = await online({
      server: server.address,
      id: "alice",
      reconnect: "never",
      timings: { answer: 20 },
    });
    const chatter = setInterval(() => server.say("alice", "MESSAGE from bob: |\n"), 1);
    const outcome = await alice.client.send("alice", "hello").finally(() => clearInterval(chatter));
    expect(outcome).toEqual(unknown("silent"));
    expect(await alice.client.ended()).toEqual({ kind: "silent" });
  });

  test("CC-12 of its own: after the quiet time it is asked, and a connection that still answers goes on", async () => {
    await using server = await FakeOldServer.start({ generation: 2 });
    await using alice = await online({ server: server.address, id: "alice", timings: { quiet: 1 } });
    await server.hears("LIST", 3);
    expect(alice.client.state.kind).toBe("online");
    expect(server.connections).toBe(1);
  });

  test("CC-12 of its own: who talks isn't asked", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    await using server = await FakeOldServer.start({ generation: 3 });
    await using alice = await online({ server: server.address, id: "alice", timings: { quiet: 1000 } });
    for (const text of ["one", "two", "three"]) {
      vi.advanceTimersByTime(999);
      server.say("alice", `${text}\n`);
      await alice.hears((event) => event.kind === "notice" && event.text === text);
    }
    expect(server.heard).not.toContain("LIST");
    vi.advanceTimersByTime(1000);
    await server.hears("LIST");
  });

  test("CC-12 of its own: who has vanished is noticed", async () => {
    await using server = await FakeOldServer.start({ generation: 3, mute: (line) => line === "LIST" });
    await using alice = record({
      server: server.address,
      id: "alice",
      reconnect: "never",
      timings: { quiet: 1, answer: 20 },
    });
    expect(await alice.client.ended()).toEqual({ kind: "silent" });
  });
});

test("CC-13 an old server that has lost us proves nothing: the message is unknown, and the client registers again", async () => {
  await using server = await FakeOldServer.start({ generation: 1 });
  await using alice = await online({ server: server.address, id: "alice" });
  server.forget("alice");
  expect(await alice.client.send("nobody", "hello")).toEqual(unknown("forgotten"));
  await alice.reaches("online", 2);
  expect(await alice.client.list()).toEqual({ kind: "answered", value: ["alice"] });
});

test("CC-2 a line of 300 KiB ends the connection", async () => {
  await using server = await FakeOldServer.start({ generation: 3 });
  await using alice = await online({ server: server.address, id: "alice", reconnect: "never" });
  server.say("alice", "x".repeat(300 * 1024));
  expect(await alice.client.ended()).toEqual({ kind: "oversized" });
});

function unknown(kind: string) {
  return { kind: "unknown", why: { kind } };
}
