import { expect, test } from "vitest";
import { newSigningKey } from "../../mls/identity/ed25519.ts";
import { pinOf } from "../../mls/identity/pins.ts";
import type { Pin, ShownDevice } from "../../mls/identity/pins.ts";
import { rotateUserKey, stayingTag } from "../../mls/identity/succession.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import { followCommit } from "./follow-commit.ts";
import type { OwnLeaf, SeenCommit } from "./follow-commit.ts";

const server = new Uint8Array(16).fill(1);
const [bob, carol, dave] = ["1002", "1003", "1004"].map((identity): Who => ({ server, kind: "person", identity }));
const old = newSigningKey();
const others = new Uint8Array(32).fill(7);
const [laptop, phone, desktop] = [device(bob!, 1), device(bob!, 2), device(bob!, 3)];
const carols = device(carol!, 4, others);
const daves = device(dave!, 5, others);
const rotation = rotate([laptop, desktop], [phone]);
const next = rotation.userKey.publicKey;
const compared: Pin = { ...pinOf(bob!, old.publicKey, 0), level: "compared" };

const nothing = { pins: [], succession: null };

/** The laptop removes the phone, with a word. */
const announced: SeenCommit = {
  before: [carols, daves, laptop, phone, desktop],
  committer: laptop,
  byJoiner: false,
  added: [],
  removed: [phone],
  authenticatedData: rotation.statement,
};

test("DI-9 a commit that removes a device and announces the next user key moves that person's pin, and theirs alone", () => {
  const { pins, succession } = follow(announced);
  expect(pins).toMatchObject([{ who: bob, userKey: next, level: "compared" }]);
  expect(succession).toEqual({ removed: [phone.deviceId], isNew: true });
  // Seen once more, in another group, it changes nothing.
  expect(follow(announced, pins)).toEqual({ pins: [], succession: { removed: [phone.deviceId], isNew: false } });
});

test("DI-9 who comes in by the very commit announces nothing, and neither does another person with somebody's statement", () => {
  for (const commit of [
    { ...announced, byJoiner: true },
    { ...announced, before: [carols, daves, phone, desktop] },
    { ...announced, committer: carols },
  ]) {
    const { pins, succession } = follow(commit);
    expect(succession).toBeNull();
    expect(pins.map(({ who, userKey }) => [who, userKey])).toEqual([[bob, old.publicKey]]);
  }
});

test("DI-9 of a commit each person is told apart: who went without a word, who stayed, who came", () => {
  const { pins } = follow({ ...announced, committer: carols, removed: [daves, phone], authenticatedData: none() });
  expect(pins).toMatchObject([{ who: bob, departures: { gone: [phone.deviceId], left: tags(laptop, desktop) } }]);
  // Whom one of those who stayed adds may announce, too.
  const tablet = device(bob!, 6);
  const [behind] = follow(
    {
      ...announced,
      before: [carols, laptop, desktop],
      removed: [],
      added: [daves, tablet],
      authenticatedData: none(),
    },
    pins,
  ).pins;
  expect(behind?.departures?.left).toEqual(tags(laptop, desktop, tablet));
});

test("DI-9 a device of somebody else's counts for nobody else, whatever its id", () => {
  const posing = { ...carols, deviceId: laptop.deviceId };
  const commit = { ...announced, before: [posing, laptop, phone], committer: posing, authenticatedData: none() };
  expect(follow(commit).pins).toMatchObject([{ who: bob, departures: { gone: [phone.deviceId] } }]);
});

test("DI-9 a device that replaces its own leaf goes nowhere: it announces as before, and so does everybody else of its person", () => {
  const resync = { ...announced, before: [carols, laptop, desktop, phone], byJoiner: true, authenticatedData: none() };
  expect(follow({ ...resync, committer: laptop, removed: [laptop], added: [laptop] })).toEqual(nothing);
  // Neither is it taken for one that has come since one went.
  const lost = follow({ ...announced, committer: carols, authenticatedData: none() }).pins;
  const back = { ...resync, before: [carols, laptop, desktop], committer: laptop, removed: [laptop], added: [laptop] };
  expect(follow(back, lost)).toEqual(nothing);
  const late = { ...announced, before: [carols, laptop, desktop], removed: [] };
  expect(follow(late, lost).succession).toMatchObject({ isNew: true });
  // Under the same id with another key it is another one, which puts it out.
  const posing = { ...laptop, deviceKey: new Uint8Array(32).fill(9) };
  const taking = follow({ ...resync, committer: posing, removed: [laptop], added: [posing] });
  expect(taking.pins).toMatchObject([{ departures: { gone: ids(laptop), left: tags(desktop, phone) } }]);
});

test("DI-9 a removed device that comes back under the id of one that stays announces nothing, beside that one, where it isn't, or after it went", () => {
  const lost = follow({ ...announced, committer: carols, authenticatedData: none() }).pins;
  const posing = { ...laptop, deviceKey: new Uint8Array(32).fill(9) };
  for (const named of [laptop, posing]) {
    const statement = rotate([named, desktop], [phone]).statement;
    const commit = { ...announced, committer: posing, removed: [], authenticatedData: statement };
    expect(follow({ ...commit, before: [carols, laptop, desktop, posing] }, lost).succession).toBeNull();
    expect(follow({ ...commit, before: [carols, posing, laptop, desktop] }, lost).succession).toBeNull();
    expect(follow({ ...commit, before: [carols, desktop, posing] }, lost).succession).toBeNull();
  }
  // The desktop's client has removed the laptop, as the server has ordered.
  const ordered = { ...announced, committer: desktop, before: [carols, laptop, desktop], removed: [laptop] };
  const [behind] = follow({ ...ordered, authenticatedData: none() }, lost).pins;
  expect(behind?.departures).toEqual({ gone: ids(phone), left: tags(desktop) });
});

