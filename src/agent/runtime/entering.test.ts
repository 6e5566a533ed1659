import { afterEach, beforeEach, expect, test } from "vitest";
import { testDevice } from "../../../test/agent/device.ts";
import type { TestDevice } from "../../../test/agent/device.ts";
import { idealLog } from "../../../test/agent/ideal-log.ts";
import type { IdealLog } from "../../../test/agent/ideal-log.ts";
import { overriding } from "../../../test/agent/overriding.ts";
import type { FramesClient } from "../../client/frames/index.ts";
import type { RoomPolicy } from "../../mls/room-policy.ts";
import type { GroupView } from "../../wire/frames/groups.ts";
import type { Owner, Place } from "../../wire/frames/values.ts";
import { toText } from "../delivery/base64url.ts";
import { knownPeople } from "../device/known-people.ts";
import { OPEN } from "./arriving.ts";
import { companions } from "./companions.ts";
import { enter, takeWelcome } from "./entering.ts";
import type { Entrance } from "./entrance.ts";
import { groupsOf } from "./groups.ts";
import { successions } from "./successions.ts";
import { SYSTEM } from "./system.ts";

const [alices, bobs, mallorys] = [person("1001"), person("1002"), person("6666")] as const;
const group = new Uint8Array(16).fill(5);
let log: IdealLog;
let alice: TestDevice;
let mallory: TestDevice;
let asked: string[];
let refused: string[];
/** Groups that Alice's device is in besides. */
let others: number;
/** The last Welcome for it. */
let offered: Uint8Array;
beforeEach(async () => {
  log = idealLog();
  alice = await testDevice({ log, identity: alices.identity });
  mallory = await testDevice({ log, identity: mallorys.identity });
  [asked, refused] = [[], []];
  [others, offered] = [0, new Uint8Array()];
});
afterEach(() => {
  alice.close();
  mallory.close();
});

const pair: Place = { kind: "direct", between: [mallorys, alices] };
const listed: RoomPolicy = { ...OPEN, access: "listed", listed: [mallorys, alices] };

test("AD-4 a Welcome into what its place promises is taken", async () => {
  await welcome(listed, pair);
  expect(refused).toEqual([]);
  expect((await alice.store.group(group))?.row).toMatchObject({ conversation: "direct:person:6666", status: "active" });
  expect(asked).toEqual(["read-welcome", "welcome-done"]);
});

test.each<readonly [string, RoomPolicy, Place]>([
  ["a pair that a third may read", { ...listed, listed: [mallorys, alices, bobs] }, pair],
  ["a room that is said to be a pair", OPEN, pair],
  ["another one's pair", listed, { kind: "direct", between: [bobs, alices] }],
  ["a pair that is said to be a room", listed, { kind: "room", name: "ops" }],
  ["an #everyone by invitation", { ...OPEN, access: "invite" }, { kind: "everyone" }],
])("AD-4 a Welcome into %s is refused, told, and not offered again", async (_, policy, place) => {
  await welcome(policy, place);
  expect(refused.length).toBe(1);
  expect(await alice.store.group(group)).toBeNull();
  expect(asked).toEqual(["read-welcome", "welcome-done"]);
});

test("AD-4 a group that is known under another name doesn't come in under a second one", async () => {
  await welcome({ ...OPEN, access: "invite" }, { kind: "room", name: "family" });
  await mallory.session(group).commit({ kind: "remove", devices: [alice.id] });
  await welcome(null, { kind: "room", name: "ops" });
  expect(refused).toEqual(["room:ops"]);
  expect((await alice.store.group(group))?.row).toMatchObject({ conversation: "room:family" });
});

test("AD-4 nor does a device enter it by itself under a second name", async () => {
  await welcome({ ...OPEN, access: "invite" }, { kind: "room", name: "family" });
  const view: GroupView = { ...viewOf({ kind: "room", name: "ops" }), access: "open" };
  expect(await enter(await entrance(new Uint8Array()), view)).toEqual({ why: "misplaced" });
  expect(refused).toEqual(["room:ops"]);
});

test("AD-40 a device that is in 5,000 groups takes a Welcome into no further one, tells that, and leaves the Welcome where it is", async () => {
  others = 5000;
  await welcome(listed, pair);
  expect(refused).toEqual(["direct:person:6666"]);
  expect(await alice.store.group(group)).toBeNull();
  expect(asked).toEqual(["read-welcome"]);
  others = 4999;
  await takeWelcome(await entrance(offered), viewOf(pair));
  expect((await alice.store.group(group))?.row).toMatchObject({ status: "active" });
});

