import { expect, test } from "vitest";
import { newDevice, OPEN } from "../../../test/mls/people.ts";
import { inPlaceOf, pinOf } from "../../mls/identity/pins.ts";
import type { Pin } from "../../mls/identity/pins.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import { knownPeople } from "../device/known-people.ts";
import { hex } from "../storage/hex.ts";
import { holdsOf } from "./holds.ts";
import type { Person } from "./person.ts";
import { working } from "./working.ts";
import type { Working } from "./working.ts";

const server = new Uint8Array(16).fill(1);
const [key, other] = [new Uint8Array(32).fill(2), new Uint8Array(32).fill(3)];
const [alice, laptop, phone, carol] = [person("1", 0), person("2", 1), person("2", 2), person("3", 3)];
const bob = laptop.who;

test("GS-7 whoever the writer wasn't shown holds a message back, each person once, and oneself never", () => {
  expect(holds([])).toEqual([{ kind: "new-readers", who: [bob, carol.who] }]);
  expect(holds([bob])).toEqual([{ kind: "new-readers", who: [carol.who] }]);
  expect(holds([bob, carol.who])).toEqual([]);
});

test("GS-7 a key that isn't the pinned one holds it back, told with each key once and the one that is known", () => {
  const shown = [bob, carol.who];
  const pins = [pinOf(laptop.identity, other, 0)];
  expect(holds(shown, { pins })).toEqual([
    { kind: "changed-key", who: [bob], shown: [{ who: laptop.identity, userKey: key, known: other }] },
  ]);
  // Of one's own other devices, too.
  expect(holds(shown, { pins: [pinOf(alice.identity, other, 0)] })).toMatchObject([{ kind: "changed-key" }]);
});

test("GS-7 a name that leads to somebody else holds it back, and whatever else is told beside it", () => {
  const pins = [pinOf(carol.identity, other, 0)];
  const names = [{ name: "bob", who: carol.identity }];
  expect(holds([], { pins, names, seen: ["bob", laptop.identity] }).map(({ kind, who }) => [kind, who])).toEqual([
    ["new-readers", [bob, carol.who]],
    ["changed-key", [carol.who]],
    ["remapped-name", [bob]],
  ]);
});

test("GS-24 whose removal was ordered holds it back from that time on", () => {
  const shown = [bob, carol.who];
  const removals = new Map([[hex(phone.deviceId), 1_000]]);
  expect(holds(shown, { removals, now: 999 })).toEqual([]);
  expect(holds(shown, { removals, now: 1_000 })).toEqual([{ kind: "removal-pending", who: [bob] }]);
});

test("GS-37 a device that its own person has removed holds it back at once, and is told as that", () => {
  const shown = [bob, carol.who];
  const former = { keys: [], staying: [], removed: [phone.deviceId], replaced: [] };
  const pins: readonly Pin[] = [{ ...inPlaceOf(pinOf(laptop.identity, other, 0), key, 0), former }];
  expect(holds(shown, { pins })).toEqual([{ kind: "removed-device", who: [bob] }]);
});

function holds(
  readers: readonly string[],
  given: {
    readonly pins?: readonly Pin[];
    readonly names?: Parameters<typeof knownPeople>[0]["names"];
    readonly seen?: readonly [name: string, who: Who];
    readonly removals?: ReadonlyMap<string, number>;
    readonly now?: number;
  } = {},
) {
  const { pins = [], names = [], seen, removals = new Map(), now = 0 } = given;
  const trust = knownPeople({ pins, names }, () => 0);
  if (seen !== undefined) trust.seeName(...seen);
  const work = atAlices(readers);
  try {
    return holdsOf(work, { trust, removals, now });
  } finally {
    work.active?.close();
  }
}

/** Alice's device in a group with bob's two and carol's. */
function atAlices(readers: readonly string[]): Working {
  const engine = newDevice({ identity: "1" });
  const active = engine.createGroup(Buffer.from("room"), OPEN);
  const row = {
    id: active.id,
    conversation: "room:ops",
    status: "active",
    stopped: null,
    cursor: 1,
    hash: new Uint8Array(32),
    sent: 0,
    updateDue: 0,
    successor: null,
  } as const;
  const none = { active: null, candidate: null, request: null, intent: null, flight: null } as const;
  const kept = {
    row,
    ...none,
    outbox: [],
    readers: new Set(readers),
    senders: new Map(),
    owed: [],
    isSuccessor: false,
  };
  const work = working(kept, engine);
  work.active = active;
  work.roster = { of: active, epoch: active.epoch, members: [alice, laptop, phone, carol], readers: [] };
  return work;
}

function person(identity: string, leaf: number): Person {
  const of: Who = { server, kind: "person", identity };
  const [deviceId, deviceKey] = [new Uint8Array(16).fill(leaf), new Uint8Array(32).fill(leaf)];
  return { leaf, who: whoKey(of), identity: of, label: "", deviceId, deviceKey, deviceLabel: "", userKey: key };
}
