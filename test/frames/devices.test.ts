import { expect, test } from "vitest";
import { signRecord } from "../../src/mls/identity/device-record.ts";
import { newSigningKey, type SigningKey } from "../../src/mls/identity/ed25519.ts";
import { signStatement } from "../../src/mls/identity/succession.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { FullStore, StoredFact } from "../../src/store/stored.ts";
import type { RequestBody } from "../../src/wire/frames/requests.ts";
import { FramePeer, makeDevice, recordOf, type TestDevice } from "../helpers/frame-peer.ts";
import { startTestServer } from "../helpers/server.ts";
import { startScene } from "../helpers/tailnet.ts";

const ALICE = { kind: "name", identity: "alice" } as const;
const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
const idOf = ({ id }: TestDevice) => base64url(id);
const sealed = new Uint8Array([1, 2, 3]);

test("FR-26 a second device of a bare name waits without that name, is confirmed by the first, and comes under its record", async () => {
  await using server = await startTestServer();
  const { userKey, first, device } = await aliceOn(server.port);
  using second = await FramePeer.connect(server.port);
  const other = makeDevice(second.hello.server.id, ALICE);
  expect(await second.ask("hello", second.helloOf("alice", other))).toMatchObject({
    refusal: { reason: "other-user-key" },
  });
  expect(await second.get("ask-confirmation", askOf(other))).toEqual({ confirmation: null });

  const { waiting } = await first.next("device-waits");
  expect(waiting).toMatchObject({ device: idOf(other), key: base64url(other.key.publicKey), label: "laptop2" });
  const listed = await first.get("own-devices", {});
  expect(listed.pending).toEqual([waiting]);
  expect(listed.devices).toMatchObject([{ device: idOf(device), online: true, sealKey: device.sealKey }]);
  // Nobody is told of it as of one of hers.
  expect(await first.get("look-up", { name: "alice" })).toMatchObject({
    person: { devices: [{ device: idOf(device) }] },
  });

  const record = recordOf(second.hello.server.id, ALICE, other, userKey);
  await first.get("confirm-device", { device: idOf(other), record, sealed });
  const confirmed = await second.next("confirmed");
  expect(confirmed).toEqual({
    type: "confirmed",
    device: idOf(other),
    confirmation: { record, sealed, statement: null, receipt: expect.any(Uint8Array) },
  });
  using again = await FramePeer.connect(server.port);
  await again.greet("alice", { ...other, record, counter: other.counter });
  expect(await first.get("own-devices", {})).toMatchObject({
    devices: [{ device: idOf(device) }, { device: idOf(other), online: true }],
    pending: [],
  });
  const { people } = await newsOf(first, 2);
  expect(people[0]?.devices.map(({ device: id }) => id).toSorted()).toEqual([idOf(device), idOf(other)].toSorted());
});

test("FR-26 what confirms a device is kept for it while it is away, until it has come", async () => {
  await using server = await startTestServer();
  const { userKey, first } = await aliceOn(server.port);
  const other = await waitingOn(server.port);
  const record = recordOf(first.hello.server.id, ALICE, other.device, userKey);
  other.peer[Symbol.dispose]();
  await first.get("confirm-device", { device: idOf(other.device), record, sealed });
  using again = await FramePeer.connect(server.port);
  const kept = { confirmation: { record, sealed, statement: null, receipt: expect.any(Uint8Array) } };
  expect(await again.get("ask-confirmation", askOf(other.device))).toEqual(kept);
  expect(await again.get("ask-confirmation", askOf(other.device))).toEqual(kept);
  await again.greet("alice", { ...other.device, record });
  using later = await FramePeer.connect(server.port);
  expect(await later.get("ask-confirmation", askOf(other.device))).toEqual({ confirmation: null });
});

test("FR-33 any device hears what a person's former keys have signed of the next, and nothing of somebody unknown", async () => {
  await using server = await startTestServer();
  const { userKey, first, device } = await aliceOn(server.port);
  const lost = await secondOf(server.port, userKey);
  using bob = await FramePeer.connect(server.port);
  await bob.greet("bob", makeDevice(bob.hello.server.id, { kind: "name", identity: "bob" }));
  expect(await bob.get("successions", { owner: ALICE })).toEqual({ statements: [] });
  const next = newSigningKey();
  await first.get("rotate-user-key", {
    former: base64url(userKey.publicKey),
    userKey: base64url(next.publicKey),
    removed: [idOf(lost.device)],
    statement: new Uint8Array([9]),
    own: recordOf(first.hello.server.id, ALICE, device, next),
    staying: [],
  });
  expect(await bob.get("successions", { owner: ALICE })).toEqual({ statements: [new Uint8Array([9])] });
  expect(await bob.get("successions", { owner: { kind: "name", identity: "carol" } })).toEqual({ statements: [] });
});

