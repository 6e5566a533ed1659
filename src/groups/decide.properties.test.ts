import * as fc from "fast-check";
import { expect, test } from "vitest";
import { forEach, get, type PersistentMap } from "../core/persistent-map.ts";
import { DeliveryServiceWorld, everyone, found, id, ops, owners, sha256 } from "../../test/helpers/delivery-service.ts";
import { chainedHash, NO_HASH } from "./log-entry.ts";
import type { Owner, Place } from "./rows.ts";
import { ownerKey } from "./state.ts";

const DEVICES: readonly (readonly [string, Owner])[] = [
  ["a1", owners.alice],
  ["a2", owners.alice],
  ["a3", owners.alice],
  ["b1", owners.bob],
  ["c1", owners.carol],
  ["n1", owners.nas],
];
const GROUPS: readonly (readonly [string, Place])[] = [
  ["g", everyone],
  ["h", ops],
  ["i", { kind: "direct", between: [owners.alice, owners.bob] }],
];
const ACTIONS = [
  "online",
  "publish",
  "create",
  "add",
  "remove",
  "update",
  "join",
  "resync",
  "send",
  "send-wrong",
  "acknowledge",
  "leave",
  "ban",
  "report",
  "welcome-done",
  "forget",
  "ask",
  "confirm",
  "retire",
  "rotate",
  "forget-waiting",
] as const;

interface Action {
  readonly what: (typeof ACTIONS)[number];
  readonly who: readonly [string, Owner];
  readonly other: readonly [string, Owner];
  readonly where: readonly [string, Place];
  readonly number: number;
}

const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.record({
    what: fc.constantFrom(...ACTIONS),
    who: fc.constantFrom(...DEVICES),
    other: fc.constantFrom(...DEVICES),
    where: fc.constantFrom(...GROUPS),
    number: fc.nat({ max: 8 }),
  }),
  { minLength: 20, maxLength: 80 },
);

test("GR-36 whatever devices do: no gaps, epochs count commits, no package twice, hashes chain, nobody hears what isn't theirs", () => {
  fc.assert(
    fc.property(actions, (all) => {
      const world = begun();
      const given: string[] = [];
      for (const action of all) {
        const before = world.state;
        const heard = world.pushes.length;
        for (const reference of act(world, action)) given.push(reference);
        for (const { to, push } of world.pushes.slice(heard)) {
          if (push.kind !== "entry") continue;
          const group = get(before.groups, push.group);
          for (const device of to) {
            expect(group?.members[device] ?? group?.removed[device]).toBeDefined();
            if (push.entry.kind === "message") expect(group?.ordered[device]).toBeUndefined();
          }
        }
      }
      const single = given.filter((reference) => !reference.includes("last"));
      expect(new Set(single).size).toBe(single.length);
      for (const [group] of GROUPS) checkLog(world, id(group));
    }),
    { numRuns: 60 },
  );
});

test("GR-70 whatever devices do: what confirms one is under the present user key, none that was removed waits, and only packages of devices under it are given out", () => {
  fc.assert(
    fc.property(actions, (all) => {
      const world = begun();
      for (const action of all) {
        const given = act(world, action);
        const { devices, userKeys, pending, confirmations } = world.state;
        const keyOf = (owner: Owner) => get(userKeys, ownerKey(owner))?.userKey;
        forEach(confirmations, ({ owner, userKey }) => expect(userKey).toBe(keyOf(owner)));
        for (const waiting of [pending, confirmations]) {
          forEach<string, unknown>(waiting, (_, device) => expect(get(devices, device)?.removed).not.toBe(true));
        }
        const of = get(devices, id(action.other[0]));
        if (given.length > 0) expect([of?.removed, of?.userKey]).toEqual([false, keyOf(action.other[1])]);
      }
    }),
    { numRuns: 60 },
  );
});

test("GR-37 the rows that were kept give the state that was there", () => {
  fc.assert(
    fc.property(actions, (all) => {
      const world = begun();
      for (const action of all) act(world, action);
      expect(plain(world.restarted())).toEqual(plain(world.state));
    }),
    { numRuns: 60 },
  );
});

function begun(): DeliveryServiceWorld {
  const world = new DeliveryServiceWorld({ messageCount: 12 });
  for (const [device, owner] of DEVICES) {
    world.online(device, owner);
    world.publish(device, 3);
  }
  return world;
}

