import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { readRecord } from "../../mls/identity/device-record.ts";
import { signingKeyOf } from "../../mls/identity/ed25519.ts";
import type { ShownDevice } from "../../mls/identity/pins.ts";
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

test("DI-14 who is seen first is pinned and blocks nothing; another key blocks until the person says yes", () => {
  const people = knownPeople({ pins: [], names: [] }, () => 5);
  expect(people.blocks(shows(bob, key))).toBeNull();
  const shown = { who: bob, userKey: key };
  expect(keep(people, people.firstUses([shown, shown])).length).toBe(1);
  expect(people.firstUses([shown, { who: bob, userKey: otherKey }])).toEqual([]);
  expect([people.blocks(shows(bob, key)), people.blocks(shows(bob, otherKey))]).toEqual([null, "changed-key"]);
  keep(people, people.verify(shown, "compared"));
  expect(people.verify({ who: bob, userKey: otherKey }, "compared")).toEqual([]);
  expect(people.level(whoKey(bob))).toBe("compared");
  keep(people, people.acceptKey({ who: bob, userKey: otherKey }));
  expect([people.blocks(shows(bob, otherKey)), people.level(whoKey(bob))]).toEqual([null, "unverified"]);
});

test("VN-2 a key that was compared is the person's, also in place of another that was known", () => {
  const people = knownPeople({ pins: [], names: [] }, () => 5);
  keep(people, people.firstUses([{ who: bob, userKey: key }]));
  expect(keep(people, people.compare({ who: bob, userKey: key })).length).toBe(1);
  expect([people.level(whoKey(bob)), people.keyOf(whoKey(bob))]).toEqual(["compared", key]);
  expect(people.compare({ who: bob, userKey: key })).toEqual([]);
  keep(people, people.compare({ who: bob, userKey: otherKey }));
  expect([people.level(whoKey(bob)), people.blocks(shows(bob, otherKey))]).toEqual(["compared", null]);
  expect(people.blocks(shows(bob, key))).toBe("changed-key");
  keep(people, people.compare({ who: mallory, userKey: key }));
  expect(people.level(whoKey(mallory))).toBe("compared");
});

test("DI-14 a name that leads to somebody else blocks writing to them until the person says yes", () => {
  const people = knownPeople({ pins: [], names: [] }, () => 5);
  keep(people, people.seeName("bob", bob));
  expect(people.seeName("Bob", bob)).toEqual([]);
  expect(people.seeName("bob", mallory)).toEqual([]);
  expect([people.blocks(shows(mallory, key)), people.blocks(shows(bob, key))]).toEqual(["remapped-name", null]);
  keep(people, people.acceptName("bob", mallory));
  expect(people.blocks(shows(mallory, key))).toBeNull();
  expect(people.seeName("bob", mallory)).toEqual([]);
});

test("DI-14 no more than ten thousand names are pinned by the server's word; those that are keep their people", () => {
  const names = Array.from({ length: 9_999 }, (_, index) => ({ name: `name-${index}`, who: bob }));
  const people = knownPeople({ pins: [], names }, () => 5);
  expect(keep(people, people.seeName("bob", bob))).toHaveLength(1);
  expect(people.seeName("one-more", mallory)).toEqual([]);
  expect(people.seeName("bob", mallory)).toEqual([]);
  expect(people.blocks(shows(mallory, key))).toBe("remapped-name");
  expect(keep(people, people.acceptName("one-more", mallory))).toHaveLength(1);
});

test("DI-14 a name of one's own that was pinned to somebody else blocks none of one's own devices", () => {
  const names = [{ name: "alice", who: mallory }];
  const people = knownPeople({ pins: [], names }, () => 5, bob);
  expect(people.seeName("alice", bob)).toEqual([]);
  expect([people.blocks(shows(bob, key)), people.remappedName(whoKey(bob))]).toEqual([null, null]);
});

test("DI-14 what isn't on the disk yet counts for nothing", () => {
  const people = knownPeople({ pins: [], names: [] }, () => 5);
  const changes = people.firstUses([{ who: bob, userKey: key }]);
  expect(people.blocks(shows(bob, otherKey))).toBeNull();
  people.kept(changes);
  expect(people.blocks(shows(bob, otherKey))).toBe("changed-key");
});

function shows(identity: Who, userKey: Uint8Array): ShownDevice {
  return { identity, userKey, deviceId: new Uint8Array(16), deviceKey: new Uint8Array(32) };
}

function keep(people: KnownPeople, changes: readonly Change[]): readonly Change[] {
  people.kept(changes);
  return changes;
}