test("FR-37 a device tells a server that knows less how its person's key came about, by statements alone that lead to it", async () => {
  await using server = await startTestServer();
  const { userKey, first } = await aliceOn(server.port);
  const who = { server: Buffer.from(first.hello.server.id, "base64url"), ...ALICE };
  const [oldest, old] = [newSigningKey(), newSigningKey()];
  const goes = { staying: [], removed: [new Uint8Array(16)] };
  const chain = [signStatement(who, oldest, old, goes), signStatement(who, old, userKey, goes)];
  const wrong = [
    chain.toReversed(),
    chain.slice(0, 1),
    [chain[1]!, chain[1]!],
    [new Uint8Array(300), chain[1]!],
    [signStatement({ ...who, identity: "bob" }, old, userKey, goes)],
  ];
  for (const statements of wrong)
    expect(await first.ask("keep-successions", { statements })).toEqual({ refusal: { reason: "wrong-proof" } });
  await first.get("keep-successions", { statements: chain });
  using bob = await FramePeer.connect(server.port);
  await bob.greet("bob", makeDevice(bob.hello.server.id, { kind: "name", identity: "bob" }));
  expect(await bob.get("successions", { owner: ALICE })).toEqual({ statements: chain });
  // Of somebody else's key nobody tells anything.
  expect(await bob.ask("keep-successions", { statements: chain })).toEqual({ refusal: { reason: "wrong-proof" } });
});

test("FR-27 nobody but a device of the person, under the present user key, lists, confirms, dismisses or removes", async () => {
  await using server = await startTestServer();
  const { userKey, first } = await aliceOn(server.port);
  using bob = await FramePeer.connect(server.port);
  await bob.greet("bob", makeDevice(bob.hello.server.id, { kind: "name", identity: "bob" }));
  const { device, peer } = await waitingOn(server.port);
  const record = recordOf(first.hello.server.id, ALICE, device, userKey);
  const unknown = { refusal: { reason: "unknown-device", device: idOf(device) } };
  expect(await bob.get("own-devices", {})).toMatchObject({ pending: [] });
  // Bob's own user key under her device's record: it names her, not him.
  expect(await bob.ask("confirm-device", { device: idOf(device), record, sealed })).toEqual({
    refusal: { reason: "wrong-device" },
  });
  expect(await bob.ask("dismiss-device", { device: idOf(device) })).toEqual(unknown);
  const [own] = (await first.get("own-devices", {})).devices;
  expect(await bob.ask("retire-device", { device: own?.device ?? "" })).toMatchObject({
    refusal: { reason: "unknown-device" },
  });
  expect(await peer.ask("own-devices", {})).toEqual({ refusal: { reason: "hello-first" } });
  // Records of another key, another device, another person.
  for (const wrong of [
    recordOf(first.hello.server.id, ALICE, device, newSigningKey()),
    recordOf(first.hello.server.id, ALICE, makeDevice(first.hello.server.id, ALICE), userKey),
    recordOf(first.hello.server.id, { kind: "name", identity: "bob" }, device, userKey),
    new Uint8Array([1]),
  ]) {
    expect(await first.ask("confirm-device", { device: idOf(device), record: wrong, sealed })).toEqual({
      refusal: { reason: "wrong-device" },
    });
  }
});

test("FR-28 a seal key that the device hasn't signed, a removed device and a second device on one connection are refused", async () => {
  await using server = await startTestServer();
  const { first } = await aliceOn(server.port);
  using peer = await FramePeer.connect(server.port);
  const device = makeDevice(peer.hello.server.id, ALICE);
  const other = makeDevice(peer.hello.server.id, ALICE);
  expect(await peer.ask("ask-confirmation", { ...askOf(device), sealKey: other.sealKey })).toEqual({
    refusal: { reason: "wrong-proof" },
  });
  expect(await peer.ask("ask-confirmation", askOf(device, "nobody"))).toEqual({ refusal: { reason: "wrong-proof" } });
  const carol = makeDevice(peer.hello.server.id, { kind: "name", identity: "carol" });
  expect(await peer.ask("ask-confirmation", askOf(carol, "carol"))).toEqual({ refusal: { reason: "no-user-key" } });
  expect(await peer.get("ask-confirmation", askOf(device))).toEqual({ confirmation: null });
  expect(await peer.ask("ask-confirmation", askOf(other))).toEqual({ refusal: { reason: "wrong-device" } });
  // Nor may one that has said hello ask for another.
  expect(await first.ask("ask-confirmation", askOf(other))).toEqual({ refusal: { reason: "wrong-device" } });
  await first.get("dismiss-device", { device: idOf(device) });
  expect((await peer.next("ended")).cause).toEqual({ kind: "refused", refusal: { reason: "not-allowed" } });
});

