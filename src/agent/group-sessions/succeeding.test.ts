import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hex, outgoing, testDevice, textsOf } from "../../../test/agent/device.ts";
import type { TestDevice } from "../../../test/agent/device.ts";
import { idealLog } from "../../../test/agent/ideal-log.ts";
import type { IdealLog } from "../../../test/agent/ideal-log.ts";
import { overriding } from "../../../test/agent/overriding.ts";
import type { Group } from "../../mls/group-engine.ts";
import { newSigningKey } from "../../mls/identity/ed25519.ts";
import { rotateUserKey } from "../../mls/identity/succession.ts";
import type { StayingDevice } from "../../mls/identity/succession.ts";
import type { Pin } from "../../mls/identity/pins.ts";
import type { Intent } from "../storage/kept.ts";
import { Fault } from "../storage/sqlite/database.ts";

let log: IdealLog;
let devices: TestDevice[];
let group: Uint8Array;
const userKey = newSigningKey();
beforeEach(() => {
  log = idealLog();
  devices = [];
  group = Uint8Array.from(randomBytes(16));
});
afterEach(() => {
  for (const device of devices) device.close();
});

test("GS-40 a device is removed: the rest goes on under the new key without a hold, and it reads its removal and nothing behind it", async () => {
  const { alice, laptop, desktop, phone } = await scene();
  await say(laptop, "one");
  const { intent, records, next } = await rotation(laptop, [laptop, desktop], [phone]);
  laptop.engine.renewRecord(records[0]!);
  expect((await laptop.session(group).commit(intent)).kind).toBe("done");
  for (const device of [alice, laptop, desktop]) {
    await device.session(group).advance();
    expect((await look(device)).holds).toEqual([]);
  }
  expect(await pinnedBy(alice)).toMatchObject({ userKey: next, level: "unverified" });
  expect((await alice.history()).at(-1)?.entry).toEqual({
    kind: "device-removed",
    who: laptop.who,
    by: "",
    devices: [""],
  });
  // Then with its record under the new key; a third time there is nothing to do.
  expect((await laptop.session(group).commit(intent)).kind).toBe("done");
  expect((await laptop.session(group).commit(intent)).kind).toBe("nothing-to-do");
  await say(alice, "two");
  await say(laptop, "three");
  const behind = await Promise.all([alice, laptop, desktop].map(async (device) => (await look(device)).holds));
  expect(behind).toEqual([[], [], []]);
  expect(await textsOf(desktop)).toEqual(["one", "two", "three"]);

  expect(await phone.session(group).advance()).toEqual({ kind: "removed" });
  const last = (await phone.history()).at(-1);
  expect([await textsOf(phone), last?.entry.kind]).toEqual([["one"], "device-removed"]);
  const epochs = await Promise.all([alice, phone].map(async (device) => (await look(device)).authenticator));
  expect([epochs[0]?.length, epochs[1]]).toEqual([32, null]);

  // The third device was away; it takes its new record from the first.
  desktop.engine.renewRecord(records[1]!);
  expect((await desktop.session(group).commit(intent)).kind).toBe("done");
  await say(alice, "four");
  for (const device of [alice, laptop, desktop]) expect((await look(device)).holds).toEqual([]);
  expect(
    (await look(alice)).members.map(({ userKey: key }) => hex(key)).filter((key) => key === hex(next)).length,
  ).toBe(2);
});

test("GS-40 ended at any statement, the pin has moved together with the line in the history, or not at all", async () => {
  const { alice, laptop, desktop, phone } = await scene();
  const { intent, next } = await rotation(laptop, [laptop, desktop], [phone]);
  expect((await laptop.session(group).commit(intent)).kind).toBe("done");
  for (let point = 0; ; point += 1) {
    alice.endAfter(point);
    const outcome = await alice
      .session(group)
      .advance()
      .catch((error: unknown) => error);
    await alice.restart();
    const lines = (await alice.history()).filter(({ entry }) => entry.kind === "device-removed").length;
    const hasMoved = hex((await pinnedBy(alice))?.userKey ?? group) === hex(next);
    expect([lines, hasMoved]).toEqual(lines === 0 ? [0, false] : [1, true]);
    if (!(outcome instanceof Fault)) break;
  }
  await alice.session(group).advance();
  expect((await look(alice)).holds).toEqual([]);
});

