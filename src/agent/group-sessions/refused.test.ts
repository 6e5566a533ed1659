import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { outgoing, testDevice, textsOf } from "../../../test/agent/device.ts";
import type { TestDevice } from "../../../test/agent/device.ts";
import { idealLog } from "../../../test/agent/ideal-log.ts";
import type { IdealLog } from "../../../test/agent/ideal-log.ts";
import type { RoomPolicy } from "../../mls/room-policy.ts";
import type { Refusal } from "./ports.ts";

const REFUSED: Refusal = { kind: "refused", why: "not-allowed" };
const WEEK = 7 * 86_400_000;

let log: IdealLog;
let devices: TestDevice[];
let group: Uint8Array;
beforeEach(() => {
  log = idealLog();
  devices = [];
  group = Uint8Array.from(randomBytes(16));
});
afterEach(() => {
  for (const device of devices) device.close();
});

test("GS-44 a message that the server refuses is told as refused and kept no longer, and the next one goes under its number", async () => {
  const [alice, bob] = await two();
  const { service } = alice;
  const [refused, next] = [outgoing("no"), outgoing("yes")];
  alice.service = {
    ...service,
    send: async (message) =>
      Buffer.from(message.messageId).equals(refused.messageId) ? REFUSED : await service.send(message),
  };
  for (const message of [refused, next]) await alice.session(group).write(message, []);
  expect(await alice.session(group).advance()).toEqual({ kind: "idle" });
  expect(alice.events).toContainEqual({ kind: "refused", messageId: refused.messageId, why: "not-allowed" });
  expect(await alice.store.group(group)).toMatchObject({ outbox: [], flight: null, row: { sent: 1 } });
  await alice.restart();
  expect(await alice.session(group).advance()).toEqual({ kind: "idle" });
  await bob.session(group).advance();
  for (const device of [alice, bob]) expect(await textsOf(device)).toEqual(["yes"]);
});

test.each<Refusal>([REFUSED, { kind: "not-a-member" }, { kind: "too-old" }])(
  "GS-44 a commit that the server refuses ($kind) is given up, over a restart too, and another one can be made",
  async (answer) => {
    const [alice, bob] = await two();
    const { service } = alice;
    const before = log.entries(group).length;
    const why = answer.kind === "refused" ? answer.why : answer.kind;
    alice.service = { ...service, commit: async () => await Promise.resolve(answer) };
    const removal = { kind: "remove", devices: [bob.id] } as const;
    expect(await alice.session(group).commit(removal)).toEqual({ kind: "refused", why });
    expect(await alice.store.group(group)).toMatchObject({ request: null, intent: null });
    alice.service = service;
    expect(await alice.session(group).advance()).toEqual({ kind: "idle" });
    await alice.restart();
    expect(await alice.session(group).advance()).toEqual({ kind: "idle" });
    expect(log.entries(group).length).toBe(before);
    alice.service = { ...service, commit: async () => await Promise.resolve(answer) };
    expect(await alice.session(group).commit(removal)).toMatchObject({ kind: "refused" });
    alice.service = service;
    // The engine has none that waits.
    expect(await alice.session(group).commit({ kind: "update" })).toMatchObject({ kind: "done" });
  },
);

test("GS-44 a renewal of keys that the server refuses is due again a week later, give or take a day, and holds up no message", async () => {
  const [alice, bob] = await two();
  const { service } = alice;
  let asked = 0;
  const commit = async () => {
    asked += 1;
    return await Promise.resolve(REFUSED);
  };
  alice.service = { ...service, commit };
  alice.clock.now += 2 * WEEK;
  expect(await alice.session(group).advance()).toEqual(REFUSED);
  const { updateDue } = (await alice.session(group).look()).row;
  expect(Math.abs(updateDue - alice.clock.now - WEEK)).toBeLessThanOrEqual(WEEK / 7);
  await alice.restart();
  await alice.session(group).write(outgoing("goes"), []);
  expect(await alice.session(group).advance()).toEqual({ kind: "idle" });
  expect(asked).toBe(1);
  await bob.session(group).advance();
  expect(await textsOf(bob)).toEqual(["goes"]);
});