test("FR-29 a rotation ends the removed device's connections at once and keeps it out; who was away comes with the former record and finds the rest", async () => {
  await using server = await startTestServer();
  const { userKey, first, device } = await aliceOn(server.port);
  const [lost, away] = [await secondOf(server.port, userKey), await secondOf(server.port, userKey)];
  away.peer[Symbol.dispose]();
  const next = newSigningKey();
  const staying = [
    { device: idOf(away.device), record: recordOf(first.hello.server.id, ALICE, away.device, next), sealed },
  ];
  const rotation = {
    former: base64url(userKey.publicKey),
    userKey: base64url(next.publicKey),
    removed: [idOf(lost.device)],
    statement: new Uint8Array([9]),
    own: recordOf(first.hello.server.id, ALICE, device, next),
    staying,
  };
  // Neither with somebody forgotten, nor with records of another key.
  expect(await first.ask("rotate-user-key", { ...rotation, staying: [] })).toEqual({
    refusal: { reason: "unknown-device", device: idOf(away.device) },
  });
  expect(await first.ask("rotate-user-key", { ...rotation, own: device.record })).toEqual({
    refusal: { reason: "wrong-device" },
  });
  for (const record of [
    recordOf(first.hello.server.id, ALICE, away.device, newSigningKey()),
    recordOf(first.hello.server.id, ALICE, lost.device, next),
    away.device.record,
  ]) {
    const wrong = [{ device: idOf(away.device), record, sealed }];
    expect(await first.ask("rotate-user-key", { ...rotation, staying: wrong })).toMatchObject({
      refusal: { reason: "wrong-device" },
    });
  }
  const { receipt } = await first.get("rotate-user-key", rotation);
  expect((await lost.peer.next("ended")).cause).toEqual({ kind: "refused", refusal: { reason: "device-removed" } });
  await lost.peer.closed();
  // Told again, it is answered again; another one from the same key is too late.
  expect(await first.get("rotate-user-key", rotation)).toEqual({ receipt });
  const late = newSigningKey();
  const other = {
    ...rotation,
    userKey: base64url(late.publicKey),
    own: recordOf(first.hello.server.id, ALICE, device, late),
    staying: [{ ...staying[0]!, record: recordOf(first.hello.server.id, ALICE, away.device, late) }],
  };
  expect(await first.ask("rotate-user-key", other)).toMatchObject({ refusal: { reason: "other-user-key" } });

  using back = await FramePeer.connect(server.port);
  expect(await back.ask("hello", back.helloOf("alice", lost.device))).toEqual({
    refusal: { reason: "device-removed" },
  });
  expect(await back.ask("ask-confirmation", askOf(lost.device))).toEqual({ refusal: { reason: "device-removed" } });
  const fresh = makeDevice(back.hello.server.id, ALICE, userKey);
  expect(await back.ask("hello", back.helloOf("alice", fresh))).toMatchObject({
    refusal: { reason: "other-user-key", userKey: rotation.userKey },
  });

  using came = await FramePeer.connect(server.port);
  expect((await came.greet("alice", away.device)).device).toMatchObject({ userKey: rotation.userKey });
  expect(await came.get("ask-confirmation", askOf(away.device))).toEqual({
    confirmation: {
      record: staying[0]!.record,
      sealed,
      statement: rotation.statement,
      receipt: expect.any(Uint8Array),
    },
  });
  const person = (await came.get("look-up", { name: "alice" })).person;
  expect(person?.userKey).toBe(rotation.userKey);
  expect(person?.devices.map(({ record }) => base64url(record)).toSorted()).toEqual(
    [rotation.own, staying[0]!.record].map(base64url).toSorted(),
  );
  using renewed = await FramePeer.connect(server.port);
  away.device.counter += 1;
  await renewed.greet("alice", { ...away.device, record: staying[0]!.record });
});

