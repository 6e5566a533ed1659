import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { readRecord } from "../../mls/identity/device-record.ts";
import { newSigningKey, signingKeyOf } from "../../mls/identity/ed25519.ts";
import { pinOf } from "../../mls/identity/pins.ts";
import type { ShownDevice } from "../../mls/identity/pins.ts";
import { rotateUserKey } from "../../mls/identity/succession.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import type { Change } from "../storage/changes.ts";
import { knownPeople } from "./known-people.ts";
import type { KnownPeople } from "./known-people.ts";
import { confirmDevice, isPending, makeDevice } from "./make-device.ts";

const server = new Uint8Array(16).fill(1);
const bob: Who = { server, kind: "person", identity: "1002" };
const mallory: Who = { server, kind: "person", identity: "6666" };
const [key, otherKey] = [new Uint8Array(32).fill(2), new Uint8Array(32).fill(3)];
const old = newSigningKey();
const fields = { ...bob, label: "bob@example.com", deviceLabel: "laptop", node: "", notAfter: 0n };

test("DI-13 the first device makes signature key and user key and signs its record; a later one is pending until one is signed for it", () => {
  const first = makeDevice(fields, { isFirst: true, randomBytes });
  const deviceKey = signingKeyOf(first.device.seed).publicKey;
  const userKey = signingKeyOf(first.userSeed ?? key).publicKey;
  expect(readRecord(first.device.record, deviceKey)).toMatchObject({ ok: true, record: { ...fields, userKey } });
  expect(first.changes.map(({ kind }) => kind)).toEqual(["device-made", "user-key-kept"]);
  expect(isPending(first.device)).toBe(false);

  const later = makeDevice({ ...fields, deviceLabel: "phone" }, { isFirst: false, randomBytes });
  expect([isPending(later.device), later.userSeed, later.changes.length]).toEqual([true, null, 1]);
  const laterKey = signingKeyOf(later.device.seed).publicKey;
  const record = confirmDevice({ ...fields, deviceId: later.device.id }, first.userSeed ?? key, laterKey);
  expect(readRecord(record, laterKey)).toMatchObject({ ok: true, record: { userKey } });
});

test("DI-14 who is seen first is pinned and blocks nothing; another key blocks until the person says yes", async () => {
  const people = knownPeople({ pins: [], names: [] }, () => 5);
  expect(people.blocks(shows(bob, key))).toBeNull();
  const shown = { who: bob, userKey: key };
  expect((await keep(people, () => people.firstUses([shown, shown]))).length).toBe(1);
  expect(people.firstUses([shown, { who: bob, userKey: otherKey }])).toEqual([]);
  expect([people.blocks(shows(bob, key)), people.blocks(shows(bob, otherKey))]).toEqual([null, "changed-key"]);
  await keep(people, () => people.verify(shown, "compared"));
  expect(people.verify({ who: bob, userKey: otherKey }, "compared")).toEqual([]);
  expect(people.level(whoKey(bob))).toBe("compared");
  await keep(people, () => people.acceptKey({ who: bob, userKey: otherKey }, key));
  expect([people.blocks(shows(bob, otherKey)), people.level(whoKey(bob))]).toEqual([null, "unverified"]);
});

test("VN-2 a key that was compared is the person's, also in place of another that was known", async () => {
  const people = knownPeople({ pins: [], names: [] }, () => 5);
  await keep(people, () => people.firstUses([{ who: bob, userKey: key }]));
  expect((await keep(people, () => people.compare({ who: bob, userKey: key }, key))).length).toBe(1);
  expect([people.level(whoKey(bob)), people.keyOf(whoKey(bob))]).toEqual(["compared", key]);
  expect(people.compare({ who: bob, userKey: key }, key)).toEqual([]);
  await keep(people, () => people.compare({ who: bob, userKey: otherKey }, key));
  expect([people.level(whoKey(bob)), people.blocks(shows(bob, otherKey))]).toEqual(["compared", null]);
  expect(people.blocks(shows(bob, key))).toBe("changed-key");
  await keep(people, () => people.compare({ who: mallory, userKey: key }, null));
  expect(people.level(whoKey(mallory))).toBe("compared");
});