/** Does it or is refused; gives the references of key packages that were handed out. */
function act(world: DeliveryServiceWorld, { what, who: [device, owner], other, where, number }: Action): string[] {
  const [group, place] = where;
  const row = get(world.state.groups, id(group));
  const ids = { device: id(device), group: id(group) };
  world.at += 1_000;
  switch (what) {
    case "online": {
      const counter = (get(world.state.devices, id(device))?.counter ?? 0) + (number % 2);
      const userKey = number % 3 === 0 ? firstOf(owner) : presentOf(world, owner);
      const sealKey = number === 8 ? null : SEAL_KEY;
      world.run({ kind: "device-online", session: 1, ...found(device, owner), userKey, record: "r", counter, sealKey });
      return [];
    }
    case "ask":
      world.run({ ...asks(device, owner), fresh: number === 0 });
      return [];
    case "confirm": {
      const userKey = number % 3 === 0 ? firstOf(owner) : presentOf(world, owner);
      const { key } = found(...other);
      const made = { owner: other[1], key, userKey, record: "r", sealed: "s" };
      world.run({ kind: "confirm-device", device: id(device), other: id(other[0]), ...made });
      return [];
    }
    case "retire":
      world.run({
        kind: number % 2 === 0 ? "retire-device" : "dismiss-device",
        device: id(device),
        other: id(other[0]),
      });
      return [];
    case "forget-waiting":
      world.at += number * 86_400_000;
      world.run({ kind: "forget-waiting" });
      return [];
    case "rotate": {
      const former = number % 3 === 0 ? firstOf(owner) : presentOf(world, owner);
      const userKey = `${firstOf(owner)}-${number}`;
      const others = DEVICES.filter(([name, whose]) => whose === owner && name !== device && name !== other[0]);
      const staying = others.map(([name]) => ({
        device: id(name),
        key: found(name, owner).key,
        record: "r",
        sealed: "s",
      }));
      const own = { key: found(device, owner).key, record: "r" };
      const removed = [id(other[0])];
      const given = { owner, former, userKey, removed, statement: "s", own, staying };
      world.run({ kind: "rotate-user-key", device: id(device), ...given });
      return [];
    }
    case "publish":
      try {
        world.publish(device, number);
      } catch {
        // Too many.
      }
      return [];
    case "create":
      try {
        world.create(device, owner, group, place, place.kind === "direct" ? "listed" : "open");
      } catch {
        // Taken.
      }
      return [];
    case "add": {
      const taken = world.run({ kind: "take-packages", ...ids, of: [id(other[0])] });
      if ("refusal" in taken || taken.reply.kind !== "packages") return [];
      const references = taken.reply.packages.map(({ reference }) => reference);
      world.run(world.commit(device, owner, group, { kind: "add", added: [found(...other)], welcomed: references }));
      const last = get(world.state.packages, id(other[0]))?.lastResort?.reference;
      return references.map((reference) => (reference === last ? "last" : reference));
    }
    case "remove": {
      const removed = row !== undefined && id(other[0]) in row.members && device !== other[0] ? [found(...other)] : [];
      if (removed.length > 0) world.run(world.commit(device, owner, group, { kind: "remove", removed }));
      return [];
    }
    case "update":
      world.run(world.commit(device, owner, group, { kind: "update" }));
      return [];
    case "join":
      // MLS has no two leaves of one device.
      if (row !== undefined && id(device) in row.members) return [];
      world.run(world.commit(device, owner, group, { kind: "external-join" }));
      return [];
    case "resync":
      world.run(world.commit(device, owner, group, { kind: "resync", removed: [found(device, owner)] }));
      return [];
    case "send":
      world.send(device, group, (get(world.state.writers, `${id(group)}/${id(device)}`)?.counter ?? 0) + 1);
      return [];
    case "send-wrong":
      world.send(device, group, number);
      return [];
    case "acknowledge":
      world.run({ kind: "acknowledge", ...ids, number });
      return [];
    case "leave":
      world.run({ kind: "leave", ...ids });
      return [];
    case "ban":
      if (number === 0) world.run({ kind: "order-removal", owner, why: "banned" });
      return [];
    case "report":
      if (number < 2) world.run({ kind: "report-commit", ...ids, number });
      return [];
    case "welcome-done":
      world.run({ kind: "welcome-done", ...ids });
      return [];
    case "forget":
      world.run({ kind: "forget-old", group: id(group), what: number % 2 === 0 ? "messages" : "commits" });
      return [];
  }
}

const SEAL_KEY = { key: "seal-key", signature: "signature" };

function asks(device: string, owner: Owner) {
  const given = { label: "", sealKey: SEAL_KEY, token: null, source: "here" };
  return { kind: "ask-confirmation", session: 1, ...found(device, owner), ...given } as const;
}

const firstOf = (owner: Owner) => `user-key-of-${owner.identity}`;

function presentOf(world: DeliveryServiceWorld, owner: Owner): string {
  return get(world.state.userKeys, ownerKey(owner))?.userKey ?? firstOf(owner);
}

function checkLog(world: DeliveryServiceWorld, group: string): void {
  const head = get(world.state.heads, group);
  const row = get(world.state.groups, group);
  if (head === undefined || row === undefined) return;
  const log = world.log(group);
  const kept = log.filter(({ number }) => number > head.messagesForgotten);
  kept.forEach(({ number }, i) => expect(number).toBe(head.messagesForgotten + 1 + i));
  expect(log.at(-1)?.number ?? head.number).toBe(head.number);
  for (const [i, entry] of kept.entries()) {
    const before = i === 0 ? (head.messagesForgotten === 0 ? NO_HASH : null) : (kept[i - 1]?.hash ?? null);
    if (before !== null) expect(chainedHash(before, entry, sha256)).toBe(entry.hash);
  }
  const commits = log.filter(({ kind }) => kind === "commit");
  if (head.commitsForgotten === 0) expect(row.epoch).toBe(commits.length);
  commits.forEach(({ epoch }, i) => expect(epoch).toBe(row.epoch - commits.length + i));
}

/** Maps and sets as sorted arrays, so that two states compare by what they hold. */
function plain(state: DeliveryServiceWorld["state"]): unknown {
  return Object.fromEntries(
    Object.entries(state).map(([key, value]) => [
      key,
      isMap(value) ? entriesOf(value) : value instanceof Set ? [...value].map(String).toSorted(inOrder) : value,
    ]),
  );
}

function isMap(value: unknown): value is PersistentMap<string, unknown> {
  return typeof value === "object" && value !== null && "root" in value;
}

function entriesOf(map: PersistentMap<string, unknown>): unknown {
  const entries: [string, unknown][] = [];
  forEach(
    map,
    (value, key) => void entries.push([key, value instanceof Set ? [...value].map(String).toSorted(inOrder) : value]),
  );
  return entries.toSorted(([a], [b]) => inOrder(a, b));
}

function inOrder(a: string, b: string): number {
  return a < b ? -1 : 1;
}
