import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { FramePeer, makeDevice, recordOf, type TestDevice } from "../helpers/frame-peer.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { startTestServer } from "../helpers/server.ts";
import { newSigningKey } from "../../src/mls/identity/ed25519.ts";
import type { RoomPolicy } from "../../src/mls/room-policy.ts";

const OPEN: RoomPolicy = { access: "open", add: "members", remove: "members", moderators: [], listed: [] };
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (words: string) => new TextEncoder().encode(words);
const newId = () => randomBytes(16).toString("base64url");
const now = () => Math.floor(Date.now() / 1000);

async function arrive(port: number, name: string): Promise<{ peer: FramePeer; device: TestDevice }> {
  const peer = await FramePeer.connect(port);
  const device = makeDevice(peer.hello.server.id, { kind: "name", identity: name });
  await peer.greet(name, device);
  return { peer, device };
}

test("SR-1 two devices meet in #everyone, by an external commit, and read one another; the server keeps what it can't read", async () => {
  await using server = await startTestServer();
  const alice = await arrive(server.port, "alice");
  const bob = await arrive(server.port, "bob");
  const group = newId();
  const created = alice.device.engine.createGroup(new Uint8Array(Buffer.from(group, "base64url")), OPEN);
  await alice.peer.get("create-group", { group, place: { kind: "everyone" }, groupInfo: created.info() });

  const { epoch, groupInfo } = await bob.peer.get("read-group-info", { group });
  expect(epoch).toBe(0);
  const joined = await bob.device.engine.joinExternal(groupInfo);
  const { number } = await bob.peer.get("commit", {
    group,
    request: newId(),
    epoch,
    commit: joined.commit,
    welcome: null,
    groupInfo: joined.groupInfo,
  });
  expect(number).toBe(1);
  const { entry } = await alice.peer.next("entry");
  expect(created.process(entry.bytes)).toMatchObject({ kind: "external-join", epoch: 1 });
  expect(created.authenticator()).toEqual(joined.group.authenticator());

  const sealed = created.seal(bytes("the code is 4711"));
  await alice.peer.get("send", { group, epoch: 1, counter: 1, message: newId(), bytes: sealed.message });
  const heard = await bob.peer.next("entry");
  expect(text(joined.group.open(heard.entry.bytes).plaintext)).toBe("the code is 4711");
});

test("SR-2 who was added while away finds a Welcome and what was said meanwhile", async () => {
  await using server = await startTestServer();
  const alice = await arrive(server.port, "alice");
  const bob = await arrive(server.port, "bob");
  const kept = bob.device.engine.keyPackage({ now: now(), lifetime: 86_400 });
  await bob.peer.get("publish-packages", { packages: [kept.keyPackage], lastResort: null, replace: false });
  bob.peer[Symbol.dispose]();

  const group = newId();
  const room = alice.device.engine.createGroup(new Uint8Array(Buffer.from(group, "base64url")), {
    ...OPEN,
    access: "invite",
  });
  await alice.peer.get("create-group", { group, place: { kind: "room", name: "ops" }, groupInfo: room.info() });
  const of = [Buffer.from(bob.device.id).toString("base64url")];
  const { packages } = await alice.peer.get("take-packages", { group, of });
  const add = room.commitAdd(
    packages.map(({ keyPackage }) => keyPackage),
    now(),
  );
  const { commit, welcome, groupInfo } = add;
  await alice.peer.get("commit", { group, request: newId(), epoch: 0, commit, welcome, groupInfo });
  room.apply();
  const sealed = room.seal(bytes("welcome, bob"));
  await alice.peer.get("send", { group, epoch: 1, counter: 1, message: newId(), bytes: sealed.message });

  using again = await FramePeer.connect(server.port);
  await again.greet("bob", bob.device);
  const { groups } = await again.get("groups", { after: null });
  expect(groups).toMatchObject([{ group, welcome: true, head: 2, cursor: 1 }]);
  const waiting = await again.get("read-welcome", { group });
  const { group: joined } = await bob.device.engine.join(waiting.welcome, kept.secret);
  await again.get("welcome-done", { group });
  const { entries } = await again.get("read", { group, after: waiting.entry, limit: 100 });
  expect(entries.map((entry) => text(joined.open(entry.bytes).plaintext))).toEqual(["welcome, bob"]);
});

test("SE-16 a sealed message counts as any other: over the limit it is refused, and its number stays the next one", async () => {
  await using server = await startTestServer({ config: { messageRate: 1 } });
  const { peer, device } = await arrive(server.port, "alice");
  const group = newId();
  const room = device.engine.createGroup(new Uint8Array(Buffer.from(group, "base64url")), OPEN);
  await peer.get("create-group", { group, place: { kind: "everyone" }, groupInfo: room.info() });
  const send = async (counter: number, size: number) =>
    await peer.ask("send", { group, epoch: 0, counter, message: newId(), bytes: new Uint8Array(size) });
  expect(await send(1, 40 * 1024)).toMatchObject({ reply: { number: 1 } });
  expect(await send(2, 40 * 1024)).toEqual({ refusal: { reason: "too-many-messages" } });
  expect(await send(2, 1)).toMatchObject({ reply: { number: 2 } });
});