test("DI-15 nobody's late word makes a former key theirs again: not a yes to it, and not its number", async () => {
  const people = knownPeople({ pins: [], names: [] }, () => 5);
  const former = { who: bob, userKey: old.publicKey };
  await keep(people, () => people.firstUses([former]));
  const rotated = rotateUserKey(bob, old, [], [randomBytes(16)]);
  await keep(people, () => people.succeed(bob, old.publicKey, [rotated.statement]));
  for (const known of [old.publicKey, rotated.userKey.publicKey]) {
    expect(people.acceptKey(former, known)).toEqual([]);
    expect(people.compare(former, known)).toEqual([]);
  }
  expect(people.keyOf(whoKey(bob))).toEqual(rotated.userKey.publicKey);
});

test("DI-15 nor where a yes to a third key came between; one that only a yes has replaced is theirs again once it was compared, not by a yes", async () => {
  const people = knownPeople({ pins: [], names: [] }, () => 5);
  const first = { who: bob, userKey: old.publicKey };
  await keep(people, () => people.firstUses([first]));
  const second = rotateUserKey(bob, old, [], [randomBytes(16)]);
  await keep(people, () => people.succeed(bob, old.publicKey, [second.statement]));
  const next = second.userKey.publicKey;
  await keep(people, () => people.acceptKey({ who: bob, userKey: otherKey }, next));
  expect(people.keyOf(whoKey(bob))).toEqual(otherKey);
  expect(people.acceptKey(first, otherKey)).toEqual([]);
  expect(people.compare(first, otherKey)).toEqual([]);
  expect(people.acceptKey({ who: bob, userKey: next }, otherKey)).toEqual([]);
  await keep(people, () => people.compare({ who: bob, userKey: next }, otherKey));
  expect([people.keyOf(whoKey(bob)), people.level(whoKey(bob))]).toEqual([next, "compared"]);
  expect(people.acceptKey({ who: bob, userKey: otherKey }, next)).toEqual([]);
  expect(people.acceptKey(first, next)).toEqual([]);
  expect(people.compare(first, next)).toEqual([]);
});

test("DI-18 a device's own statement moves its own pin from whatever it was", async () => {
  const thief = newSigningKey().publicKey;
  const people = knownPeople({ pins: [pinOf(bob, thief, 0)], names: [] }, () => 5);
  const { statement, userKey } = rotateUserKey(bob, old, [], [randomBytes(16)]);
  await keep(people, () => people.succeed(bob, old.publicKey, [statement]));
  expect(people.keyOf(whoKey(bob))).toEqual(userKey.publicKey);
  expect(people.acceptKey({ who: bob, userKey: thief }, userKey.publicKey)).toEqual([]);
  // Of another's statement, or the same again, nothing follows.
  expect(
    people.succeed(bob, old.publicKey, [rotateUserKey(bob, newSigningKey(), [], [randomBytes(16)]).statement]),
  ).toEqual([]);
  expect(people.succeed(bob, old.publicKey, [statement])).toEqual([]);
  // Nor of several of which the first leads nowhere.
  expect(people.succeed(bob, otherKey, [statement, statement])).toEqual([]);
});

test("DI-20 what a server tells of successions moves the pin of somebody known, and never one's own person's", () => {
  const { statement, userKey } = rotateUserKey(bob, old, [], [randomBytes(16)]);
  const shown = userKey.publicKey;
  const pins = [pinOf(bob, old.publicKey, 0)];
  const told = (people: KnownPeople, who = bob, key_ = shown) =>
    people.told(whoKey(who), [statement], { shown: key_, leaves: [] });
  for (const own of [null, ownLeaf(mallory)]) {
    const people = knownPeople({ pins, names: [] }, () => 5, own);
    expect(told(people)).toMatchObject([{ kind: "pin-kept", pin: { who: bob, userKey: shown } }]);
    expect(told(people, mallory)).toEqual([]);
    expect(told(people, bob, otherKey)).toEqual([]);
  }
  expect(told(knownPeople({ pins, names: [] }, () => 5, ownLeaf(bob)))).toEqual([]);
});

