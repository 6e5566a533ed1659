import * as fc from "fast-check";
import { expect, test } from "vitest";
import { get } from "../core/persistent-map.ts";
import {
  expireTurn,
  groupsWith,
  holderOf,
  leftOf,
  NO_TURNS,
  releaseTurn,
  requestTurn,
  type TurnChange,
  type TurnContext,
  type Turns,
} from "./turns.ts";

const nobody = { isMember: () => false, helper: () => null } as const;
const options = (now: number, group: Pick<TurnContext, "isMember" | "helper"> = nobody) => ({
  now,
  length: 5_000,
  most: 2,
  ...group,
});

function ask(turns: Turns, device: string, now: number, more: Partial<ReturnType<typeof options>> = {}): TurnChange {
  const change = requestTurn(turns, "g", { device, orAdded: more.most !== undefined }, { ...options(now), ...more });
  if (change === null) throw new Error("too many wait");
  return change;
}

/** Devices that want to be let in, in this order. */
function crowd(devices: readonly string[], turns: Turns = NO_TURNS): Turns {
  return devices.reduce((before, device) => ask(before, device, 0, { most: 1_000 }).turns, turns);
}

test("GR-35 the turn goes from one to the next in the order they asked", () => {
  const first = ask(NO_TURNS, "a", 0);
  expect(first.granted).toEqual({ device: "a", adding: [] });
  const second = ask(ask(first.turns, "b", 1).turns, "c", 2);
  expect(second.granted).toBeNull();
  expect(holderOf(second.turns, "g", 3)).toBe("a");
  const released = releaseTurn(second.turns, "g", "a", options(4));
  expect(released.granted?.device).toBe("b");
  expect(releaseTurn(released.turns, "g", "b", options(5)).granted?.device).toBe("c");
});

test("GR-35 who holds it for too long loses it", () => {
  const { turns } = ask(ask(NO_TURNS, "a", 0).turns, "b", 1);
  expect(expireTurn(turns, "g", options(4_999)).granted).toBeNull();
  expect(holderOf(turns, "g", 5_000)).toBeNull();
  expect(expireTurn(turns, "g", options(5_000)).granted?.device).toBe("b");
});

test("GR-35 what is left of a turn is told, and never less than nothing", () => {
  const { turns } = ask(NO_TURNS, "a", 0);
  expect([0, 4_999, 5_000, 6_000].map((now) => leftOf(turns, "g", now))).toEqual([5_000, 1, 0, 0]);
  expect(leftOf(NO_TURNS, "g", 0)).toBeNull();
});

test("GR-35 asking again changes nothing, giving up leaves the queue, and too many are refused", () => {
  const { turns } = ask(ask(ask(NO_TURNS, "a", 0).turns, "b", 1).turns, "c", 2);
  expect(ask(turns, "b", 3).turns).toBe(turns);
  expect(ask(turns, "a", 3)).toEqual({ turns, granted: null });
  expect(releaseTurn(NO_TURNS, "g", "a", options(3))).toEqual({ turns: NO_TURNS, granted: null });
  expect(requestTurn(turns, "g", { device: "d", orAdded: false }, options(3))).toBeNull();
  const shorter = releaseTurn(turns, "g", "b", options(4)).turns;
  expect(releaseTurn(shorter, "g", "a", options(5)).granted?.device).toBe("c");
});

test("GR-35 other groups have turns of their own", () => {
  const { turns } = ask(NO_TURNS, "a", 0);
  expect(holderOf(turns, "h", 1)).toBeNull();
});

test("GR-35 a device that is gone leaves every turn that it has or waits for", () => {
  const { turns } = ask(ask(NO_TURNS, "a", 0).turns, "b", 1);
  expect(groupsWith(turns, "a")).toEqual(["g"]);
  expect(groupsWith(turns, "b")).toEqual(["g"]);
  expect(groupsWith(turns, "c")).toEqual([]);
});

const MANY = Array.from({ length: 70 }, (_, nth) => `new${nth}`);

