import { afterEach, beforeEach, expect, test } from "vitest";
import type { ChatEvent, ChatMessage } from "../../src/client/index.ts";
import { answered, chatWorld } from "./served-chats.ts";
import type { ChatWorld, ServedChat } from "./served-chats.ts";

let world: ChatWorld;
beforeEach(async () => {
  world = await chatWorld();
});
afterEach(async () => {
  expect(world.failures).toEqual([]);
  await world.end();
});

test("CA-1 #everyone is the first conversation, from the start; what is said there is told as sending, stored, and delivered", async () => {
  const [alice, bob] = await two("alice", "bob");
  expect(alice.chat.conversations.map(({ title }) => title)).toEqual(["#everyone", "ALL"]);
  await world.until(() => readersOf(alice, "#everyone").length === 2);
  expect(readersOf(alice, "#everyone")).toEqual(["alice", "bob"]);
  await alice.look("#everyone");
  expect(await alice.send("#everyone", "hello, bob")).toEqual({ kind: "taken" });
  await world.until(async () => (await bob.lines("#everyone")).includes("alice: hello, bob"));
  await world.until(() => toldOf(alice, "hello, bob").at(-1)?.delivery.kind === "delivered");

  const told = toldOf(alice, "hello, bob");
  expect(new Set(told.map(({ id }) => id)).size).toBe(1);
  expect(told[0]).toMatchObject({
    own: true,
    place: Infinity,
    delivery: { kind: "sending" },
    sealed: { number: null },
  });
  expect(told.map(({ delivery }) => delivery.kind).filter((kind, at, all) => kind !== all[at - 1])).toEqual(
    ["sending", "stored", "delivered"].filter((kind) => told.some(({ delivery }) => delivery.kind === kind)),
  );
  const [heard] = toldOf(bob, "hello, bob");
  expect(heard).toMatchObject({ from: "alice", own: false, delivery: { kind: "delivered" } });
  expect(heard?.sealed).toMatchObject({
    device: "alice's laptop",
    readers: ["alice", "bob"],
    body: "text",
    edited: false,
  });
});

test("CA-2 what is written while nobody answers waits, also over a restart, is shown behind all others, and goes out once, in order", async () => {
  const [alice, bob] = await two("alice", "bob");
  await met(alice, bob);
  await world.stopServer();
  void alice.send("#everyone", "one");
  void alice.send("#everyone", "two");
  await world.until(async () => (await alice.store.outbox()).length === 2);
  await alice.stop();
  alice.start();
  expect((await alice.messages("#everyone")).slice(-2)).toMatchObject([
    { text: "one", place: Infinity, delivery: { kind: "sending" }, own: true },
    { text: "two", place: Infinity, delivery: { kind: "sending" }, own: true },
  ]);
  void alice.send("#everyone", "three");
  await world.startServer();
  await world.until(
    async () => (await bob.lines("#everyone")).filter((line) => line.startsWith("alice: ")).length === 3,
  );
  expect((await said(bob, "#everyone")).slice(-3)).toEqual(["alice: one", "alice: two", "alice: three"]);
  await world.until(async () => (await alice.messages("#everyone")).every(({ place }) => place !== Infinity));
  const places = (await alice.messages("#everyone")).map(({ place }) => place);
  expect(places).toEqual(places.toSorted((one, other) => one - other));
});