test("DI-22 what a server tells of keys before the pinned one teaches the pin of anybody known, one's own person too", () => {
  const { statement, userKey } = rotateUserKey(bob, old, [], [randomBytes(16)]);
  const pins = [pinOf(bob, userKey.publicKey, 0)];
  for (const own of [null, ownLeaf(mallory), ownLeaf(bob)]) {
    const people = knownPeople({ pins, names: [] }, () => 5, own);
    const told = (who: Who) => people.told(whoKey(who), [statement], { shown: old.publicKey, leaves: [] });
    expect(told(bob)).toMatchObject([
      { kind: "pin-kept", pin: { userKey: userKey.publicKey, former: { keys: [old.publicKey] } } },
    ]);
    expect(told(mallory)).toEqual([]);
  }
});

test("DI-18 a device's own statement is kept also where nobody has pinned its person yet", async () => {
  const people = knownPeople({ pins: [], names: [] }, () => 5);
  const { statement, userKey } = rotateUserKey(bob, old, [], [randomBytes(16)]);
  await keep(people, () => people.succeed(bob, old.publicKey, [statement]));
  expect(people.keyOf(whoKey(bob))).toEqual(userKey.publicKey);
});

test("DI-14 the server's word for somebody's present key is remembered of ten thousand people", () => {
  const people = knownPeople({ pins: [], names: [] }, () => 5);
  const [one, other] = [key, otherKey].map((bytes) => Buffer.from(bytes).toString("base64url"));
  people.heard(whoKey(bob), one!);
  for (let nth = 1; nth < 10_000; nth += 1) people.heard(`person ${nth}`, "");
  people.heard(whoKey(bob), other!);
  people.heard(whoKey(mallory), other!);
  const first = (who: Who) =>
    people
      .firstUses([key, otherKey].map((userKey) => ({ who, userKey })))
      .map((change) => change.kind === "pin-kept" && change.pin.userKey);
  expect([first(bob), first(mallory)]).toEqual([[otherKey], [key]]);
});

test("DI-15 a yes and a comparison count only over what was pinned when they were said, also where that was nothing", async () => {
  const people = knownPeople({ pins: [pinOf(bob, key, 0)], names: [] }, () => 5);
  const third = new Uint8Array(32).fill(9);
  for (const word of ["acceptKey", "compare"] as const) {
    expect(people[word]({ who: bob, userKey: otherKey }, third)).toEqual([]);
    expect(people[word]({ who: bob, userKey: otherKey }, null)).toEqual([]);
    expect(people[word]({ who: mallory, userKey: otherKey }, key)).toEqual([]);
    expect(people[word]({ who: mallory, userKey: otherKey }, null)).toMatchObject([{ kind: "pin-kept" }]);
  }
  // The pinned key itself may be compared whatever was known before.
  expect(people.compare({ who: bob, userKey: key }, third)).toMatchObject([{ pin: { level: "compared" } }]);
  expect(people.verify({ who: mallory, userKey: key }, "compared")).toEqual([]);
  await keep(people, () => people.verify({ who: bob, userKey: key }, "compared"));
  for (const level of ["compared", "unverified"] as const)
    expect(people.verify({ who: bob, userKey: key }, level)).toEqual([]);
});

test("DI-6 somebody is known by the first name that was pinned to them and still is", async () => {
  const names = ["robert", "bob"].map((name) => ({ name, who: bob }));
  const people = knownPeople({ pins: [], names }, () => 5);
  const name = () => people.nameOf(whoKey(bob));
  expect(name()).toBe("robert");
  for (const again of ["bobby", "Bob"]) {
    await keep(people, () => people.acceptName(again, bob));
    expect(name()).toBe("robert");
  }
  await keep(people, () => people.acceptName("bob", mallory));
  expect([name(), people.nameOf(whoKey(mallory))]).toEqual(["robert", "bob"]);
  await keep(people, () => people.acceptName("ROBERT", mallory));
  expect(name()).toBe("bobby");
  await keep(people, () => people.acceptName("bobby", mallory));
  expect(name()).toBeNull();
});