test("GR-60 a member gets the turn to add those who wait, 64 at most, and whoever it added waits no longer", () => {
  const members = new Set<string>();
  const group = { isMember: (device: string) => members.has(device), helper: () => "member" };
  const first = releaseTurn(crowd(["first", ...MANY]), "g", "first", options(1, group));
  expect(first.granted).toEqual({ device: "member", adding: MANY.slice(0, 64) });
  expect(holderOf(first.turns, "g", 2)).toBe("member");
  for (const device of MANY.slice(0, 64)) members.add(device);
  const second = releaseTurn(first.turns, "g", "member", options(3, group));
  expect(second.granted).toEqual({ device: "member", adding: MANY.slice(64) });
});

test("GR-60 one alone, one who wants the turn for itself, and a room where no member is there: each has its own turn", () => {
  const group = { isMember: () => false, helper: () => "member" };
  const alone = releaseTurn(crowd(["first", "new0"]), "g", "first", options(1, group));
  expect(alone.granted).toEqual({ device: "new0", adding: [] });
  const own = ask(crowd(["first"]), "own", 0);
  const behind = releaseTurn(crowd(MANY.slice(0, 2), own.turns), "g", "first", options(1, group));
  expect(behind.granted).toEqual({ device: "own", adding: [] });
  const empty = releaseTurn(crowd(["first", ...MANY]), "g", "first", options(1));
  expect(empty.granted).toEqual({ device: "new0", adding: [] });
});

test("GR-61 behind a member that adds nobody the first comes in by itself, and that member isn't asked again", () => {
  const excepted: (readonly string[])[] = [];
  const group = {
    isMember: () => false,
    helper: (except: readonly string[]) => {
      excepted.push(except);
      return except.includes("idle") ? null : "idle";
    },
  };
  const asked = releaseTurn(crowd(["first", ...MANY]), "g", "first", options(1, group));
  expect(asked.granted?.device).toBe("idle");
  const expired = expireTurn(asked.turns, "g", options(5_001, group));
  expect(expired.granted).toEqual({ device: "new0", adding: [] });
  const next = releaseTurn(expired.turns, "g", "new0", options(5_002, group));
  expect(next.granted).toEqual({ device: "new1", adding: [] });
  expect(excepted.at(-1)).toContain("idle");
});

/** What a member that was given the turn does: adds so many of those it was asked to, or lets the time pass. */
const helpers = fc.array(fc.integer({ min: 0, max: 64 }), { minLength: 1, maxLength: 20 });

test("GR-61 whatever members do, everybody gets in once, and no more than 8 turns come to nothing", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), helpers, (count, willing) => {
      const devices = Array.from({ length: count }, (_, nth) => `new${nth}`);
      const members = new Set<string>();
      let asked = 0;
      const group = {
        isMember: (device: string) => members.has(device),
        helper: (except: readonly string[]) =>
          ["m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9"].find((each) => !except.includes(each)) ?? null,
      };
      let { turns } = requestTurn(
        NO_TURNS,
        "g",
        { device: "first", orAdded: true },
        { ...options(0, group), most: 1_000 },
      )!;
      turns = crowd(devices, turns);
      members.add("first");
      let [holder, idle, steps] = ["first", 0, 0];
      while (get(turns, "g") !== undefined) {
        const turn = get(turns, "g");
        if (turn === undefined) break;
        const before = members.size;
        if (turn.adding.length > 0) {
          const most = willing[asked++ % willing.length] ?? 0;
          for (const device of turn.adding.slice(0, most)) {
            expect(members.has(device)).toBe(false);
            members.add(device);
          }
          if (members.size === before) idle += 1;
        } else if (turn.holder !== "first") {
          expect(members.has(turn.holder)).toBe(false);
          members.add(turn.holder);
        }
        holder = turn.holder;
        ({ turns } = releaseTurn(turns, "g", holder, options(0, group)));
        expect((steps += 1)).toBeLessThanOrEqual(2 * count + 10);
      }
      expect(members.size).toBe(count + 1);
      expect(idle).toBeLessThanOrEqual(8);
    }),
  );
});
