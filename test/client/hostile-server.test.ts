/** A server that means harm: whatever it says and however slowly, what a client holds and waits for has a bound. */
import { expect, test } from "vitest";
import { FakeOldServer } from "../fakes/fake-old-server.ts";
import { online } from "./recorder.ts";

test("CC-33 a list of more than 4 MiB ends the connection, and nothing of it is told", async () => {
  await using server = await FakeOldServer.start({ generation: 3, mute: (line) => line === "LIST" });
  await using alice = await online({ server: server.address, id: "alice", reconnect: "never" });
  const list = alice.client.list();
  await server.hears("LIST");
  server.say("alice", `BEGIN_RESPONSE\n${`CLIENT ${"x".repeat(1024)}\n`.repeat(4096)}`);
  expect(await list).toEqual({ kind: "unknown", why: { kind: "oversized" } });
  expect(await alice.client.ended()).toEqual({ kind: "oversized" });
});

test("CC-33 lines of 200 KB are no names, no answer, and are cut where they are told", async () => {
  await using server = await FakeOldServer.start({ generation: 3, mute: (line) => line === "LIST" });
  await using alice = await online({ server: server.address, id: "alice", reconnect: "never" });
  const list = alice.client.list();
  await server.hears("LIST");
  const long = "x".repeat(200_000);
  const lines = [`CLIENT ${long}`, `MESSAGE from ${long}: 00|41`, `BANNED ${long}`, "CLIENT alice", "END_RESPONSE"];
  server.say("alice", `BEGIN_RESPONSE\n${lines.join("\n")}\n`);
  expect(await list).toEqual({ kind: "answered", value: ["alice"] });
  const told = alice.events.filter(({ kind }) => kind !== "state");
  expect(told).toHaveLength(3);
  expect(told.every((event) => event.kind === "notice" && event.text.length === 4096)).toBe(true);
});

test("CC-33 an answer that trickles for ever ends the connection, too", async () => {
  await using server = await FakeOldServer.start({ generation: 3, mute: (line) => line === "LIST" });
  const timings = { answer: 60_000, wholeAnswer: 20 };
  await using alice = await online({ server: server.address, id: "alice", reconnect: "never", timings });
  const sent = alice.client.send("alice", "hello");
  await server.hears("LIST");
  server.say("alice", "BEGIN_RESPONSE\nCLIENT alice\n");
  expect(await sent).toEqual({ kind: "unknown", why: { kind: "silent" } });
});
