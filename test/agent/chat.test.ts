import { afterEach, beforeEach, expect, test } from "vitest";
import { createGroup } from "../../src/agent/group-sessions/join.ts";
import { OPEN } from "../../src/agent/runtime/arriving.ts";
import { SYSTEM } from "../../src/agent/runtime/system.ts";
import { createGroupEngine } from "../../src/mls/create-group-engine.ts";
import { encodeContent } from "../../src/agent/content/content.ts";
import { openDatabase } from "../../src/agent/storage/sqlite/database.ts";
import { whoKey } from "../../src/mls/identity/who.ts";
import { classicDirect, OPEN_ROOM } from "../../src/client/index.ts";
import type { ChatEvent, ChatMessage, Hold } from "../../src/client/index.ts";
import { endWithoutFailures } from "./no-failures.ts";
import { answered, chatWorld } from "./served-chats.ts";
import type { ChatWorld, ServedChat } from "./served-chats.ts";

let world: ChatWorld;
beforeEach(async () => {
  world = await chatWorld();
});
afterEach(async () => {
  await endWithoutFailures(world);
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

test("CA-15 the open room is listed where the server has one, and nowhere else; whoever came before it was known is told", async () => {
  const open = world.make("alice");
  expect(open.chat.conversations.map(({ title }) => title)).toEqual(["#everyone"]);
  await world.until(() => open.chat.named("ALL") !== null);
  expect(open.events).toContainEqual({ kind: "conversation", conversation: OPEN_ROOM });
  const sealed = await chatWorld({ noClassic: true });
  const [alice] = await sealed.arrive("alice");
  expect(alice?.chat.conversations.map(({ title }) => title)).toEqual(["#everyone"]);
  expect(alice?.chat.named("ALL")).toBeNull();
  expect(await alice?.chat.send(OPEN_ROOM.id, "hello")).toMatchObject({ error: { reason: "no-open-room" } });
  await sealed.end();
});

test("CA-1 the first words of a new device wait until it is in #everyone, and go out; without a server they stay with their writer", async () => {
  const alice = world.make("alice");
  expect(await alice.send("#everyone", "am I the first?")).toEqual({ kind: "taken" });
  await world.stopServer();
  const bob = world.make("bob");
  expect(await bob.send("#everyone", "anybody?")).toEqual({ kind: "not-sent", why: "offline" });
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
  for (const reserved of ["Everyone", "ALL", "all"])
    expect(await bob.chat.createRoom(reserved, "invite")).toEqual({
      kind: "refused",
      error: { reason: "room-name-reserved" },
    });
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
  const gone = "(bob: left, or was put out by the server)";
  await world.until(async () => (await alice.lines("#ops")).includes(gone));
  expect(await alice.lines("#ops")).toEqual(["(alice: added bob)", "alice: welcome", gone]);
  expect(await bob.send("#ops", "still here?")).toEqual({ kind: "refused", error: { reason: "not-in-conversation" } });
  answered(await bob.chat.direct("alice"));
  expect(await bob.chat.leave(bob.conversation("alice").id)).toEqual({
    kind: "refused",
    error: { reason: "not-allowed" },
  });
});

test("CA-18 who left or was put out by the server is said to be out so, also to whoever was away; who comes back is ordered out no more", async () => {
  const [alice, bob] = await two("alice", "bob");
  const [carol] = await world.arrive("carol");
  if (carol === undefined) throw new Error("she was to come");
  answered(await alice.chat.createRoom("ops", "open"));
  for (const one of [bob, carol]) answered(await one.chat.join("ops"));
  await world.until(() => [alice, bob, carol].every((one) => readersOf(one, "#ops").length === 3));
  await carol.stop();
  expect(await bob.chat.leave(bob.conversation("#ops").id)).toEqual({ kind: "taken" });
  const gone = "(bob: left, or was put out by the server)";
  await world.until(async () => (await alice.lines("#ops")).includes(gone));
  answered(await bob.chat.join("ops"));
  await world.until(() => readersOf(alice, "#ops").length === 3);
  const session = await alice.runtime.session("room:ops");
  expect((await session?.look())?.ordered).toEqual(new Set());
  carol.start();
  await carol.chat.settled();
  await world.until(async () => (await carol.lines("#ops")).includes(gone));
});

test.each([
  ["ordered", 1, "(bob: left, or was put out by the server)"],
  ["ordered", 2, "(bob: and carol left, or were put out by the server)"],
  ["wanted", 2, "(alice: removed bob, carol)"],
  // Also what earlier versions have kept.
  [undefined, 1, "(bob: is no longer here (taken out by a device of alice's))"],
  [undefined, 2, "(bob: and carol are no longer here (taken out by a device of alice's))"],
] as const)("CA-18 people who went (%s, %i of them) stand in the history as %s", async (why, many, line) => {
  const [alice] = await world.arrive("alice", "bob", "carol");
  if (alice === undefined) throw new Error("she was to come");
  const session = await alice.runtime.session("everyone");
  if (session === null) throw new Error("no #everyone");
  const { members } = await session.look();
  const whoOf = (name: string) => members.find(({ identity }) => identity.identity === name)?.who ?? "";
  const went = ["bob", "carol"].slice(0, many).map(whoOf);
  const entry = { kind: "members", came: [], went, by: whoOf("alice"), devices: [], ...(why ? { why } : {}) } as const;
  const place = { conversation: "everyone", group: session.id, number: 1_000, at: 1_000 };
  await alice.store.commit([{ kind: "history-kept", ...place, entry }]);
  expect((await alice.lines("#everyone")).at(-1)).toBe(line);
});

test("CA-17 what is written before this device is in #everyone is shown as waiting at once, and goes out when it is in", async () => {
  const alice = world.make("alice", { comesIn: false });
  await alice.chat.online();
  await alice.chat.settled();
  const sent = alice.send("#everyone", "first words");
  await world.until(() => toldOf(alice, "first words").length > 0);
  expect(readersOf(alice, "#everyone")).toEqual([]);
  expect(toldOf(alice, "first words").map(({ delivery }) => delivery.kind)).toEqual(["sending"]);
  expect(answered(await alice.chat.page(alice.conversation("#everyone").id, null, 10)).messages).toMatchObject([
    { text: "first words", delivery: { kind: "sending" } },
  ]);
  alice.chat.comeIn();
  expect(await sent).toEqual({ kind: "taken" });
  expect(await alice.lines("#everyone")).toEqual(["alice: first words"]);
  // Nobody who has left it is waited for.
  expect(await alice.chat.leave(alice.conversation("#everyone").id)).toEqual({ kind: "taken" });
  const outside = { kind: "refused", error: { reason: "not-in-conversation" } };
  expect(await alice.send("#everyone", "still here?")).toEqual(outside);
});

test("CA-16 whoever is brought into a room has a line there that says by whom, and nobody who came by themselves or through a device of their own", async () => {
  const [alice, bob] = await two("alice", "bob");
  answered(await alice.chat.createRoom("ops", "invite"));
  answered(await alice.chat.createRoom("talk", "open"));
  expect(await alice.chat.invite(alice.conversation("#ops").id, "bob")).toEqual({ kind: "taken" });
  answered(await bob.chat.join("talk"));
  const line = "(alice: has brought you in: you read from here on)";
  await world.until(async () => bob.chat.named("#ops") !== null && (await bob.lines("#ops")).includes(line));
  const told = bob.events.flatMap((event) => (event.kind === "message" ? [event.message] : []));
  expect(told.filter(({ sealed }) => sealed?.body === "brought-in")).toHaveLength(1);
  // Whoever is there adds what a person lacks in a room: now bob is.
  await alice.stop();
  const tablet = world.make("bob", { deviceLabel: "tablet" });
  await world.until(() => tablet.chat.standing.kind === "pending" && bob.chat.waitingDevices.length > 0);
  const { standing } = tablet.chat;
  answered(await bob.chat.confirmDevice(standing.kind === "pending" ? (standing.code ?? "") : ""));
  await world.until(() => isIn(tablet, "#ops") && isIn(tablet, "#talk"));
  await tablet.runtime.settled();
  for (const [device, words] of [
    [bob, "#talk"],
    [tablet, "#talk"],
    [tablet, "#ops"],
  ] as const)
    expect((await device.lines(words)).filter((each) => each.includes("brought"))).toEqual([]);
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

test("GS-27 a pair whose maker ended before it invited the other is completed when the maker comes back, and nothing is said before", async () => {
  const [alice, bob] = await two("alice", "bob");
  await met(alice, bob);
  await alice.stop();
  // As it was on the disk in that moment.
  const database = openDatabase(alice.place);
  const { device } = database.load();
  if (device === null) throw new Error("no device");
  const engine = createGroupEngine({ seed: device.seed, record: device.record });
  const listed = [
    { kind: "name", identity: "alice" },
    { kind: "name", identity: "bob" },
  ] as const;
  const group = new Uint8Array(16).fill(77);
  const policy = { ...OPEN, access: "listed", listed } as const;
  database.commit(createGroup({ engine, system: SYSTEM }, { group, conversation: "direct:name:bob", policy }));
  const content = encodeContent({ kind: "text", text: "for both of us", replyTo: null });
  const message = { messageId: new Uint8Array(16).fill(78), content, text: "for both of us", writtenAt: 1 };
  database.commit([{ kind: "message-written", group, message }]);
  engine.close();
  database.close();
  alice.start();
  await world.until(() => bob.chat.named("alice") !== null);
  await world.until(async () => (await bob.lines("alice")).includes("alice: for both of us"));
  expect(answered(await alice.chat.direct("bob"))).toMatchObject({ readers: ["alice", "bob"] });
});

test("CA-5 messages wait for a newcomer until the writer has looked, and say so; whoever was there at the start is no newcomer", async () => {
  const [alice, bob] = await two("alice", "bob");
  // Bob came into what Alice is in: he has seen her.
  expect(await bob.send("#everyone", "hi")).toEqual({ kind: "taken" });
  await world.until(() => readersOf(alice, "#everyone").length === 2);
  const hold = { kind: "new-readers", who: ["bob"] } as const;
  expect(await alice.send("#everyone", "for whom?")).toEqual({ kind: "held", hold });
  expect(heldOf(alice)).toEqual([hold]);
  expect((await alice.messages("#everyone")).at(-1)).toMatchObject({
    text: "for whom?",
    delivery: { kind: "sending" },
  });
  await alice.stop();
  alice.start();
  await world.until(() => heldOf(alice).length > 0);
  await alice.look("#everyone");
  await world.until(async () => (await bob.lines("#everyone")).includes("alice: for whom?"));
  expect(heldOf(alice)).toEqual([hold, null]);

  const [carol] = await world.arrive("carol");
  await world.until(() => readersOf(alice, "#everyone").length === 3);
  const { id } = alice.conversation("#everyone");
  expect(await alice.chat.send(id, "whoever", { acceptMembers: true })).toEqual({ kind: "taken" });
  await world.until(async () => (await carol!.lines("#everyone")).includes("alice: whoever"));
});

test("CA-5 a newcomer whom the writer was shown before they began to write holds nothing back; any other does", async () => {
  const [alice, bob] = await two("alice", "bob");
  await world.until(() => readersOf(alice, "#everyone").length === 2);
  const { id } = alice.conversation("#everyone");
  expect(await alice.chat.send(id, "seen", { shown: ["alice", "bob"] })).toEqual({ kind: "taken" });
  await world.until(async () => (await bob.lines("#everyone")).includes("alice: seen"));
  await world.arrive("carol");
  await world.until(() => readersOf(alice, "#everyone").length === 3);
  expect(await alice.chat.send(id, "unseen", { shown: ["alice", "bob"] })).toMatchObject({ kind: "held" });
});

test("CA-5 what is held can be taken back, and then is never sent", async () => {
  const [alice, bob] = await two("alice", "bob");
  await world.until(() => readersOf(alice, "#everyone").length === 2);
  const { id } = alice.conversation("#everyone");
  expect((await alice.send("#everyone", "never")).kind).toBe("held");
  const waiting = (await alice.messages("#everyone")).at(-1);
  expect(await alice.chat.remove(id, waiting?.id ?? "")).toEqual({ kind: "taken" });
  expect(toldOf(alice, "took a message back").at(-1)).toMatchObject({ id: waiting?.id, sealed: { body: "deleted" } });
  // Nothing is held any more; the next one is, and says so.
  await world.until(() => heldOf(alice).at(-1) === null);
  expect(alice.chat.held).toEqual([]);
  expect((await alice.send("#everyone", "not this either")).kind).toBe("held");
  expect((await alice.send("#everyone", "nor this")).kind).toBe("held");
  const hold = { kind: "new-readers", who: ["bob"] } as const;
  expect(heldOf(alice)).toEqual([hold, null, hold, hold]);
  expect(alice.chat.held).toMatchObject([{ conversation: { title: "#everyone" }, hold }]);
  for (const { id: held } of (await alice.messages("#everyone")).filter(({ place }) => place === Infinity)) {
    expect(await alice.chat.remove(id, held)).toEqual({ kind: "taken" });
  }
  await alice.look("#everyone");
  expect(await alice.send("#everyone", "instead")).toEqual({ kind: "taken" });
  await world.until(async () => (await bob.lines("#everyone")).includes("alice: instead"));
  expect(await said(bob, "#everyone")).toEqual(["alice: instead"]);
});

test("CA-6 a key that isn't the one known holds what is written until that is accepted, aloud; then nobody has verified it", async () => {
  const [alice, bob] = await two("alice", "bob");
  await met(alice, bob);
  const pair = answered(await alice.chat.direct("bob"));
  await world.until(() => readersOf(alice, "bob").length === 2);
  const before = (await alice.store.load()).pins.find(({ who }) => who.identity === "bob");
  await alice.stop();
  // As if another key had been known, and compared, before.
  const store = openDatabase(alice.place);
  store.commit([{ kind: "pin-kept", pin: { ...before!, userKey: new Uint8Array(32).fill(7), level: "compared" } }]);
  store.close();
  alice.start();
  await alice.chat.settled();

  const hold = { kind: "changed-key", who: ["bob"], compared: ["bob"] };
  expect(await alice.chat.send(pair.id, "is it you?", { acceptMembers: true })).toEqual({ kind: "held", hold });
  expect(await alice.send("#everyone", "and here?")).toEqual({ kind: "held", hold });
  expect(await alice.chat.acceptReaders(pair.id)).toEqual({ kind: "taken" });
  await world.until(async () => (await bob.lines("alice")).includes("alice: is it you?"));
  expect(alice.events).toContainEqual(
    expect.objectContaining({ kind: "word", text: expect.stringContaining("A new key is taken for bob") }),
  );
  expect((await alice.store.load()).pins.find(({ who }) => who.identity === "bob")).toMatchObject({
    userKey: before?.userKey,
    level: "unverified",
  });
});

test("CA-6 a yes says that a key is taken only where it was: not of a former key, of two at once, or over another than was shown", async () => {
  const [alice, bob] = await two("alice", "bob");
  await met(alice, bob);
  const before = (await alice.store.load()).pins.find(({ who }) => who.identity === "bob");
  if (before === undefined) throw new Error("bob isn't known");
  await alice.stop();
  const [present, third] = [7, 8].map((byte) => new Uint8Array(32).fill(byte));
  const store = openDatabase(alice.place);
  // As if bob's key there had been succeeded by another one.
  const former = { keys: [before.userKey], staying: [], removed: [], replaced: [] };
  store.commit([{ kind: "pin-kept", pin: { ...before, userKey: present!, former } }]);
  store.close();
  alice.start();
  await alice.chat.settled();
  const pinned = async () => (await alice.store.load()).pins.find(({ who }) => who.identity === "bob")?.userKey;

  expect(await alice.send("#everyone", "is it you?")).toMatchObject({ kind: "held", hold: { kind: "changed-key" } });
  expect(await alice.chat.acceptReaders(alice.conversation("#everyone").id)).toEqual({
    kind: "refused",
    error: { reason: "own-device", text: expect.stringContaining("a former key of bob's") as unknown },
  });
  expect(alice.events).not.toContainEqual(
    expect.objectContaining({ kind: "word", text: expect.stringContaining("A new key is taken") }),
  );
  expect(await pinned()).toEqual(present);

  const { who } = before;
  const hold = (...keys: readonly (readonly [Uint8Array, Uint8Array])[]) => [
    {
      kind: "changed-key" as const,
      who: [whoKey(who)],
      shown: keys.map(([userKey, known]) => ({ who, userKey, known })),
    },
  ];
  const accept = async (holds: ReturnType<typeof hold>) => await alice.runtime.accept("everyone", holds);
  expect(await accept(hold([third!, before.userKey]))).toMatchObject([{ why: "moved" }]);
  expect(await accept(hold([third!, present!], [before.userKey, present!]))).toMatchObject([{ why: "several" }]);
  expect(await pinned()).toEqual(present);
  expect(await accept(hold([third!, present!]))).toEqual([]);
  expect(await pinned()).toEqual(third);
});

test("CA-6 a name that means somebody else than before holds what is written to them, and isn't theirs to a face until it is accepted", async () => {
  const [alice, bob] = await two("alice", "bob");
  await met(alice, bob);
  await alice.stop();
  const store = openDatabase(alice.place);
  const { names } = store.load();
  const bobs = names.find(({ name }) => name === "bob");
  store.commit([{ kind: "name-pinned", pin: { name: "bob", who: { ...bobs!.who, identity: "robert" } } }]);
  store.close();
  alice.start();
  await world.until(() => alice.chat.state.kind === "online");
  await alice.chat.people();
  await alice.chat.settled();
  expect(await alice.send("#everyone", "who is there?")).toMatchObject({
    kind: "held",
    hold: { kind: "remapped-name" },
  });
  expect((await alice.chat.direct("bob")).kind).toBe("held");
  await alice.look("#everyone");
  await world.until(async () => (await bob.lines("#everyone")).includes("alice: who is there?"));
});

test("CA-7 who has no device is written to the classic way; who was written to sealed never is, until that is allowed", async () => {
  const [alice, bob] = await two("alice", "bob");
  const tom = await world.classic("tom");
  const open = answered(await alice.chat.direct("tom"));
  expect(open).toMatchObject({ kind: "classic-direct", title: "tom" });
  expect(await alice.chat.send(open.id, "hello, tom")).toEqual({ kind: "taken" });
  expect(await tom.message()).toMatchObject({ from: "alice", text: "hello, tom" });
  expect(answered(await alice.chat.page(open.id, null, 10)).messages).toMatchObject([{ text: "hello, tom" }]);

  answered(await alice.chat.direct("bob"));
  const plain = classicDirect("bob").id;
  const sealedOnly = { kind: "not-sent", why: "sealed-only" };
  expect(await alice.chat.send(plain, "in the open")).toEqual(sealedOnly);
  await world.stopServer();
  await alice.stop();
  alice.start();
  expect(await alice.chat.send(plain, "in the open")).toEqual(sealedOnly);
  expect(answered(await alice.chat.direct("bob"))).toMatchObject({ kind: "sealed-direct" });
  await world.startServer();
  await world.until(() => alice.chat.state.kind === "online" && bob.chat.state.kind === "online");
  expect(await alice.chat.send(plain, "in the open")).toEqual(sealedOnly);
  expect(answered(await alice.chat.allowPlain("bob"))).toMatchObject({ kind: "classic-direct", title: "bob" });
  expect(await alice.chat.send(plain, "in the open")).toEqual({ kind: "taken" });
  await world.until(() => toldOf(bob, "in the open").length > 0);
  expect(toldOf(bob, "in the open")[0]?.sealed).toBeUndefined();
  await alice.stop();
  alice.start();
  await world.until(() => alice.chat.state.kind === "online");
  expect(await alice.chat.send(plain, "still allowed")).toEqual({ kind: "taken" });
});

test("CS-45 once a conversation has caught up, what was said there while this device was away is here, in others as soon as they have", async () => {
  const [alice, bob] = await two("alice", "bob");
  await met(alice, bob);
  answered(await alice.chat.createRoom("ops", "open"));
  answered(await bob.chat.join("ops"));
  await world.until(() => readersOf(alice, "#ops").length === 2);
  await bob.stop();
  for (const title of ["#everyone", "#ops"]) {
    const { id } = alice.conversation(title);
    expect(await alice.chat.send(id, `in ${title}`, { acceptMembers: true })).toEqual({ kind: "taken" });
  }
  bob.start();
  await world.until(() => bob.chat.state.kind === "online");
  for (const title of ["#ops", "#everyone"]) {
    expect(await bob.chat.caughtUp(bob.conversation(title).id)).toEqual({ kind: "taken" });
    expect(await bob.lines(title)).toContain(`alice: in ${title}`);
  }
});

test("CA-8 edits, deletions and replies are shown where their message stands, also to who was away", async () => {
  const [alice, bob] = await two("alice", "bob");
  await met(alice, bob);
  const { id } = alice.conversation("#everyone");
  await alice.send("#everyone", "helo");
  await alice.send("#everyone", "second");
  const [first, second] = (await alice.messages("#everyone")).filter(({ own }) => own);
  await bob.stop();
  expect(await alice.chat.edit(id, first?.id ?? "", "hello")).toEqual({ kind: "taken" });
  expect(await alice.chat.remove(id, second?.id ?? "")).toEqual({ kind: "taken" });
  expect(await alice.chat.send(id, "third", { replyTo: first?.id ?? "" })).toEqual({ kind: "taken" });
  expect((await alice.messages("#everyone")).filter(({ own }) => own)).toMatchObject([
    { id: first?.id, place: first?.place, text: "hello", sealed: { edited: true, body: "text" } },
    { id: second?.id, text: "took a message back", sealed: { body: "deleted", edited: false } },
    { text: "third", sealed: { replyTo: { id: first?.id, from: "alice", text: "hello" } } },
  ]);
  expect(toldOf(alice, "hello").at(-1)).toMatchObject({ id: first?.id, place: first?.place });
  bob.start();
  await world.until(async () => (await bob.lines("#everyone")).includes("alice: third"));
  expect((await bob.messages("#everyone")).slice(-3)).toMatchObject([
    { text: "hello", sealed: { edited: true } },
    { sealed: { body: "deleted" } },
    { text: "third", sealed: { replyTo: { from: "alice", text: "hello" } } },
  ]);
  const refused = { kind: "refused", error: { reason: "no-such-message" } };
  const theirs = (await bob.messages("#everyone")).at(-1)?.id ?? "";
  expect(await bob.chat.edit(id, theirs, "mine now")).toEqual(refused);
  expect(await bob.chat.remove(id, theirs)).toEqual(refused);
  expect(await alice.chat.edit(id, second?.id ?? "", "again")).toEqual(refused);
  expect(await alice.chat.edit(id, "nonsense", "x")).toEqual(refused);
  expect(answered(await alice.chat.search("helo", null, 9))).toEqual([]);
  expect(answered(await alice.chat.search("hel", id, 9))).toMatchObject([{ id: first?.id }]);
});

test("CA-9 a message written again under its id is there once, whatever ended in between", async () => {
  const [alice, bob] = await two("alice", "bob");
  await met(alice, bob);
  const { id } = alice.conversation("#everyone");
  const own = { id: Buffer.alloc(16, 9).toString("base64url") };
  const both = [alice.chat.send(id, "once", own), alice.chat.send(id, "once", own)];
  expect(await Promise.all(both)).toEqual([{ kind: "taken" }, { kind: "taken" }]);
  await world.stopServer();
  const other = { id: Buffer.alloc(16, 10).toString("base64url") };
  void alice.chat.send(id, "twice", other);
  await world.until(async () => (await alice.store.outbox()).length === 1);
  await alice.stop();
  alice.start();
  await world.startServer();
  expect(await alice.chat.send(id, "twice", other)).toEqual({ kind: "taken" });
  expect(await alice.chat.send(id, "once", own)).toEqual({ kind: "taken" });
  await world.until(async () => (await bob.lines("#everyone")).includes("alice: twice"));
  expect(await said(bob, "#everyone")).toEqual(["alice: once", "alice: twice"]);
  const ids = (await alice.messages("#everyone"))
    .filter(({ own: isOwn }) => isOwn)
    .map((each) => each.id.split(".")[0]);
  expect(ids).toEqual([own.id, other.id]);
});

test("CA-10 history is paged from the newest, found behind a number, and searched; pages are bounded", async () => {
  const [alice, bob] = await two("alice", "bob");
  await met(alice, bob);
  for (let count = 1; count <= 7; count += 1) await alice.send("#everyone", `line ${count}`);
  await world.until(async () => (await bob.lines("#everyone")).includes("alice: line 7"));
  const { id } = bob.conversation("#everyone");
  const newest = answered(await bob.chat.page(id, null, 3));
  expect(newest).toMatchObject({
    complete: false,
    messages: [{ text: "line 5" }, { text: "line 6" }, { text: "line 7" }],
  });
  const before = answered(await bob.chat.page(id, newest.messages[0]?.place ?? null, 2));
  expect(before.messages.map(({ text }) => text)).toEqual(["line 3", "line 4"]);
  expect(answered(await bob.chat.page(id, null, 1000)).complete).toBe(true);
  const number = newest.messages[0]?.sealed?.number ?? 0;
  expect(answered(await bob.chat.since(id, number, 10)).map(({ text }) => text)).toEqual(["line 6", "line 7"]);
  expect(answered(await bob.chat.since(id, 0, 2)).length).toBe(2);
  expect(answered(await bob.chat.search("LINE 4", id, 10)).map(({ text }) => text)).toEqual(["line 4"]);
  expect(answered(await bob.chat.page(id, null, 1e9)).messages.length).toBeLessThanOrEqual(1000);
});

test("CA-13 whoever is banned is taken out of the rooms by a member's client, and by one that was away when it was ordered", async () => {
  const [alice, bob] = await two("alice", "bob");
  await met(alice, bob);
  const [carol] = await world.arrive("carol");
  if (carol === undefined) throw new Error("she was to come");
  const room = answered(await bob.chat.createRoom("bobs", "open"));
  answered(await carol.chat.join("bobs"));
  await world.until(() => readersOf(bob, "#bobs").length === 2);
  await carol.stop();
  // The first one is the operator.
  expect(await alice.chat.ban("bob", "spam")).toEqual({ kind: "taken" });
  await world.until(() => !readersOf(alice, "#everyone").includes("bob"));
  expect(await alice.lines("#everyone")).toContain("(bob: left, or was put out by the server)");
  carol.start();
  await world.until(() => readersOf(carol, "#bobs").join() === "carol");
  expect(answered(await carol.chat.members(room.id)).map(({ name }) => name)).toEqual(["carol"]);
});

test("CA-14 a conversation whose group has ended goes on in a successor, and what is written meanwhile waits for it", async () => {
  const [alice, bob] = await two("alice", "bob");
  await met(alice, bob);
  const pair = answered(await alice.chat.direct("bob"));
  expect(await alice.send("bob", "before")).toEqual({ kind: "taken" });
  await world.until(async () => (await bob.lines("alice")).includes("alice: before"));
  const session = await alice.runtime.session("direct:name:bob");
  const group = Buffer.from(session?.id ?? []).toString("base64url");
  // One word of one of the two ends it.
  const ended = await alice.runtime.client.request("report-commit", { group, number: 1 });
  expect(ended.kind).toBe("answered");
  expect(await alice.chat.send(pair.id, "after")).toEqual({ kind: "taken" });
  await world.until(async () => (await bob.lines("alice")).includes("alice: after"));
  expect(await said(bob, "alice")).toEqual(["alice: before", "alice: after"]);
  expect(bob.chat.named("alice")?.id).toBe(bob.chat.conversations.find(({ title }) => title === "alice")?.id);
  expect(await bob.send("alice", "and back")).toEqual({ kind: "taken" });
});

test("SR-76 what isn't sent again after a restore stands counted in the conversation, and nothing of it waits any more, also behind a restart", async () => {
  const [alice, bob, carol] = [...(await two("alice", "bob")), ...(await world.arrive("carol"))];
  if (carol === undefined) throw new Error("carol was to come");
  answered(await alice.chat.createRoom("ops", "invite"));
  const room = alice.conversation("#ops").id;
  expect(await alice.chat.invite(room, "bob")).toEqual({ kind: "taken" });
  await world.until(() => isIn(bob, "#ops"));
  const backup = await world.backUp();
  for (const text of ["one", "two"]) expect(await alice.send("#ops", text)).toEqual({ kind: "taken" });
  expect(await alice.chat.invite(room, "carol")).toEqual({ kind: "taken" });
  await world.until(() => [bob, carol].every((one) => isIn(one, "#ops") && readersAt(one).includes("carol")));
  await alice.look("#ops");
  await world.stopServer();
  world.restore(backup);
  await world.startServer();
  const line =
    "(: 2 of your messages from before the conversation went on in a new group were not sent again: somebody reads here now who couldn't read them then)";
  await world.until(async () => (await alice.lines("#ops")).includes(line));
  await alice.stop();
  alice.start();
  await world.until(() => isIn(alice, "#ops"));
  await alice.look("#ops");
  expect(await alice.send("#ops", "three")).toEqual({ kind: "taken" });
  await world.until(async () => (await carol.lines("#ops")).includes("alice: three"));
  expect(await said(alice, "#ops")).toEqual(["alice: one", "alice: two", "alice: three"]);
  expect(await said(carol, "#ops")).toEqual(["alice: three"]);
  expect((await alice.lines("#ops")).filter((each) => each === line)).toHaveLength(1);
});

test("CA-10 no numbers that a face asks with are an error", async () => {
  const [alice] = await world.arrive("alice");
  if (alice === undefined) throw new Error("she was to come");
  await alice.send("#everyone", "hello");
  const { id } = alice.conversation("#everyone");
  for (const odd of [NaN, Infinity, -Infinity, -1, 0, 0.5, 1e300]) {
    expect((await alice.chat.page(id, odd, odd)).kind).toBe("answered");
    expect((await alice.chat.since(id, odd, odd)).kind).toBe("answered");
    expect((await alice.chat.search("hello", null, odd)).kind).toBe("answered");
  }
});

test("CA-12 newer kinds, malformed contents and what changes others' words are shown as what they are, and end nothing", async () => {
  const [alice, bob] = await two("alice", "bob");
  await met(alice, bob);
  await alice.send("#everyone", "mine");
  await world.until(async () => (await bob.lines("#everyone")).includes("alice: mine"));
  const row = (await bob.store.history("everyone", { before: null, limit: 1 }))[0];
  if (row?.entry.kind !== "message") throw new Error("no message");
  const of = { device: row.entry.device, messageId: row.entry.messageId };
  const nobodys = { ...of, messageId: new Uint8Array(16).fill(3) };
  for (const content of [
    Uint8Array.of(2, 1, 9, 9),
    Uint8Array.of(1, 99, 0),
    new Uint8Array(),
    Uint8Array.of(1, 1, 1, 0xff, 0xff, 0xff, 0xff),
    encodeContent({ kind: "edit", of, text: "yours" }),
    encodeContent({ kind: "deletion", of }),
    encodeContent({ kind: "edit", of: nobodys, text: "of nothing" }),
    encodeContent({ kind: "deletion", of: nobodys }),
    encodeContent({ kind: "text", text: "an answer", replyTo: nobodys }),
  ]) {
    await bob.runtime.write("everyone", content, []);
  }
  await world.until(async () => (await alice.lines("#everyone")).includes("bob: an answer"));
  const shown = (await alice.messages("#everyone")).filter(
    ({ from, sealed }) => from === "bob" && sealed?.body !== "members",
  );
  expect(shown.map(({ text, sealed }) => `${sealed?.body}: ${text}`)).toEqual([
    "unknown-kind: sent something that only a newer version can show",
    "unknown-kind: sent something that only a newer version can show",
    "unreadable: sent something that can't be read",
    "unreadable: sent something that can't be read",
    "text: yours",
    "text: of nothing",
    "text: an answer",
  ]);
  expect(shown.at(-1)?.sealed?.replyTo).toMatchObject({ from: "", text: "" });
  expect(await said(alice, "#everyone")).toContain("alice: mine");
});

test("CA-10 a page of very long messages is cut by its bytes, and goes on before them", async () => {
  await world.end();
  // Each counts as several messages.
  world = await chatWorld({ messageRate: 0 });
  const [alice] = await world.arrive("alice");
  if (alice === undefined) throw new Error("she was to come");
  const long = "x".repeat(32_000);
  const sent = Array.from({ length: 120 }, async () => await alice.send("#everyone", long));
  expect(new Set((await Promise.all(sent)).map(({ kind }) => kind))).toEqual(new Set(["taken"]));
  const { id } = alice.conversation("#everyone");
  const newest = answered(await alice.chat.page(id, null, 1000));
  expect(newest.complete).toBe(false);
  expect(newest.messages.length).toBeLessThan(100);
  const rest = answered(await alice.chat.page(id, newest.messages[0]?.place ?? null, 1000));
  expect(newest.messages.length + rest.messages.length).toBe(120);
  expect(rest.complete).toBe(true);
});

/** One after the other: the first makes #everyone. */
async function two(one: string, other: string): Promise<readonly [ServedChat, ServedChat]> {
  const [first] = await world.arrive(one);
  const [second] = await world.arrive(other);
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

function heldOf(person: ServedChat): readonly (Hold | null)[] {
  return person.events.flatMap((event) => (event.kind === "held" ? [event.hold] : []));
}

/** Who reads `#ops`. */
function readersAt({ chat }: ServedChat): readonly string[] {
  const room = chat.named("#ops");
  return room?.kind === "sealed-room" ? room.readers : [];
}

function isIn({ chat }: ServedChat, words: string): boolean {
  const room = chat.named(words);
  return room?.kind === "sealed-room" && room.readers.includes("bob");
}