test("DI-9 whom a device removes with a word that isn't taken went all the same: who comes since then announces nothing, and another of those that stayed does", () => {
  // Its word doesn't name the device that judges it, which came in that very moment.
  const own = desktop;
  const { statement } = rotate([laptop], [phone]);
  const unnamed = { ...announced, authenticatedData: statement };
  const { pins, succession } = follow(unnamed, [compared], own);
  expect(succession).toBeNull();
  expect(pins).toMatchObject([
    { userKey: old.publicKey, departures: { gone: ids(phone), left: tags(laptop, desktop) } },
  ]);
  // The removed one comes back under another id, puts out who has removed it, and takes that device along.
  const thief = device(bob!, 9);
  const theirs = { ...announced, before: [laptop, desktop, thief], committer: thief, removed: [laptop] };
  const taking = { ...theirs, authenticatedData: rotate([thief, desktop], [laptop]).statement };
  expect(follow(taking, pins, own).succession).toBeNull();
  // A phone of theirs that came by itself removes the tablet: the laptop, which was there, says so again.
  const [tablet, recent] = [device(bob!, 6), device(bob!, 7)];
  const made = rotate([laptop, desktop, recent], [tablet]).statement;
  const behind = follow({ ...announced, committer: carols, authenticatedData: none() }).pins;
  const there = [carols, laptop, desktop, tablet, recent];
  const late = { ...announced, before: there, committer: recent, removed: [tablet], authenticatedData: made };
  const refused = follow(late, behind);
  expect(refused.succession).toBeNull();
  const again = { ...late, before: [carols, laptop, desktop, recent], committer: laptop, removed: [] };
  expect(follow(again, refused.pins).succession).toMatchObject({ isNew: true });
});

test("DI-9 whom a person removes of their own, without a word, was not lost; who was there is pinned, and who only comes isn't", () => {
  expect(follow({ ...announced, authenticatedData: none() })).toEqual({ pins: [], succession: null });
  const tablet = device(dave!, 6, others);
  const comes = { ...announced, before: [carols], committer: carols, added: [tablet], removed: [] };
  expect(follow({ ...comes, authenticatedData: none() }, [])).toEqual({ pins: [], succession: null });
  // Of somebody unknown the one that the commit finds there is pinned by its key.
  const lost = { ...announced, committer: carols, authenticatedData: none() };
  expect(follow(lost, []).pins).toMatchObject([{ who: bob, userKey: old.publicKey, level: "unverified" }]);
});

test("DI-9 a device that is named as removed and comes in again by the same commit speaks against the statement", () => {
  const { pins, succession } = follow({ ...announced, added: [phone] });
  expect([pins.map(({ userKey }) => userKey), succession]).toEqual([[], null]);
});

test("DI-18 a commit that changes nothing but a leaf announces a key that was known from first sight, and nobody else's word does", () => {
  const update = { ...announced, before: [carols, laptop, desktop], removed: [] };
  expect(follow(update, []).pins).toMatchObject([{ who: bob, userKey: next }]);
  expect(follow({ ...update, committer: carols }, []).pins).toEqual([]);
  expect(follow({ ...update, authenticatedData: none() }, [])).toEqual({ pins: [], succession: null });
});

test("DI-18 a device follows its own person's key only where the statement names itself; of others that isn't asked", () => {
  const { statement } = rotate([laptop], [phone]);
  const commit = { ...announced, authenticatedData: statement };
  expect(follow(commit, [compared], desktop).succession).toBeNull();
  expect(follow(announced, [compared], desktop).succession).toMatchObject({ isNew: true });
  expect(follow(commit, [compared], carols).succession).toMatchObject({ isNew: true });
  expect(follow(commit, [compared], null).succession).toMatchObject({ isNew: true });
});

function follow(commit: SeenCommit, known: readonly Pin[] = [compared], own: OwnLeaf | null = null) {
  const pins = new Map(known.map((pin) => [whoKey(pin.who), pin]));
  return followCommit(commit, { pinned: (who) => pins.get(who) ?? null, heard: () => null, own, now: 5 });
}

function rotate(staying: readonly ShownDevice[], removed: readonly ShownDevice[]) {
  const fields = { ...bob!, label: "bob", deviceLabel: "", node: "", notAfter: 0n };
  const stay = staying.map(({ deviceId, deviceKey }) => ({
    fields: Object.assign({}, fields, { deviceId }),
    deviceKey,
  }));
  return rotateUserKey(bob!, old, stay, ids(...removed));
}

function device(identity: Who, number: number, userKey = old.publicKey): ShownDevice {
  const deviceId = new Uint8Array(16).fill(number);
  return { identity, userKey, deviceId, deviceKey: new Uint8Array(32).fill(number) };
}

function tags(...devices: readonly ShownDevice[]): Uint8Array[] {
  return devices.map(({ deviceId, deviceKey }) => stayingTag(deviceId, deviceKey));
}

function ids(...devices: readonly ShownDevice[]): Uint8Array[] {
  return devices.map(({ deviceId }) => deviceId);
}

function none(): Uint8Array {
  return new Uint8Array();
}