test("SR-67 of two ways in that are taken at once one counts, and the group's session goes on from that", async () => {
  await mallory.create(group, OPEN);
  await mallory.session(group).advance();
  const there = await entrance(new Uint8Array());
  const view: GroupView = { ...viewOf({ kind: "everyone" }), access: "open" };
  const entered = await Promise.all([enter(there, view), enter(there, view)]);
  expect(entered).toEqual(["entering", "entering"]);
  await there.groups.settled();
  expect((await alice.store.group(group))?.row).toMatchObject({ conversation: "everyone", status: "active" });
  expect(log.entries(group).map(({ kind, device }) => [kind, device])).toEqual([["commit", alice.id]]);
  expect(refused).toEqual([]);
});

test("SR-67 a way in that is taken while another is on its way to the server leaves that one to go on", async () => {
  await mallory.create(group, OPEN);
  await mallory.session(group).advance();
  const there = await entrance(new Uint8Array());
  const view: GroupView = { ...viewOf({ kind: "everyone" }), access: "open" };
  const [asking, mayAnswer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { service } = alice;
  alice.service = {
    ...service,
    commit: async (id, request) => {
      asking.resolve();
      await mayAnswer.promise;
      return await service.commit(id, request);
    },
  };
  await enter(there, view);
  await asking.promise;
  expect(await enter(there, view)).toBe("entering");
  mayAnswer.resolve();
  await there.groups.settled();
  expect((await alice.store.group(group))?.row).toMatchObject({ conversation: "everyone", status: "active" });
  expect(log.entries(group).map(({ kind, device }) => [kind, device])).toEqual([["commit", alice.id]]);
  expect(refused).toEqual([]);
});

/** Mallory adds Alice to a group with this policy (null: to the one that is there), and the server says that it stands for that place. */
async function welcome(policy: RoomPolicy | null, place: Place): Promise<void> {
  if (policy !== null) {
    await mallory.create(group, policy);
    await mallory.session(group).advance();
  }
  const devices = [{ deviceId: alice.id, keyPackage: await alice.keyPackage() }];
  const { service } = mallory;
  mallory.service = {
    ...service,
    commit: async (id, request) => {
      offered = request.welcome ?? offered;
      return await service.commit(id, request);
    },
  };
  await mallory.session(group).commit({ kind: "add", devices });
  mallory.service = service;
  await takeWelcome(await entrance(offered), viewOf(place));
}

async function entrance(waiting: Uint8Array): Promise<Entrance> {
  const answers = {
    "read-welcome": { welcome: waiting, entry: 1 + asked.length, hash: "A".repeat(43) },
    "welcome-done": {},
    read: { entries: [] },
  };
  const client = {
    request: async (type: keyof typeof answers) => {
      if (type !== "read") asked.push(type);
      return await Promise.resolve({ kind: "answered", value: answers[type] });
    },
  };
  const saved = await alice.store.load();
  const groups = groupsOf({
    rows: [],
    open: (id) => alice.session(id),
    advanced: async () => await Promise.resolve(),
    failed: (error) => refused.push(String(error)),
  });
  const device = saved.device ?? { id: alice.id, seed: group, record: group };
  return {
    // What isn't asked here needs no answer.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    client: client as unknown as FramesClient,
    store: alice.store,
    service: alice.service,
    system: SYSTEM,
    self: {
      server: new Uint8Array(16).fill(0xee),
      owner: alices,
      device,
      sealKey: { secretKey: group, publicKey: group },
      engine: alice.engine,
      people: knownPeople(saved, Date.now),
      former: [],
    },
    groups: overriding(groups, { count: () => groups.count() + others }),
    everyone: { wish: () => "wanted", keep: async () => await Promise.resolve() },
    companions: companions({ system: SYSTEM, admitOwed: async () => {}, later: () => {} }),
    successions: successions({ rows: [], onContinued: () => {}, onStuck: () => {}, onOwing: () => {} }),
    digest: () => ({ text: null, amends: null }),
    onMisplaced: (conversation) => refused.push(conversation),
  };
}

function viewOf(place: Place): GroupView {
  return {
    group: toText(group),
    place,
    access: "invite",
    epoch: 1,
    head: 1,
    hash: null,
    members: 2,
    cursor: null,
    reached: null,
    removal: null,
    written: 0,
    ended: false,
    welcome: true,
  };
}

function person(identity: string): Owner {
  return { kind: "person", identity };
}