test("FR-29 everybody is told once of the new key and of whoever is left under it, and of no rotation that is refused", async () => {
  await using server = await startTestServer();
  const { userKey, first, device } = await aliceOn(server.port);
  const lost = await secondOf(server.port, userKey);
  using bob = await FramePeer.connect(server.port);
  await bob.greet("bob", null);
  const next = newSigningKey();
  const rotation = {
    former: base64url(userKey.publicKey),
    userKey: base64url(next.publicKey),
    removed: [idOf(lost.device)],
    statement: new Uint8Array([9]),
    own: recordOf(first.hello.server.id, ALICE, device, next),
    staying: [],
  };
  const fromAnother = { ...rotation, former: base64url(newSigningKey().publicKey) };
  expect(await first.ask("rotate-user-key", fromAnother)).toMatchObject({ refusal: { reason: "other-user-key" } });
  const { receipt } = await first.get("rotate-user-key", rotation);
  expect(await first.get("rotate-user-key", rotation)).toEqual({ receipt });
  await bob.get("look-up", { name: "alice" });
  const told = bob.pushes.flatMap((push) => (push.type === "presence" ? push.people : []));
  expect(told).toMatchObject([{ userKey: rotation.userKey, devices: [{ device: idOf(device) }] }]);
});

test("FR-29 a device that stays and is there hears of its new record at once", async () => {
  await using server = await startTestServer();
  const { userKey, first, device } = await aliceOn(server.port);
  const [lost, stays] = [await secondOf(server.port, userKey), await secondOf(server.port, userKey)];
  const next = newSigningKey();
  const record = recordOf(first.hello.server.id, ALICE, stays.device, next);
  await first.get("rotate-user-key", {
    former: base64url(userKey.publicKey),
    userKey: base64url(next.publicKey),
    removed: [idOf(lost.device)],
    statement: new Uint8Array([9]),
    own: recordOf(first.hello.server.id, ALICE, device, next),
    staying: [{ device: idOf(stays.device), record, sealed }],
  });
  expect(await stays.peer.next("confirmed")).toMatchObject({ confirmation: { record, sealed } });
  expect(await stays.peer.get("own-devices", {})).toMatchObject({ devices: [{}, {}] });
});

test("FR-38 with its new record a device gets the receipt of the key, by which alone a server that is restored from before goes on with that key", async () => {
  const store = keptStore();
  const server = await startTestServer({ store: store.open() });
  const { userKey, first, device } = await aliceOn(server.port);
  const [lost, stays, away] = [
    await secondOf(server.port, userKey),
    await secondOf(server.port, userKey),
    await secondOf(server.port, userKey),
  ];
  // Confirmed under the former key, it hasn't come with that yet.
  const late = await waitingOn(server.port);
  late.peer[Symbol.dispose]();
  const former = recordOf(first.hello.server.id, ALICE, late.device, userKey);
  await first.get("confirm-device", { device: idOf(late.device), record: former, sealed });
  away.peer[Symbol.dispose]();
  const backup = await store.copy();
  const next = newSigningKey();
  const staying = [stays, away].map((each) => ({
    device: idOf(each.device),
    record: recordOf(first.hello.server.id, ALICE, each.device, next),
    sealed,
  }));
  const { receipt } = await first.get("rotate-user-key", {
    former: base64url(userKey.publicKey),
    userKey: base64url(next.publicKey),
    removed: [idOf(lost.device)],
    statement: new Uint8Array([9]),
    own: recordOf(first.hello.server.id, ALICE, device, next),
    staying,
  });
  expect((await stays.peer.next("confirmed")).confirmation.receipt).toEqual(receipt);
  using asks = await FramePeer.connect(server.port);
  expect(await asks.get("ask-confirmation", askOf(away.device))).toMatchObject({ confirmation: { receipt } });
  using asksLate = await FramePeer.connect(server.port);
  const kept = await asksLate.ask("ask-confirmation", askOf(late.device));
  if ("reply" in kept) expect(kept.reply.confirmation?.receipt ?? null).toBeNull();
  await server.stop();

  await using restored = await startTestServer({ store: backup });
  using back = await FramePeer.connect(restored.port);
  const record = staying[0]!.record;
  // By the receipt of before nothing is told: it is known there under the former key.
  expect(await back.ask("hello", back.helloOf("alice", { ...stays.device, record }))).toMatchObject({
    reply: { device: { userKey: base64url(userKey.publicKey) } },
  });
  using again = await FramePeer.connect(restored.port);
  stays.device.counter += 1;
  await again.greet("alice", { ...stays.device, record, receipt });
  expect((await again.get("look-up", { name: "alice" })).person?.userKey).toBe(base64url(next.publicKey));
});

