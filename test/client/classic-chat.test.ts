/** The classic protocol as a chat client, over the real server. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { classicChat, connect, type PadClient } from "../../src/client/classic/index.ts";
import {
  classicDirect,
  idOf,
  OPEN_ROOM,
  type ChatClient,
  type ChatEvent,
  type ConversationId,
} from "../../src/client/index.ts";
import { FakeOldServer } from "../fakes/fake-old-server.ts";
import { startTestServer, type TestServer } from "../helpers/server.ts";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.stop());

test("CC-29 one conversation has one id, whatever the case of the name; kinds and people have different ones", async () => {
  await using alice = await join("alice");
  const ids = ["bob", "BOB", "carol", "ALL", "all"].map((words) => alice.chat.named(words)?.id);
  expect(ids).toEqual([idWith("bob"), idWith("bob"), idWith("carol"), OPEN_ROOM.id, OPEN_ROOM.id]);
  expect(new Set(ids).size).toBe(3);
  expect(idOf("sealed-direct", "bob")).not.toBe(idWith("bob"));
  expect(alice.chat.named("two words")).toBeNull();
  expect(alice.chat.named("")).toBeNull();
});

test("CC-30 an own message is told before send returns, and again under its id when it is known what became of it", async () => {
  await using alice = await join("alice");
  const outcome = alice.chat.send(OPEN_ROOM.id, "hello");
  const [first] = alice.messages();
  expect(first).toMatchObject({ own: true, text: "hello", delivery: { kind: "sending" } });
  expect(await outcome).toEqual({ kind: "taken" });
  expect(alice.messages()).toEqual([first, { ...first, delivery: { kind: "taken" } }]);
});

test("CC-30 a refusal is told with its reason, and what can't be sent is not told at all", async () => {
  await using alice = await join("alice");
  const failure = { kind: "refused", error: { reason: "recipient-not-found" } } as const;
  expect(await alice.chat.send(idWith("nobody"), "hello")).toEqual(failure);
  expect(alice.messages().at(-1)?.delivery).toEqual({ kind: "failed", failure });
  const told = alice.events.length;
  const long = "x".repeat(alice.chat.longestText(OPEN_ROOM.id) + 1);
  expect(await alice.chat.send(OPEN_ROOM.id, long)).toEqual({ kind: "not-sent", why: "too-long" });
  expect(await alice.chat.send(idOf("sealed-room", "x"), "hello")).toEqual({
    kind: "not-sent",
    why: "invalid-recipient",
  });
  await alice.chat.close();
  expect(await alice.chat.send(OPEN_ROOM.id, "hello")).toEqual({ kind: "not-sent", why: "ended" });
  expect(alice.events.slice(told).filter(({ kind }) => kind === "message")).toEqual([]);
});

test("CC-30 messages have places in the order in which they came, each in its conversation", async () => {
  await using alice = await join("alice");
  const bob = await server.join("bob");
  bob.broadcast("to all");
  bob.direct("alice", "to you");
  await alice.hears((event) => event.kind === "message" && event.message.text === "to you");
  expect(alice.messages()).toMatchObject([
    { conversation: OPEN_ROOM.id, from: "bob", own: false, text: "to all", delivery: { kind: "delivered" } },
    { conversation: idWith("bob"), from: "bob", own: false, text: "to you", delivery: { kind: "delivered" } },
  ]);
  const [first, second] = alice.messages().map(({ place }) => place);
  expect(first).toBeLessThan(second ?? -1);
  expect(await alice.chat.page(OPEN_ROOM.id, null, 10)).toEqual({
    kind: "answered",
    value: { messages: [], complete: true },
  });
});

test("CC-31 a message to oneself is one message", async () => {
  await using alice = await join("alice");
  await alice.chat.send(idWith("Alice"), "note to self");
  await alice.chat.people();
  expect(new Set(alice.messages().map(({ id }) => id)).size).toBe(1);
});

test("CC-32 who is here is told when online, when somebody unknown speaks, as time passes, and by every answer that says it", async () => {
  await using alice = await join("alice");
  await alice.hears(isRoster("alice"));
  const bob = await server.join("bob");
  bob.broadcast("I am new");
  await alice.hears(isRoster("alice", "bob"));
  await server.join("carol");
  alice.tick();
  await alice.hears(isRoster("alice", "bob", "carol"));
  await server.join("Dave");
  await alice.chat.info();
  await alice.hears(isRoster("alice", "bob", "carol", "Dave"));
});

test("CC-32 somebody unknown who speaks is told as here before what they say", async () => {
  await using alice = await join("alice");
  await alice.hears(isRoster("alice"));
  const told = alice.events.length;
  const bob = await server.join("bob");
  bob.broadcast("I am new");
  await alice.hears((event) => event.kind === "message");
  const kinds = alice.events.slice(told).map(({ kind }) => kind);
  expect(kinds.slice(0, kinds.indexOf("message") + 1)).toEqual(["people", "message"]);
});

test("CC-32 a name that was last written in another case is written so to servers that tell cases apart", async () => {
  await using old = await FakeOldServer.start({ generation: 1 });
  await using bob = await join("Bob", old.address);
  await using alice = await join("alice", old.address);
  const named = alice.chat.named("Bob");
  expect(await alice.chat.send(named?.id ?? OPEN_ROOM.id, "hi")).toEqual({ kind: "taken" });
  await bob.hears((event) => event.kind === "message" && event.message.text === "hi");
});

function idWith(name: string): ConversationId {
  return classicDirect(name).id;
}

function isRoster(...names: readonly string[]) {
  return (event: ChatEvent) =>
    event.kind === "people" && JSON.stringify(event.people.map(({ name }) => name)) === JSON.stringify(names);
}

async function join(id: string, address = { host: "127.0.0.1", port: server.port }) {
  const client: PadClient = connect({ server: address, id });
  const timers = new Set<() => void>();
  const chat: ChatClient = classicChat({
    client,
    every: (_, callback) => {
      timers.add(callback);
      return () => void timers.delete(callback);
    },
  });
  const events: ChatEvent[] = [];
  const waiting = new Set<() => void>();
  chat.onEvent((event) => {
    events.push(event);
    for (const look of waiting) look();
  });
  await chat.online();
  return {
    chat,
    events,
    messages: () => events.flatMap((event) => (event.kind === "message" ? [event.message] : [])),
    tick: () => {
      for (const callback of timers) callback();
    },
    hears: (accepts: (event: ChatEvent) => boolean) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = () => {
        if (events.some(accepts)) resolve();
      };
      waiting.add(look);
      look();
      return promise;
    },
    [Symbol.asyncDispose]: () => chat.close(),
  };
}