test.each([true, false])(
  "GS-43 who reads a commit about somebody before having seen them pins what the server calls their present key, if it is shown (heard: %s)",
  (isHeard) => {
    const people = knownPeople({ pins: [], names: [] }, () => 5);
    if (isHeard) people.heard(whoKey(bob), Buffer.from(otherKey).toString("base64url"));
    const of = (nth: number, userKey: Uint8Array) => ({
      ...shows(bob, userKey),
      deviceId: new Uint8Array(16).fill(nth),
    });
    const [nas, laptop, phone] = [of(20, key), of(21, otherKey), of(22, key)];
    const { pins } = people.follow({
      before: [nas, laptop, phone],
      committer: shows(mallory, key),
      byJoiner: false,
      added: [],
      removed: [phone],
      authenticatedData: new Uint8Array(),
    });
    expect(pins.map(({ userKey }) => userKey)).toEqual([isHeard ? otherKey : key]);
  },
);

test("DI-14 a name that leads to somebody else blocks writing to them until the person says yes", async () => {
  const people = knownPeople({ pins: [], names: [] }, () => 5);
  await keep(people, () => people.seeName("bob", bob));
  expect(people.seeName("Bob", bob)).toEqual([]);
  expect(people.seeName("bob", mallory)).toEqual([]);
  expect([people.blocks(shows(mallory, key)), people.blocks(shows(bob, key))]).toEqual(["remapped-name", null]);
  await keep(people, () => people.acceptName("bob", mallory));
  expect(people.blocks(shows(mallory, key))).toBeNull();
  expect(people.seeName("bob", mallory)).toEqual([]);
});

test("DI-14 no more than ten thousand names are pinned by the server's word; those that are keep their people", async () => {
  const names = Array.from({ length: 9_999 }, (_, index) => ({ name: `name-${index}`, who: bob }));
  const people = knownPeople({ pins: [], names }, () => 5);
  expect(await keep(people, () => people.seeName("bob", bob))).toHaveLength(1);
  expect(people.seeName("one-more", mallory)).toEqual([]);
  expect(people.seeName("bob", mallory)).toEqual([]);
  expect(people.blocks(shows(mallory, key))).toBe("remapped-name");
  expect(await keep(people, () => people.acceptName("one-more", mallory))).toHaveLength(1);
});

test("DI-14 a name of one's own that was pinned to somebody else blocks none of one's own devices", () => {
  const names = [{ name: "alice", who: mallory }];
  const people = knownPeople({ pins: [], names }, () => 5, {
    identity: bob,
    deviceId: new Uint8Array(16),
    deviceKey: key,
  });
  expect(people.seeName("alice", bob)).toEqual([]);
  expect([people.blocks(shows(bob, key)), people.remappedName(whoKey(bob))]).toEqual([null, null]);
  // Anybody else's is another thing.
  const carol = { ...bob, identity: "1003" };
  expect(people.seeName("alice", carol)).toEqual([]);
  expect(people.blocks(shows(carol, key))).toBe("remapped-name");
});

test("DI-14 what isn't on the disk yet counts for nothing, and what the disk refuses never does", async () => {
  const people = knownPeople({ pins: [], names: [] }, () => 5);
  const disk = heldDisk();
  const isPinned = people.change(disk, () => people.firstUses([{ who: bob, userKey: key }]));
  await disk.asked();
  expect(people.blocks(shows(bob, otherKey))).toBeNull();
  disk.answer("kept");
  await isPinned;
  expect(people.blocks(shows(bob, otherKey))).toBe("changed-key");
  const refused = people.change(disk, () => people.firstUses([{ who: mallory, userKey: key }]));
  await disk.asked();
  disk.answer("refused");
  await expect(refused).rejects.toThrow("disk full");
  expect(people.keyOf(whoKey(mallory))).toBeNull();
});

test.each([
  ["compare", old.publicKey],
  ["acceptKey", otherKey],
] as const)(
  "DI-15 while a successor is on its way to the disk, %s over the key before it waits and takes nothing: the removed device stays one",
  async (word, userKey) => {
    const { people, next, statement, phone } = withPhoneLost();
    const disk = heldDisk();
    const succeeded = people.change(disk, () => people.succeed(bob, old.publicKey, [statement]));
    await disk.asked();
    // Said over what is pinned as yet.
    const known = people.keyOf(whoKey(bob));
    const said = people.change(disk, () => people[word]({ who: bob, userKey }, known));
    disk.answer("kept");
    await succeeded;
    expect(await said).toEqual([]);
    expect(people.keyOf(whoKey(bob))).toEqual(next);
    expect([people.blocks(phone), people.level(whoKey(bob))]).toEqual(["removed-device", "unverified"]);
    // Nor does a yes to the key that is the pinned one by now take away what is known of those before it.
    expect(people.acceptKey({ who: bob, userKey: next }, next)).toEqual([]);
  },
);