test("FR-40 a device that was confirmed while it was off is listed as one that has not come, until it has", async () => {
  await using server = await startTestServer();
  const { userKey, first, device } = await aliceOn(server.port);
  const other = await expectedOf(server.port, first, userKey);
  expect((await first.get("own-devices", {})).devices).toEqual([
    expect.objectContaining({ device: idOf(device), online: true, hasCome: true }),
    {
      device: idOf(other.device),
      key: base64url(other.device.key.publicKey),
      record: other.record,
      since: expect.any(Number),
      seen: expect.any(Number),
      online: false,
      sealKey: null,
      hasCome: false,
    },
  ]);
  expect((await first.get("own-devices", {})).pending).toEqual([]);
  // To others it is none of hers yet.
  expect((await first.get("look-up", { name: "alice" })).person?.devices.map(({ device: id }) => id)).toEqual([
    idOf(device),
  ]);
  using came = await FramePeer.connect(server.port);
  await came.greet("alice", { ...other.device, record: other.record });
  expect((await came.get("own-devices", {})).devices).toMatchObject([
    { device: idOf(device), hasCome: true },
    { device: idOf(other.device), online: true, sealKey: other.device.sealKey, hasCome: true },
  ]);
});

test("FR-40 one that was confirmed and has not come is removed as any other, and hears so when it comes", async () => {
  await using server = await startTestServer();
  const { userKey, first, device } = await aliceOn(server.port);
  const stolen = await expectedOf(server.port, first, userKey);
  const next = newSigningKey();
  await first.get("rotate-user-key", {
    former: base64url(userKey.publicKey),
    userKey: base64url(next.publicKey),
    removed: [idOf(stolen.device)],
    statement: new Uint8Array([9]),
    own: recordOf(first.hello.server.id, ALICE, device, next),
    staying: [],
  });
  expect((await first.get("own-devices", {})).devices.map(({ device: id }) => id)).toEqual([idOf(device)]);
  using back = await FramePeer.connect(server.port);
  const removed = { refusal: { reason: "device-removed" } };
  expect(await back.ask("ask-confirmation", askOf(stolen.device))).toEqual(removed);
  expect(await back.ask("hello", back.helloOf("alice", { ...stolen.device, record: stolen.record }))).toEqual(removed);
  using again = await FramePeer.connect(server.port);
  const record = recordOf(first.hello.server.id, ALICE, stolen.device, next);
  expect(await first.ask("confirm-device", { device: idOf(stolen.device), record, sealed })).toMatchObject({
    refusal: { reason: "unknown-device" },
  });
  expect(await again.ask("hello", again.helloOf("alice", { ...stolen.device, record }))).toEqual(removed);
});

test("FR-30 a device that is no more is removed without another user key, and no longer one of its person's", async () => {
  await using server = await startTestServer();
  const { userKey, first, device } = await aliceOn(server.port);
  const { device: copy, peer } = await secondOf(server.port, userKey);
  await first.get("retire-device", { device: idOf(copy) });
  await peer.closed();
  const { person } = await first.get("look-up", { name: "alice" });
  expect(person?.devices.map(({ device: id }) => id)).toEqual([idOf(device)]);
  expect(person?.userKey).toBe(base64url(userKey.publicKey));
  expect(await first.ask("retire-device", { device: idOf(device) })).toEqual({ refusal: { reason: "wrong-device" } });
});

test("FR-30 of a device that is no more everybody is told once, however often its person says so", async () => {
  await using server = await startTestServer();
  const { userKey, first, device } = await aliceOn(server.port);
  const { device: copy } = await secondOf(server.port, userKey);
  using bob = await FramePeer.connect(server.port);
  await bob.greet("bob", null);
  await first.get("retire-device", { device: idOf(copy) });
  const [alice] = (await bob.next("presence")).people;
  expect(alice?.devices.map(({ device: id }) => id)).toEqual([idOf(device)]);
  for (let count = 0; count < 50; count += 1) await first.get("retire-device", { device: idOf(copy) });
  await bob.get("look-up", { name: "alice" });
  expect(bob.pushes.filter(({ type }) => type === "presence")).toEqual([]);
});