test("GR-52 a room that grows over its bytes loses its oldest messages at once, not with the next round", async () => {
  await using server = await startTestServer({ config: { messageRate: 0, messageBytes: 64 * 1024 } });
  const alice = await arrive(server.port, "alice");
  const bob = await arrive(server.port, "bob");
  const group = newId();
  const room = alice.device.engine.createGroup(new Uint8Array(Buffer.from(group, "base64url")), OPEN);
  await alice.peer.get("create-group", { group, place: { kind: "everyone" }, groupInfo: room.info() });
  const { groupInfo } = await bob.peer.get("read-group-info", { group });
  const joined = await bob.device.engine.joinExternal(groupInfo);
  await bob.peer.get("commit", {
    group,
    request: newId(),
    epoch: 0,
    commit: joined.commit,
    welcome: null,
    groupInfo: joined.groupInfo,
  });
  for (let counter = 1; counter <= 12; counter++)
    await alice.peer.get("send", { group, epoch: 1, counter, message: newId(), bytes: new Uint8Array(8192) });
  // Each question is a round trip; what was asked to be forgotten is under way.
  const left = async () => await bob.peer.get("read", { group, after: 1, limit: 100 });
  let page = await left();
  while (page.entries.length > 8) page = await left();
  expect(page.messagesForgotten).toBeGreaterThan(0);
  expect(page.entries.at(-1)?.number).toBe(13);
});

test("SR-3 a device that can't prove its key, or whose record names somebody else, is refused", async () => {
  await using server = await startTestServer();
  using peer = await FramePeer.connect(server.port);
  const device = makeDevice(peer.hello.server.id, { kind: "name", identity: "alice" });
  const hello = peer.helloOf("alice", device);
  const proof = new Uint8Array(64);
  expect(await peer.ask("hello", { ...hello, device: hello.device && { ...hello.device, proof } })).toEqual({
    refusal: { reason: "wrong-proof" },
  });
  const others = makeDevice(peer.hello.server.id, { kind: "name", identity: "bob" });
  expect(await peer.ask("hello", peer.helloOf("alice", others))).toEqual({ refusal: { reason: "wrong-device" } });
  const elsewhere = makeDevice(newId(), { kind: "name", identity: "alice" });
  expect(await peer.ask("hello", peer.helloOf("alice", elsewhere))).toEqual({ refusal: { reason: "wrong-device" } });
  // All else is right: only the record is of another server, or of another device of that key.
  const owner = { kind: "name", identity: "alice" } as const;
  for (const record of [
    recordOf(newId(), owner, device, newSigningKey()),
    recordOf(peer.hello.server.id, owner, { ...device, id: new Uint8Array(randomBytes(16)) }, newSigningKey()),
  ]) {
    const { device: shown, ...rest } = peer.helloOf("alice", device);
    expect(await peer.ask("hello", { ...rest, device: shown && { ...shown, record } })).toEqual({
      refusal: { reason: "wrong-device" },
    });
  }
  expect(await peer.ask("say", { text: "hi" })).toEqual({ refusal: { reason: "hello-first" } });
  expect(await peer.greet("alice", device)).toMatchObject({ name: "alice", device: { packages: 0 } });
});

test("GR-65 a device offers key packages of its own key, that haven't expired, and no others", async () => {
  await using server = await startTestServer();
  const alice = await arrive(server.port, "alice");
  const bob = await arrive(server.port, "bob");
  const made = ({ device }: typeof alice, since: number) =>
    device.engine.keyPackage({ now: since, lifetime: 86_400 }).keyPackage;
  const offer = (...packages: Uint8Array[]) =>
    alice.peer.ask("publish-packages", { packages, lastResort: null, replace: false });
  const refused = { refusal: { reason: "invalid-handshake" } };
  expect(await offer(made(bob, now()))).toEqual(refused);
  expect(await offer(made(alice, now()), made(bob, now()))).toEqual(refused);
  expect(await offer(made(alice, now() - 2 * 86_400))).toEqual(refused);
  expect(await offer(new Uint8Array(randomBytes(300)))).toEqual(refused);
  const lastResort = made(alice, now());
  expect(await alice.peer.ask("publish-packages", { packages: [], lastResort, replace: false })).toEqual(refused);
  expect(await offer(made(alice, now()))).toEqual({ reply: {} });
});

