import { expect, onTestFinished, test, vi } from "vitest";
import { connect } from "../../src/client/classic/index.ts";
import { FakeOldServer } from "../fakes/fake-old-server.ts";
import { startScriptedServer } from "../fakes/scripted-server.ts";
import { startTestServer } from "../helpers/server.ts";
import { online, record } from "./recorder.ts";

test("CC-18 a lost connection is made again, and registers again, as often as it is lost", async () => {
  await using server = await FakeOldServer.start({ generation: 2 });
  await using alice = await online({ server: server.address, id: "alice" });
  for (let lost = 1; lost <= 3; lost++) {
    server.drop("alice");
    await alice.reaches("online", lost + 1);
  }
  expect(await alice.client.broadcast("back")).toEqual({ kind: "taken" });
  expect(server.heard.filter((line) => line === "REGISTER alice")).toHaveLength(4);
});

test("CC-18 between two connections nothing is sent, and nothing is kept for later", async () => {
  await using server = await FakeOldServer.start({ generation: 3 });
  await using alice = await online({
    server: server.address,
    id: "alice",
    random: () => 0.5,
    timings: { firstDelay: 1_000_000, longestDelay: 10_000_000 },
  });
  server.drop("alice");
  await alice.reaches("waiting");
  const loss = { kind: "broken", code: "ECONNRESET" };
  expect(alice.client.state).toEqual({ kind: "waiting", attempt: 0, delay: 500_000, loss });
  const outcomes = await Promise.all([alice.client.broadcast("a"), alice.client.send("bob", "b"), alice.client.list()]);
  expect(outcomes).toEqual(outcomes.map(() => ({ kind: "not-sent", why: "offline" })));
  await alice.client.close();
  expect(await alice.client.ended()).toEqual({ kind: "left" });
  expect(server.connections).toBe(1);
});

test("CC-19 back-off grows while attempts fail", async () => {
  const server = { host: "127.0.0.1", port: await freePort() };
  const timings = { firstDelay: 2, longestDelay: 4 };
  await using alice = record({ server, id: "alice", reconnect: "always", random: () => 0.5, timings });
  await alice.reaches("waiting", 3);
  const states = alice.events.flatMap((event) => (event.kind === "state" ? [event.state] : []));
  const loss = { kind: "unreachable", code: "ECONNREFUSED" };
  expect(states.slice(0, 5)).toEqual([
    { kind: "waiting", attempt: 0, delay: 1, loss },
    { kind: "connecting", attempt: 1 },
    { kind: "waiting", attempt: 1, delay: 2, loss },
    { kind: "connecting", attempt: 2 },
    { kind: "waiting", attempt: 2, delay: 2, loss },
  ]);
});

test("CC-19 a connection that was lost before it held doesn't start the back-off again; one that held does", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  await using server = await FakeOldServer.start({ generation: 3 });
  await using alice = await online({
    server: server.address,
    id: "alice",
    random: () => 0.5,
    timings: { firstDelay: 1600, longestDelay: 1600, stable: 1000 },
  });
  for (const attempt of [0, 1, 2]) {
    server.drop("alice");
    await alice.reaches("waiting", attempt + 1);
    expect(alice.client.state).toHaveProperty("attempt", attempt);
    vi.advanceTimersByTime(800);
    await alice.reaches("online", attempt + 2);
  }
  vi.advanceTimersByTime(1000);
  server.drop("alice");
  await alice.reaches("waiting", 4);
  expect(alice.client.state).toHaveProperty("attempt", 0);
});

test("CC-20 a first connection that can't be made ends the client, unless it is to try always", async () => {
  const address = { host: "127.0.0.1", port: await freePort() };
  await using once = record({ server: address, id: "alice" });
  expect(await once.client.ended()).toEqual({ kind: "unreachable", code: "ECONNREFUSED" });
  await using always = record({ server: address, id: "alice", reconnect: "always" });
  await always.reaches("waiting", 2);
  await using server = await FakeOldServer.start({ generation: 1, port: address.port });
  expect(await always.client.online()).toEqual({ kind: "online", operator: false });
  expect(server.heard).toContain("REGISTER alice");
});