test("FR-31 who has lost all devices begins anew where a tailnet vouches; a bare name can't", async () => {
  const { server, fake } = await startScene();
  const dial = async () => await FramePeer.connect(server.port, { socket: await fake.dial("bob-laptop", server.port) });
  using first = await dial();
  const { owner } = first.hello.you;
  if (owner === null) throw new Error("nobody");
  const lost = makeDevice(first.hello.server.id, owner);
  await first.greet("bob", lost);

  using second = await dial();
  const device = makeDevice(second.hello.server.id, owner);
  await second.greet("bob", null);
  expect(await second.get("ask-confirmation", askOf(device, null))).toEqual({ confirmation: null });
  await first.next("device-waits");
  const request = { name: null, device: resetOf(second, device) };
  const spoiled = { ...request.device, proof: new Uint8Array(64) };
  expect(await second.ask("reset-user-key", { name: null, device: spoiled })).toEqual({
    refusal: { reason: "wrong-proof" },
  });
  expect(await second.get("reset-user-key", request)).toEqual({});
  expect((await first.next("ended")).cause).toMatchObject({ refusal: { reason: "device-removed" } });
  using third = await dial();
  await third.greet("bob", device);
  const { person } = await third.get("look-up", { name: "bob" });
  expect(person?.devices.map(({ device: id }) => id)).toEqual([idOf(device)]);

  await using local = await startTestServer();
  const alice = await aliceOn(local.port);
  using peer = await FramePeer.connect(local.port);
  const thief = makeDevice(peer.hello.server.id, ALICE);
  expect(await peer.ask("reset-user-key", { name: "alice", device: resetOf(peer, thief) })).toEqual({
    refusal: { reason: "name-has-key" },
  });
  expect(await alice.first.get("own-devices", {})).toMatchObject({ devices: [{}] });
});

test("FR-31 whoever begins anew before its hello is told of under the name that the tailnet's person has, whatever name it says", async () => {
  const { server, fake } = await startScene();
  const dial = async (node: string) =>
    await FramePeer.connect(server.port, { socket: await fake.dial(node, server.port) });
  using carol = await dial("carol-laptop");
  await carol.greet("carol", null);
  using there = await dial("bob-phone");
  await there.greet("bob", null);
  const { owner } = there.hello.you;
  if (owner === null) throw new Error("nobody");
  using fresh = await dial("bob-laptop");
  const device = makeDevice(fresh.hello.server.id, owner);
  await carol.get("look-up", { name: "bob" });
  carol.pushes.length = 0;
  expect(await fresh.get("reset-user-key", { name: "carol", device: resetOf(fresh, device) })).toEqual({});
  await carol.get("look-up", { name: "bob" });
  const told = carol.pushes.flatMap((push) => (push.type === "presence" ? push.people : []));
  expect(told.map(({ name, devices }) => [name, devices.map(({ device: id }) => id)])).toEqual([
    ["bob", [idOf(device)]],
  ]);
});

test("FR-29 a rotation that is asked for again gets its first answer, also when a device that stayed has been removed since and is forgotten", async () => {
  const store = keptStore();
  const server = await startTestServer({ store: store.open() });
  const { userKey, first, device } = await aliceOn(server.port);
  const [lost, away] = [await secondOf(server.port, userKey), await secondOf(server.port, userKey)];
  const next = newSigningKey();
  const rotation = {
    former: base64url(userKey.publicKey),
    userKey: base64url(next.publicKey),
    removed: [idOf(lost.device)],
    statement: new Uint8Array([9]),
    own: recordOf(first.hello.server.id, ALICE, device, next),
    staying: [{ device: idOf(away.device), record: recordOf(first.hello.server.id, ALICE, away.device, next), sealed }],
  };
  const { receipt } = await first.get("rotate-user-key", rotation);
  await first.get("retire-device", { device: idOf(away.device) });
  const kept = await store.copy();
  await server.stop();
  await kept.commit({ facts: [{ table: "device", key: idOf(away.device), value: null }], appends: [], trims: [] });
  await using again = await startTestServer({ store: kept });
  using back = await FramePeer.connect(again.port);
  await back.greet("alice", { ...device, record: rotation.own, counter: device.counter });
  expect(await back.get("rotate-user-key", rotation)).toEqual({ receipt });
  // One that wasn't done is refused for it.
  const late = newSigningKey();
  const other = { ...rotation, former: rotation.userKey, userKey: base64url(late.publicKey) };
  const [record, own] = [away.device, device].map((each) => recordOf(back.hello.server.id, ALICE, each, late));
  const staying = [{ device: idOf(away.device), record: record!, sealed }];
  expect(await back.ask("rotate-user-key", { ...other, own: own!, staying })).toEqual({
    refusal: { reason: "unknown-device", device: idOf(away.device) },
  });
});