test("GS-44 a group of one's own that the server refuses is none, and what was written for it is told as refused", async () => {
  const alice = await newDevice("1001");
  const session = await alice.create(group);
  const message = outgoing("for nobody");
  await session.write(message, []);
  alice.service = { ...alice.service, commit: async () => await Promise.resolve(REFUSED) };
  expect(await session.advance()).toEqual(REFUSED);
  expect(alice.events).toContainEqual({ kind: "refused", messageId: message.messageId, why: "not-allowed" });
  expect(await session.advance()).toEqual({ kind: "removed" });
  await alice.restart();
  const kept = { request: null, candidate: null, active: null, outbox: [], row: { status: "removed" } };
  expect(await alice.store.group(group)).toMatchObject(kept);
  expect(await alice.session(group).advance()).toEqual({ kind: "removed" });
});

test("GS-44 a way into a group that the server refuses is taken once more from what is there then", async () => {
  const [alice] = await two();
  const carol = await newDevice("1003");
  const { service } = carol;
  carol.service = { ...service, commit: async () => await Promise.resolve(REFUSED) };
  const session = await carol.enter(group);
  expect(await session.advance()).toEqual(REFUSED);
  expect(await carol.store.group(group)).toMatchObject({ request: null, candidate: null, row: { status: "joining" } });
  await alice.session(group).commit({ kind: "update" });
  carol.service = service;
  expect(await session.advance()).toEqual({ kind: "idle" });
  expect((await session.look()).people).toContain(carol.who);
});

test("GS-44 what others have forbidden since a commit was wanted is told as refused", async () => {
  const policy: RoomPolicy = { ...OPEN, moderators: [{ kind: "person", identity: "1002" }] };
  const [alice, bob] = await two(policy);
  const carol = await newDevice("1003");
  const added = { deviceId: carol.id, keyPackage: await carol.keyPackage() };
  const { service } = alice;
  alice.service = {
    ...service,
    commit: async (id, request) => {
      alice.service = service;
      await bob.session(group).commit({ kind: "policy", policy: { ...policy, add: "moderators" }, instead: policy });
      return await service.commit(id, request);
    },
  };
  expect(await alice.session(group).commit({ kind: "add", devices: [added] })).toMatchObject({ kind: "refused" });
  expect(await alice.store.group(group)).toMatchObject({ request: null, intent: null });
  expect(await alice.session(group).advance()).toEqual({ kind: "idle" });
});

test.each([
  [5, "rolled-back"],
  [0, "log-broken"],
] as const)(
  "GS-10 a server that expects number %i instead of the next stops the group as %s, for good",
  async (expected, cause) => {
    const [alice] = await two();
    const { service } = alice;
    alice.service = { ...service, send: async () => await Promise.resolve({ kind: "number-gap", expected }) };
    await alice.session(group).write(outgoing("which?"), []);
    expect(await alice.session(group).advance()).toEqual({ kind: "stopped" });
    await alice.restart();
    expect((await alice.session(group).look()).row).toMatchObject({ status: "stopped", stopped: cause });
  },
);

test("GS-10 a commit that the server has another one of stops the group, for good", async () => {
  const [alice] = await two();
  alice.service = { ...alice.service, commit: async () => await Promise.resolve({ kind: "rolled-back" }) };
  expect(await alice.session(group).commit({ kind: "update" })).toEqual({ kind: "stopped" });
  await alice.restart();
  expect((await alice.session(group).look()).row).toMatchObject({ status: "stopped", stopped: "rolled-back" });
});

test("GS-25 a server that ends the group while something is on its way there ends it here", async () => {
  for (const way of ["send", "commit"] as const) {
    group = Uint8Array.from(randomBytes(16));
    const [alice] = await two();
    alice.service = { ...alice.service, [way]: async () => await Promise.resolve({ kind: "closed" }) };
    if (way === "send") await alice.session(group).write(outgoing("too late"), []);
    else expect(await alice.session(group).commit({ kind: "update" })).toEqual({ kind: "stopped" });
    expect(await alice.session(group).advance()).toEqual({ kind: "stopped" });
    // What waits goes on with the successor.
    expect(await alice.store.group(group)).toMatchObject({
      row: { stopped: "closed" },
      outbox: { length: way === "send" ? 1 : 0 },
    });
  }
});