test("SR-8 who writes learns when everybody else has it, by one of their devices at least", async () => {
  await using server = await startTestServer();
  const alice = await arrive(server.port, "alice");
  const bob = await arrive(server.port, "bob");
  const group = newId();
  const created = alice.device.engine.createGroup(new Uint8Array(Buffer.from(group, "base64url")), OPEN);
  await alice.peer.get("create-group", { group, place: { kind: "everyone" }, groupInfo: created.info() });
  const alone = await alice.peer.get("groups", { after: null });
  expect(alone.groups).toMatchObject([{ group, reached: null }]);
  const { epoch, groupInfo } = await bob.peer.get("read-group-info", { group });
  const joined = await bob.device.engine.joinExternal(groupInfo);
  const { commit } = joined;
  await bob.peer.get("commit", { group, request: newId(), epoch, commit, welcome: null, groupInfo: joined.groupInfo });
  const { entry } = await alice.peer.next("entry");
  created.process(entry.bytes);

  const { message } = created.seal(bytes("hello"));
  const sent = await alice.peer.get("send", { group, epoch: 1, counter: 1, message: newId(), bytes: message });
  await bob.peer.get("acknowledge", { group, number: sent.number });
  let told = 0;
  while (told < sent.number) told = (await alice.peer.next("reached")).number;
  expect(told).toBe(sent.number);
  const after = await alice.peer.get("groups", { after: null });
  expect(after.groups).toMatchObject([{ group, reached: sent.number }]);
});

test("SR-9 a ban cuts a person off in every room at once, for the others to remove; unban lifts that; a kick ends sessions alone", async () => {
  await using server = await startTestServer();
  const alice = await arrive(server.port, "alice");
  const bob = await arrive(server.port, "bob");
  const group = newId();
  const created = alice.device.engine.createGroup(new Uint8Array(Buffer.from(group, "base64url")), OPEN);
  await alice.peer.get("create-group", { group, place: { kind: "everyone" }, groupInfo: created.info() });
  const { epoch, groupInfo } = await bob.peer.get("read-group-info", { group });
  const joined = await bob.device.engine.joinExternal(groupInfo);
  const { commit } = joined;
  await bob.peer.get("commit", { group, request: newId(), epoch, commit, welcome: null, groupInfo: joined.groupInfo });
  created.process((await alice.peer.next("entry")).entry.bytes);
  const device = Buffer.from(bob.device.id).toString("base64url");

  await alice.peer.get("kick", { target: "bob", reason: null });
  expect((await bob.peer.next("ended")).cause).toMatchObject({ kind: "kicked" });
  expect((await alice.peer.get("groups", { after: null })).groups).toMatchObject([{ removal: null }]);

  using again = await FramePeer.connect(server.port);
  await again.greet("bob", bob.device);
  await alice.peer.get("ban", { target: "bob", reason: "spam" });
  expect((await again.next("ended")).cause).toEqual({ kind: "banned", reason: "spam" });
  const due = await alice.peer.next("removal-due");
  expect(due.devices).toEqual([device]);
  expect((await alice.peer.get("groups", { after: null })).groups).toMatchObject([
    { group, removal: { devices: [device], since: due.since, until: due.until } },
  ]);
  using refused = await FramePeer.connect(server.port);
  void refused.greet("bob", bob.device).catch(() => {});
  expect((await refused.next("ended")).cause).toEqual({
    kind: "refused",
    refusal: { reason: "you-are-banned", because: "spam" },
  });

  await alice.peer.get("unban", { target: "bob" });
  expect((await alice.peer.next("removal-due")).devices).toEqual([]);
  using back = await FramePeer.connect(server.port);
  await back.greet("bob", bob.device);
  expect((await back.get("read", { group, after: 0, limit: 10 })).entries).toHaveLength(1);
});

test("GR-50 while the store can't be read a commit is refused for that alone, which is noticed; then it is taken", async () => {
  const store = createMemoryStore();
  let isFailing = false;
  const read: typeof store.read = async (range) => {
    if (isFailing) throw new Error("the disk has gone");
    return await store.read(range);
  };
  await using server = await startTestServer({ store: { ...store, read } });
  const alice = await arrive(server.port, "alice");
  const bob = await arrive(server.port, "bob");
  const group = newId();
  const created = alice.device.engine.createGroup(new Uint8Array(Buffer.from(group, "base64url")), OPEN);
  await alice.peer.get("create-group", { group, place: { kind: "everyone" }, groupInfo: created.info() });
  const { epoch, groupInfo } = await bob.peer.get("read-group-info", { group });
  const joined = await bob.device.engine.joinExternal(groupInfo);
  const { commit } = joined;
  const request = { group, request: newId(), epoch, commit, welcome: null, groupInfo: joined.groupInfo };
  isFailing = true;
  expect(await bob.peer.ask("commit", request)).toEqual({ refusal: { reason: "storage-failed" } });
  expect(await server.metric("padserve_store_failures_total")).toBe(1);
  isFailing = false;
  expect(await bob.peer.ask("commit", request)).toMatchObject({ reply: { number: 1 } });
});