test("CA-3 rooms are made, joined, invited to and left, and who came and went is told", async () => {
  const [alice, bob] = await two("alice", "bob");
  const ops = answered(await alice.chat.createRoom("ops", "invite"));
  expect(ops).toMatchObject({ kind: "sealed-room", title: "#ops", open: false, readers: ["alice"] });
  answered(await alice.chat.createRoom("talk", "open"));
  expect(await bob.chat.createRoom("Ops", "open")).toEqual({ kind: "refused", error: { reason: "room-name-taken" } });
  expect(await alice.chat.createRoom("ops", "open")).toEqual({ kind: "refused", error: { reason: "room-name-taken" } });
  expect(await bob.chat.join("ops")).toEqual({ kind: "refused", error: { reason: "no-such-room" } });
  expect(await bob.chat.createRoom("no name", "open")).toEqual({ kind: "refused", error: { reason: "invalid-name" } });
  expect(answered(await bob.chat.join("talk"))).toMatchObject({ title: "#talk", readers: ["alice", "bob"] });

  expect(await alice.chat.invite(ops.id, "bob")).toEqual({ kind: "taken" });
  expect(await alice.chat.invite(ops.id, "nobody")).toEqual({
    kind: "refused",
    error: { reason: "recipient-not-found" },
  });
  await world.until(() => bob.chat.named("#ops") !== null);
  expect(await alice.send("#ops", "welcome")).toEqual({ kind: "taken" });
  await world.until(async () => (await bob.lines("#ops")).includes("alice: welcome"));
  expect(answered(await bob.chat.rooms()).map(({ title, status, access }) => [title, status, access])).toEqual([
    ["#everyone", "member", "open"],
    ["#ops", "member", "invite"],
    ["#talk", "member", "open"],
  ]);
  expect(answered(await bob.chat.members(ops.id))).toMatchObject([
    { name: "alice", kind: "name", isSelf: false, level: "unverified", devices: ["alice's laptop"] },
    { name: "bob", isSelf: true },
  ]);
  expect(await bob.chat.leave(ops.id)).toEqual({ kind: "taken" });
  expect(bob.chat.named("#ops")?.kind).toBe("sealed-room");
  await world.until(async () => (await alice.lines("#ops")).includes("(alice: removed bob)"));
  expect(await alice.lines("#ops")).toEqual(["(alice: added bob)", "alice: welcome", "(alice: removed bob)"]);
  expect(await bob.send("#ops", "still here?")).toEqual({ kind: "refused", error: { reason: "not-in-conversation" } });
  expect(await bob.chat.leave(bob.conversation("#everyone").id)).toEqual({
    kind: "refused",
    error: { reason: "not-allowed" },
  });
});

test("CA-4 a direct conversation reaches who is away, and two who begin it at once end in one", async () => {
  const [alice, bob] = await two("alice", "bob");
  const [one, other] = await Promise.all([alice.chat.direct("bob"), bob.chat.direct("alice")]);
  expect(answered(one)).toMatchObject({ kind: "sealed-direct", title: "bob" });
  expect(answered(other)).toMatchObject({ kind: "sealed-direct", title: "alice" });
  await world.until(() => readersOf(alice, "bob").length === 2 && readersOf(bob, "alice").length === 2);
  await bob.stop();
  expect(await alice.send("bob", "for later")).toEqual({ kind: "taken" });
  bob.start();
  await bob.chat.settled();
  await world.until(async () => (await bob.lines("alice")).includes("alice: for later"));
  expect(await bob.send("alice", "and back")).toEqual({ kind: "taken" });
  await world.until(async () => (await alice.lines("bob")).includes("bob: and back"));
  expect((await alice.chat.direct("carol")).kind).toBe("refused");
});

async function two(one: string, other: string): Promise<readonly [ServedChat, ServedChat]> {
  const [first, second] = await world.arrive(one, other);
  if (first === undefined || second === undefined) throw new Error("two were to come");
  return [first, second];
}

/** Both have seen each other in #everyone. */
async function met(one: ServedChat, other: ServedChat): Promise<void> {
  await world.until(() => readersOf(one, "#everyone").length === 2 && readersOf(other, "#everyone").length === 2);
  await one.look("#everyone");
  await other.look("#everyone");
}

function readersOf(person: ServedChat, words: string): readonly string[] {
  const found = person.chat.named(words);
  return found !== null && "readers" in found ? found.readers : [];
}

function toldOf(person: ServedChat, text: string): readonly ChatMessage[] {
  const messages = person.events.filter((event): event is ChatEvent & { kind: "message" } => event.kind === "message");
  return messages.map(({ message }) => message).filter((message) => message.text === text);
}

/** What people said, without who came and went. */
async function said(person: ServedChat, words: string): Promise<readonly string[]> {
  return (await person.lines(words)).filter((line) => !line.startsWith("("));
}