test("GS-15 whoever leaves has no key of the group any more, and what still waited is told as refused", async () => {
  const [alice, bob] = await two();
  const message = outgoing("unsent");
  alice.service = { ...alice.service, send: async () => await Promise.resolve({ kind: "offline" }) };
  await alice.session(group).write(message, []);
  expect(await alice.session(group).advance()).toEqual({ kind: "offline" });
  await alice.session(group).leave();
  expect(alice.events).toContainEqual({ kind: "refused", messageId: message.messageId, why: "not-a-member" });
  // Once more is once.
  await alice.session(group).leave();
  expect(alice.events.filter(({ kind }) => kind === "removed")).toHaveLength(1);
  await alice.restart();
  const kept = await alice.store.group(group);
  expect(kept).toMatchObject({ active: null, flight: null, outbox: [], row: { status: "removed" } });
  expect(await textsOf(bob)).toEqual([]);
});

test("GS-27 in a direct conversation nothing is sent before the other one is in it", async () => {
  const listed = ["1001", "1002"].map((identity) => ({ kind: "person", identity }) as const);
  const [alice, bob] = [await newDevice("1001"), await newDevice("1002")];
  const session = await alice.create(group, { ...OPEN, access: "listed", listed });
  await session.write(outgoing("first"), [bob.who]);
  expect(await session.advance()).toEqual({ kind: "idle" });
  expect(log.entries(group)).toEqual([]);
  await add(alice, bob);
  await bob.session(group).advance();
  expect(await textsOf(bob)).toEqual(["first"]);
});

test("GS-26 how long others are waited for can be made shorter, and no longer", async () => {
  const [alice] = await two();
  const session = alice.session(group);
  const { now } = alice.clock;
  session.awaitUntil(now + 1);
  session.awaitMembers([new Uint8Array(16)], now + 2000);
  await session.write(outgoing("later"), []);
  for (const [asked, until] of [
    [now + 1000, now + 1000],
    [now + 5000, now + 1000],
  ] as const) {
    session.awaitUntil(asked);
    expect(await session.advance()).toEqual({ kind: "awaiting", until });
  }
});

test("SR-67 a device that comes into a group afresh goes by nothing that it was told of it before", async () => {
  const [alice, bob] = await two();
  const session = alice.session(group);
  session.end("log-broken");
  session.expectHead({ number: 1, hash: new Uint8Array(32) });
  session.awaitMembers([new Uint8Array(16)], Infinity);
  await session.renew();
  await session.write(outgoing("here"), []);
  expect(await session.advance()).toEqual({ kind: "idle" });
  await bob.session(group).advance();
  expect(await textsOf(bob)).toEqual(["here"]);
});

test("SR-77 what the server has ordered stays ordered when the group is read anew, since it is told once", async () => {
  const [alice, bob] = await two();
  const session = alice.session(group);
  session.orderRemovals([bob.id], 0);
  await session.renew();
  await session.write(outgoing("not for bob"), []);
  expect(await session.advance()).toMatchObject({ kind: "held", holds: [{ kind: "removal-pending", who: [bob.who] }] });
});

const OPEN: RoomPolicy = { access: "open", add: "members", remove: "members", moderators: [], listed: [] };

async function newDevice(identity: string): Promise<TestDevice> {
  const made = await testDevice({ log, identity });
  devices.push(made);
  return made;
}

/** Alice has made the room and added Bob. */
async function two(policy = OPEN): Promise<readonly [TestDevice, TestDevice]> {
  const [alice, bob] = [await newDevice("1001"), await newDevice("1002")];
  await alice.create(group, policy);
  await alice.session(group).advance();
  await add(alice, bob);
  await alice.session(group).showReaders([bob.who]);
  return [alice, bob];
}

async function add(by: TestDevice, other: TestDevice): Promise<void> {
  const added = { deviceId: other.id, keyPackage: await other.keyPackage() };
  await by.session(group).commit({ kind: "add", devices: [added] });
  await other.takeWelcomes();
  await other.session(group).advance();
  await by.session(group).advance();
}