test("FR-32 a server that was restored from before a rotation goes on with the newer key as soon as a device with its receipt comes, whatever the removed one did meanwhile", async () => {
  const store = keptStore();
  let server = await startTestServer({ store: store.open() });
  const { userKey, first, device } = await aliceOn(server.port);
  const lost = await secondOf(server.port, userKey);
  const backup = await store.copy();
  const next = newSigningKey();
  const record = recordOf(first.hello.server.id, ALICE, device, next);
  const { receipt } = await first.get("rotate-user-key", {
    former: base64url(userKey.publicKey),
    userKey: base64url(next.publicKey),
    removed: [idOf(lost.device)],
    statement: new Uint8Array([9]),
    own: record,
    staying: [],
  });
  await server.stop();

  server = await startTestServer({ store: backup });
  await using _ = server;
  // The removed one is there first, and makes a key of its own the present one.
  using thief = await FramePeer.connect(server.port);
  await thief.greet("alice", lost.device);
  const own = newSigningKey();
  await thief.get("rotate-user-key", {
    former: base64url(userKey.publicKey),
    userKey: base64url(own.publicKey),
    removed: [idOf(device)],
    statement: new Uint8Array([9]),
    own: recordOf(first.hello.server.id, ALICE, lost.device, own),
    staying: [],
  });
  const robbed = { ...device, record, receipt, counter: device.counter };
  using back = await FramePeer.connect(server.port);
  expect(await back.ask("hello", back.helloOf("alice", robbed))).toMatchObject({ reply: { name: "alice" } });
  expect((await thief.next("ended")).cause).toMatchObject({
    // It comes again, and is then refused for good: others may have the present key by now.
    refusal: { reason: "other-user-key", userKey: base64url(next.publicKey) },
  });
  expect((await back.get("own-devices", {})).devices.map(({ device: id }) => id)).toEqual([idOf(device)]);
  using again = await FramePeer.connect(server.port);
  expect(await again.ask("hello", again.helloOf("alice", lost.device))).toMatchObject({
    refusal: { reason: "other-user-key" },
  });
  // Nor does its own receipt, or a forged one, bring its key back.
  for (const shown of [lost.device.receipt, new Uint8Array(56), new Uint8Array(3)]) {
    expect(await again.ask("hello", again.helloOf("alice", { ...lost.device, receipt: shown }))).toMatchObject({
      refusal: { reason: "other-user-key" },
    });
  }
});

/** Alice's first device, online. */
test("FR-35 whoever waits on a connection goes on waiting there, however many others of this machine ask under the same name", async () => {
  await using server = await startTestServer();
  const { first } = await aliceOn(server.port);
  const { device } = await waitingOn(server.port);
  const others = [];
  for (let nth = 0; nth < 20; nth += 1) {
    const peer = await FramePeer.connect(server.port);
    const other = makeDevice(peer.hello.server.id, ALICE);
    others.push(await peer.ask("ask-confirmation", askOf(other)));
    if (nth % 2 === 0) peer[Symbol.dispose]();
    if (nth % 2 === 0) await peer.closed();
  }
  const { pending } = await first.get("own-devices", {});
  expect(pending.map(({ device: id }) => id)).toContain(idOf(device));
  expect(pending.length).toBeLessThanOrEqual(4);
  expect(others.at(-1)).toEqual({ refusal: { reason: "too-many", of: "devices" } });
});

test("FR-35 of devices that nobody waits for yet only so many a minute are told to a person from one source, over whatever connections", async () => {
  await using server = await startTestServer();
  const { first } = await aliceOn(server.port);
  let refusal: unknown = null;
  let asked = 0;
  while (refusal === null && asked < 100) {
    using peer = await FramePeer.connect(server.port);
    const answer = await peer.ask("ask-confirmation", askOf(makeDevice(peer.hello.server.id, ALICE)));
    if ("refusal" in answer) ({ refusal } = answer);
    asked += 1;
  }
  expect(refusal).toEqual({ reason: "too-many-messages" });
  expect(asked).toBeLessThan(80);
  expect(first.isOpen).toBe(true);
});