test("GS-41 whoever comes back under the old key is held against, in its own name too, and takes no pin along", async () => {
  const { alice, laptop, desktop, phone } = await scene();
  const { intent, next } = await rotation(laptop, [laptop, desktop], [phone]);
  await laptop.session(group).commit(intent);
  await alice.session(group).advance();
  const thief = await newDevice("1002");
  await thief.enter(group);
  await thief.session(group).advance();
  await alice.session(group).advance();
  expect((await look(alice)).holds).toContainEqual(expect.objectContaining({ kind: "changed-key" }));
  const theirs = await rotation(thief, [thief], [laptop, desktop]);
  expect((await thief.session(group).commit(theirs.intent)).kind).toBe("done");
  await alice.session(group).advance();
  expect((await look(alice)).holds).toContainEqual(expect.objectContaining({ kind: "changed-key" }));
  expect((await pinnedBy(alice))?.userKey).toEqual(next);
});

test("GS-42 after a removal without a word a device that was there announces the key, and one that came since doesn't", async () => {
  const { alice, laptop, desktop, phone } = await scene();
  const { intent, records, next } = await rotation(laptop, [laptop, desktop], [phone]);
  expect((await alice.session(group).commit({ kind: "remove", devices: [phone.id] })).kind).toBe("done");
  const thief = await newDevice("1002");
  await thief.enter(group);
  await thief.session(group).advance();
  const theirs = await rotation(thief, [thief], [desktop]);
  expect((await thief.session(group).commit(theirs.intent)).kind).toBe("done");
  await alice.session(group).advance();
  expect((await pinnedBy(alice))?.userKey).toEqual(userKey.publicKey);

  laptop.engine.renewRecord(records[0]!);
  expect((await laptop.session(group).commit(intent)).kind).toBe("done");
  await alice.session(group).advance();
  expect((await pinnedBy(alice))?.userKey).toEqual(next);
  expect((await look(alice)).holds).toContainEqual(expect.objectContaining({ kind: "changed-key" }));
  await alice.session(group).commit({ kind: "remove", devices: [thief.id] });
  expect((await look(alice)).holds).toEqual([]);
});

test("GS-40 who comes in by a commit that announces a new user key besides is told of as ever", async () => {
  let statement: Uint8Array | null = null;
  const announcing = (given: Group): Group =>
    overriding(given, {
      commitAdd: (packages, now, options = {}) =>
        given.commitAdd(packages, now, { ...options, ...(statement !== null && { authenticatedData: statement }) }),
    });
  const { alice, laptop, desktop, phone } = await scene(announcing);
  const { intent, next } = await rotation(laptop, [laptop, desktop], [phone]);
  expect((await alice.session(group).commit({ kind: "remove", devices: [phone.id] })).kind).toBe("done");
  const carol = await testDevice({ log, identity: "1003" });
  devices.push(carol);
  await laptop.session(group).advance();
  statement = intent.kind === "succeed" ? intent.statement : null;
  const added = { deviceId: carol.id, keyPackage: await carol.keyPackage() };
  expect((await laptop.session(group).commit({ kind: "add", devices: [added] })).kind).toBe("done");
  await alice.session(group).advance();
  expect((await pinnedBy(alice))?.userKey).toEqual(next);
  expect((await alice.history()).at(-1)?.entry).toMatchObject({ kind: "members", came: [carol.who], by: laptop.who });
});