test("DI-44 what a device says under another key than the known one is in doubt until that key is known as theirs; under a former one, and of a removed device, for good", async () => {
  const { people, next, statement, phone } = withPhoneLost();
  const who = whoKey(bob);
  const changed = shows(bob, otherKey);
  const text = Buffer.from(otherKey).toString("base64url");
  expect(people.doubts(shows(bob, old.publicKey))).toBeNull();
  expect(people.doubts(changed)).toEqual({ kind: "changed-key", userKey: text });
  expect(people.isTheirs(who, text)).toBe(false);
  await keep(people, () => people.succeed(bob, old.publicKey, [statement]));
  expect(people.doubts(phone)).toEqual({ kind: "removed-device" });
  // Whoever has the former key under another id isn't helped by its having been theirs.
  const again = { ...phone, deviceId: new Uint8Array(16).fill(9) };
  expect(people.doubts(again)).toEqual({ kind: "changed-key", userKey: null });
  await keep(people, () => people.acceptKey({ who: bob, userKey: otherKey }, next));
  expect([people.doubts(changed), people.isTheirs(who, text)]).toEqual([null, true]);
  expect(people.isTheirs("nobody", text)).toBe(false);
});

test("DI-15 a first use is computed when all before it is kept; a change that fails keeps no other from its turn", async () => {
  const people = knownPeople({ pins: [], names: [] }, () => 5);
  const disk = heldDisk();
  const first = people.change(disk, () => people.firstUses([{ who: bob, userKey: key }]));
  const second = people.change(disk, () => people.firstUses([{ who: bob, userKey: otherKey }]));
  await disk.asked();
  disk.answer("kept");
  expect([(await first).length, await second, people.keyOf(whoKey(bob))]).toEqual([1, [], key]);
  const thrown = people.change(disk, () => {
    throw new RangeError("no such entry");
  });
  await expect(thrown).rejects.toThrow("no such entry");
  expect(await people.change(disk, () => [])).toEqual([]);
});

function ownLeaf(identity: Who) {
  return { identity, deviceId: new Uint8Array(16), deviceKey: key };
}

function shows(identity: Who, userKey: Uint8Array): ShownDevice {
  return { identity, userKey, deviceId: new Uint8Array(16), deviceKey: new Uint8Array(32) };
}

async function keep(people: KnownPeople, compute: () => readonly Change[]): Promise<readonly Change[]> {
  return await people.change({ commit: async () => await Promise.resolve() }, compute);
}

/** Bob's first key is pinned; his statement of the next one names his laptop as staying, and his phone as removed. */
function withPhoneLost() {
  const laptop = signingKeyOf(new Uint8Array(32).fill(4)).publicKey;
  const phone = { ...shows(bob, old.publicKey), deviceId: new Uint8Array(16).fill(5) };
  const staying = { fields: { ...fields, deviceId: new Uint8Array(16).fill(6) }, deviceKey: laptop };
  const { userKey, statement } = rotateUserKey(bob, old, [staying], [phone.deviceId]);
  const people = knownPeople({ pins: [pinOf(bob, old.publicKey, 0)], names: [] }, () => 5);
  return { people, next: userKey.publicKey, statement, phone };
}

/** A store whose commits wait until the test answers them. */
function heldDisk() {
  const waiting: PromiseWithResolvers<void>[] = [];
  let onAsked = Promise.withResolvers<void>();
  return {
    async commit(): Promise<void> {
      const held = Promise.withResolvers<void>();
      waiting.push(held);
      onAsked.resolve();
      await held.promise;
    },
    /** A commit waits. */
    async asked(): Promise<void> {
      await onAsked.promise;
      onAsked = Promise.withResolvers<void>();
    },
    answer(how: "kept" | "refused"): void {
      const held = waiting.shift();
      if (how === "kept") held?.resolve();
      else held?.reject(new Error("disk full"));
    },
  };
}