test("FR-34 a hello tells everybody of a device when it shows something else of it, and no more often than its person may write", async () => {
  await using server = await startTestServer({ config: { messageRate: 1 } });
  const { userKey, first } = await aliceOn(server.port);
  using bob = await FramePeer.connect(server.port);
  await bob.greet("bob", null);
  const { peer, device } = await secondOf(server.port, userKey);
  peer[Symbol.dispose]();
  await newsOf(bob, 2);
  const comeAs = async (deviceLabel: string, notAfter: bigint) => {
    using again = await FramePeer.connect(server.port);
    const who = { ...ALICE, server: new Uint8Array(Buffer.from(again.hello.server.id, "base64url")) };
    const fields = { ...who, label: "alice", deviceId: device.id, deviceLabel, node: "", notAfter };
    const changed = { ...device, record: signRecord(fields, userKey, device.key.publicKey) };
    const answer = await again.ask("hello", again.helloOf("alice", changed));
    device.counter = changed.counter;
    return answer;
  };
  const later = BigInt(Math.floor(Date.now() / 1000) + 86_400);
  for (let nth = 0n; nth < 20n; nth += 1n) expect(await comeAs("test", later + nth)).toHaveProperty("reply");
  await first.get("look-up", { name: "alice" });
  await bob.get("look-up", { name: "alice" });
  expect(bob.pushes.filter(({ type }) => type === "presence")).toEqual([]);
  expect(await comeAs("phone", later)).toHaveProperty("reply");
  await newsOf(bob, 2);
  let answer = await comeAs("phone 0", later);
  for (let nth = 1; "reply" in answer && nth < 20; nth += 1) answer = await comeAs(`phone ${nth}`, later);
  expect(answer).toEqual({ refusal: { reason: "too-many-messages" } });
});

async function aliceOn(port: number): Promise<{ userKey: SigningKey; first: FramePeer; device: TestDevice }> {
  const first = await FramePeer.connect(port);
  const userKey = newSigningKey();
  const device = makeDevice(first.hello.server.id, ALICE, userKey);
  await first.greet("alice", device);
  return { userKey, first, device };
}

/** One that waits to be hers. */
async function waitingOn(port: number): Promise<{ peer: FramePeer; device: TestDevice }> {
  const peer = await FramePeer.connect(port);
  const device = makeDevice(peer.hello.server.id, ALICE);
  expect(await peer.get("ask-confirmation", askOf(device))).toEqual({ confirmation: null });
  return { peer, device };
}

/** One that she has confirmed when it had gone already. */
async function expectedOf(
  port: number,
  first: FramePeer,
  userKey: SigningKey,
): Promise<{ device: TestDevice; record: Uint8Array }> {
  const { peer, device } = await waitingOn(port);
  peer[Symbol.dispose]();
  const record = recordOf(first.hello.server.id, ALICE, device, userKey);
  await first.get("confirm-device", { device: idOf(device), record, sealed });
  return { device, record };
}

/** Another one of hers, online. */
async function secondOf(port: number, userKey: SigningKey): Promise<{ peer: FramePeer; device: TestDevice }> {
  const peer = await FramePeer.connect(port);
  const device = makeDevice(peer.hello.server.id, ALICE, userKey);
  await peer.greet("alice", device);
  return { peer, device };
}

function askOf(device: TestDevice, name: string | null = "alice"): RequestBody<"ask-confirmation"> {
  const key = base64url(device.key.publicKey);
  return { name, device: idOf(device), key, label: "laptop2", sealKey: device.sealKey, token: null, fresh: false };
}

function resetOf(peer: FramePeer, device: TestDevice): RequestBody<"reset-user-key">["device"] {
  const sent = peer.helloOf("", device).device;
  if (sent === null || sent.sealKey === null) throw new Error("no device");
  return { ...sent, sealKey: sent.sealKey };
}

/** The next push about people of whom one has so many devices. */
async function newsOf(peer: FramePeer, devices: number) {
  for (;;) {
    const push = await peer.next("presence");
    if (push.people.some((person) => person.devices.length === devices)) return push;
  }
}

/** A store whose copy is what a backup made then restores: the same server, as another incarnation. */
function keptStore(): { open(): FullStore; copy(): Promise<FullStore> } {
  const store = createMemoryStore();
  return {
    open: () => store,
    async copy() {
      const { rows, claims } = await store.load();
      const copy = createMemoryStore();
      const incarnation = base64url(new Uint8Array(16).fill(7));
      const facts = rows.map((row): StoredFact => {
        if (row.table !== "server") return row;
        return { table: "server", key: "self", value: { id: row.value.id, incarnation } };
      });
      await copy.commit({ facts: [...facts, ...claims.map(claimed)], appends: [], trims: [] });
      return copy;
    },
  };
}

const claimed = <C>(claim: C) => ({ kind: "name-claimed", claim }) as const;