test.each(["alone", "beside the present one"])(
  "GS-43 who comes behind the removal and sees the former key first, %s, takes the present one when it is said whose successor it is",
  async (order) => {
    const { laptop, desktop, phone } = await scene();
    // The leaves: Alice's, then those of Bob's devices.
    const [first, later] = order === "alone" ? [desktop, laptop] : [laptop, desktop];
    const { intent, records, next } = await rotation(later, [laptop, desktop], [phone]);
    expect((await later.session(group).commit(intent)).kind).toBe("done");
    later.engine.renewRecord(records[order !== "alone" ? 1 : 0]!);
    if (order !== "alone") expect((await later.session(group).commit(intent)).kind).toBe("done");
    const carol = await testDevice({ log, identity: "1003" });
    devices.push(carol);
    await carol.enter(group);
    await carol.session(group).advance();
    expect((await pinnedBy(carol))?.userKey).toEqual(userKey.publicKey);
    expect((await look(carol)).holds.map(({ kind }) => kind)).toEqual(order !== "alone" ? ["changed-key"] : []);

    expect((await later.session(group).commit({ ...intent, again: true })).kind).toBe("done");
    await carol.session(group).advance();
    expect([(await pinnedBy(carol))?.userKey, (await look(carol)).holds]).toEqual([next, []]);
    // Whoever comes back under the former key is found out from then on.
    await phone.session(group).advance();
    const thief = await newDevice("1002");
    await thief.enter(group);
    await thief.session(group).advance();
    await carol.session(group).advance();
    expect((await look(carol)).holds.map(({ kind }) => kind)).toContain("changed-key");
    expect((await look(first)).row.status).toBe("active");
  },
);

interface Scene {
  readonly alice: TestDevice;
  readonly laptop: TestDevice;
  readonly desktop: TestDevice;
  readonly phone: TestDevice;
}

/** Alice has one device; the three others are Bob's, under one user key. All are in the room and have read one another's coming. */
async function scene(wrap?: (given: Group) => Group): Promise<Scene> {
  const alice = await testDevice({ log, identity: "1001" });
  devices.push(alice);
  const own = [await newDevice("1002", wrap), await newDevice("1002"), await newDevice("1002")] as const;
  await alice.create(group);
  await alice.session(group).advance();
  for (const device of own) {
    await device.enter(group);
    await device.session(group).advance();
  }
  for (const device of [alice, ...own]) await device.session(group).advance();
  const [laptop, desktop, phone] = own;
  for (const device of [alice, ...own]) await device.session(group).showReaders((await look(device)).people);
  return { alice, laptop, desktop, phone };
}

async function newDevice(identity: string, wrap?: (given: Group) => Group): Promise<TestDevice> {
  const device = await testDevice({ log, identity, userKey, ...(wrap && { wrap }) });
  devices.push(device);
  return device;
}

/** Signed with Bob's first user key, which all his devices have, the removed among them. */
async function rotation(by: TestDevice, staying: readonly TestDevice[], removed: readonly TestDevice[]) {
  const { members } = await look(by);
  const known = staying.map(({ id }): StayingDevice => {
    const member = members.find(({ deviceId }) => hex(deviceId) === hex(id));
    if (member === undefined) throw new Error("not a member");
    const { identity, label, deviceId, deviceLabel, deviceKey } = member;
    return { fields: { ...identity, label, deviceId, deviceLabel, node: "", notAfter: 0n }, deviceKey };
  });
  const ids = removed.map(({ id }) => id);
  const rotated = rotateUserKey(members.find(({ who }) => who === by.who)!.identity, userKey, known, ids);
  const intent: Intent = { kind: "succeed", statement: rotated.statement, devices: ids, again: false };
  return { intent, records: rotated.records, next: rotated.userKey.publicKey };
}

async function look(device: TestDevice) {
  return await device.session(group).look();
}

/** What a device has pinned as Bob's. */
async function pinnedBy(device: TestDevice): Promise<Pin | undefined> {
  return (await device.store.load()).pins.find(({ who }) => who.identity === "1002");
}

async function say(device: TestDevice, text: string): Promise<void> {
  await device.session(group).advance();
  await device.session(group).write(outgoing(text), (await look(device)).people);
  expect(await device.session(group).advance()).toEqual({ kind: "idle" });
  for (const other of devices) await other.session(group).advance();
}
