import { expect, test } from "vitest";
import { FakeOldServer } from "../fakes/fake-old-server.ts";
import { online, record } from "./recorder.ts";

test("CC-7 whom an operator kicks or bans hears it, ends for good, and stays away", async () => {
  await using server = await FakeOldServer.start({ generation: 3 });
  await using alice = await online({ server: server.address, id: "alice", reconnect: "always" });
  await using bob = await online({ server: server.address, id: "bob", reconnect: "always" });
  await using carol = await online({ server: server.address, id: "carol", reconnect: "always" });
  expect(await alice.client.kick("bob")).toEqual({ kind: "taken" });
  expect(await alice.client.ban("carol")).toEqual({ kind: "taken" });
  expect(await bob.client.ended()).toEqual({ kind: "kicked" });
  expect(await carol.client.ended()).toEqual({ kind: "banned" });
  expect([bob.events, carol.events].map((events) => events.at(-2)?.kind)).toEqual(["kicked", "banned"]);
  await using again = record({ server: server.address, id: "carol", reconnect: "always" });
  expect(await again.client.ended()).toEqual({ kind: "refused", error: { reason: "you-are-banned" } });
  expect(server.connections).toBe(4);
});

test("CC-7 what stands behind KICKED is nobody's", async () => {
  await using server = await FakeOldServer.start({ generation: 3 });
  await using alice = await online({ server: server.address, id: "alice" });
  server.say("alice", "KICKED You have been kicked by the operator\nMESSAGE from bob: |\nhello\n");
  expect(await alice.client.ended()).toEqual({ kind: "kicked" });
  expect(alice.events.slice(1)).toEqual([
    { kind: "kicked" },
    { kind: "state", state: { kind: "ended", cause: { kind: "kicked" } } },
  ]);
});

test("CC-8 a server that never closes is left behind after the time for goodbye", async () => {
  await using server = await FakeOldServer.start({ generation: 3, staysOpen: true });
  await using alice = await online({ server: server.address, id: "alice", timings: { goodbye: 10 } });
  await alice.client.close();
  expect(await alice.client.ended()).toEqual({ kind: "left" });
  await server.hears("EXIT");
});

test("CC-8 while leaving nothing more is sent, and whatever ends the connection, it isn't made again", async () => {
  await using server = await FakeOldServer.start({ generation: 3, staysOpen: true });
  await using alice = await online({ server: server.address, id: "alice", reconnect: "always" });
  const closed = alice.client.close();
  expect(await alice.client.broadcast("late")).toEqual({ kind: "not-sent", why: "ended" });
  await server.hears("EXIT");
  server.say("alice", "x".repeat(300 * 1024));
  await closed;
  await using bob = await online({ server: server.address, id: "bob", reconnect: "always" });
  const left = bob.client.close();
  await server.hears("EXIT", 2);
  server.drop("bob");
  await left;
  expect([alice, bob].map(({ client }) => client.state)).toEqual([
    { kind: "ended", cause: { kind: "oversized" } },
    { kind: "ended", cause: { kind: "left" } },
  ]);
});