test("CC-21 a taken name ends a client that never was online", async () => {
  await using server = await FakeOldServer.start({ generation: 3 });
  await using alice = await online({ server: server.address, id: "alice" });
  await using other = record({ server: server.address, id: "alice", reconnect: "always" });
  expect(await other.client.ended()).toEqual({ kind: "refused", error: { reason: "name-taken" } });
  expect(alice.client.state.kind).toBe("online");
});

test("CC-21 behind a lost connection a taken name is our own ghost, and asked for until it is gone", async () => {
  await using server = await FakeOldServer.start({ generation: 3 });
  await using alice = await online({ server: server.address, id: "alice" });
  server.ghost("alice");
  await alice.reaches("waiting", 3);
  server.forget("alice");
  await alice.reaches("online", 2);
  const losses = alice.events.flatMap((event) =>
    event.kind === "state" && event.state.kind === "waiting" ? [event.state.loss] : [],
  );
  const taken = { kind: "refused", error: { reason: "name-taken" } };
  expect(losses.slice(0, 3)).toEqual([{ kind: "broken", code: "ECONNRESET" }, taken, taken]);
});

test("CC-22 aborting the signal leaves, whether the client is online, waiting or not yet started", async () => {
  await using server = await FakeOldServer.start({ generation: 3 });
  const first = new AbortController();
  await using alice = await online({ server: server.address, id: "alice", signal: first.signal });
  first.abort();
  expect(await alice.client.ended()).toEqual({ kind: "left" });
  await server.hears("EXIT");
  const bob = connect({ server: server.address, id: "bob", signal: AbortSignal.abort() });
  expect(bob.state).toEqual({ kind: "ended", cause: { kind: "left" } });
  const carol = connect({ server: server.address, id: "carol" });
  await carol.close();
  expect(await carol.ended()).toEqual({ kind: "left" });
});

test.each(["", "a b", "alice\nKICK bob", "alice\n", " alice"])(
  "CC-23 %j is no id, and nothing is connected for it",
  async (id) => {
    await using server = await FakeOldServer.start({ generation: 3 });
    const client = connect({ server: server.address, id });
    expect(await client.online()).toEqual({
      kind: "ended",
      cause: { kind: "refused", error: { reason: "invalid-name" } },
    });
    expect(server.connections).toBe(0);
  },
);

test.each(["ALL", "", "a b", "bob\nKICK carol"])("CC-23 nothing is sent to %j", async (to) => {
  await using server = await FakeOldServer.start({ generation: 3 });
  await using alice = await online({ server: server.address, id: "alice" });
  const { client } = alice;
  const outcomes = await Promise.all([client.send(to, "hello"), client.kick(to), client.ban(to), client.unban(to)]);
  expect(outcomes).toEqual(outcomes.map(() => ({ kind: "not-sent", why: "invalid-recipient" })));
  await client.list();
  expect(server.heard.slice(-2)).toEqual(["END CLIENTPUBKEY", "LIST"]);
});

async function freePort(): Promise<number> {
  const server = await FakeOldServer.start({ generation: 3 });
  const { port } = server.address;
  await server.stop();
  return port;
}

test("CC-28 a server that for a moment knows no such member is asked again, by a bot that was online", async () => {
  await using real = await startTestServer();
  const peer = await real.connect();
  const welcome = `${[await peer.ask("REGISTER x"), ...(await peer.lines(3))].join("\n")}\n`;
  const said = [welcome, "ERROR Not a member of this tailnet\n", "ERROR Identity unavailable\n", welcome];
  await using server = await startScriptedServer((connection) => said[connection] ?? welcome);
  await using bot = record({ server: server.address, id: "bot" });
  await bot.reaches("online", 2);
  const losses = bot.events.flatMap((event) =>
    event.kind === "state" && event.state.kind === "waiting" ? [event.state.loss] : [],
  );
  expect(losses.slice(0, 3)).toEqual([
    { kind: "closed" },
    { kind: "refused", error: { reason: "not-a-member" } },
    { kind: "refused", error: { reason: "identity-unavailable" } },
  ]);
});

test("CC-28 who never was a member is told so at once", async () => {
  await using server = await startScriptedServer(() => "ERROR Not a member of this tailnet\n");
  await using bot = record({ server: server.address, id: "bot" });
  expect(await bot.client.ended()).toEqual({ kind: "refused", error: { reason: "not-a-member" } });
  expect(server.connections()).toBe(1);
});
