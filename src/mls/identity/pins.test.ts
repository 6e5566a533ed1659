import { expect, test } from "vitest";
import { inPlaceOf, isEarlier, judgeKey, judgeName, pinOf, TRUST_LEVELS, verified } from "./pins.ts";
import type { ShownDevice } from "./pins.ts";
import { whoKey } from "./who.ts";
import type { Who } from "./who.ts";

const server = new Uint8Array(16).fill(1);
const bob: Who = { server, kind: "person", identity: "1002" };
const mallory: Who = { server, kind: "person", identity: "6666" };
const [key, otherKey] = [new Uint8Array(32).fill(2), new Uint8Array(32).fill(3)];

test("DI-5 the first key seen is trusted, as unverified; the same is known; another is a changed key", () => {
  expect(judgeKey(null, shows(bob, key))).toEqual({ kind: "first-use" });
  const pin = pinOf(bob, key, 5);
  expect(pin.level).toBe("unverified");
  expect(judgeKey(pin, shows(bob, Uint8Array.from(key)))).toEqual({ kind: "known", level: "unverified" });
  expect(judgeKey(pin, shows(bob, otherKey))).toEqual({ kind: "changed-key", pinned: pin, seen: otherKey });
  // One that begins like it is another.
  for (const [pinned, seen] of [
    [key, key.subarray(0, 31)],
    [key.subarray(0, 31), key],
  ] as const)
    expect(judgeKey(pinOf(bob, pinned, 5), shows(bob, seen)).kind).toBe("changed-key");
});

test("DI-5 a pin is of one identity on one server, whatever it is called", () => {
  const everybody: readonly Who[] = [
    bob,
    { ...bob, kind: "machine" },
    { ...bob, kind: "address" },
    { ...bob, kind: "name" },
    { ...bob, server: new Uint8Array(16).fill(9) },
    mallory,
  ];
  expect(new Set(everybody.map(whoKey)).size).toBe(everybody.length);
  expect(() => judgeKey(pinOf(bob, key, 0), shows(mallory, key))).toThrow(TypeError);
});

test("DI-6 a name leads to the identity it led to first; a remapped one is told, in any case of letters", () => {
  expect(judgeName(null, "bob", bob)).toEqual({ kind: "first-use" });
  const pin = { name: "bob", who: bob };
  expect(judgeName(pin, "Bob", bob)).toEqual({ kind: "known" });
  expect(judgeName(pin, "BOB", mallory)).toEqual({ kind: "remapped-name", pinned: bob, seen: mallory });
  expect(() => judgeName(pin, "rob", bob)).toThrow(TypeError);
});

test("DI-7 a level only rises, and only for the pinned key", () => {
  const pin = pinOf(bob, key, 0);
  const levels = TRUST_LEVELS.map((from) =>
    TRUST_LEVELS.map((to) => verified({ ...pin, level: from }, key, to)?.level),
  );
  expect(levels).toEqual([
    ["unverified", "compared"],
    ["compared", "compared"],
  ]);
  expect(verified(pin, otherKey, "compared")).toBeNull();
});

test("DI-15 a key put in another's place by a person's word has those before it as earlier ones, at most eight of each kind", () => {
  let pin = pinOf(bob, key, 0);
  for (let nth = 10; nth < 30; nth += 1) pin = inPlaceOf(pin, new Uint8Array(32).fill(nth), nth);
  expect(pin.former?.replaced.map(([first]) => first)).toEqual([28, 27, 26, 25, 24, 23, 22, 21]);
  const again = inPlaceOf(pin, new Uint8Array(32).fill(28), 30);
  expect([isEarlier(pin, new Uint8Array(32).fill(28)), isEarlier(again, new Uint8Array(32).fill(28))]).toEqual([
    true,
    false,
  ]);
  expect(isEarlier(again, pin.userKey)).toBe(true);
});

function shows(identity: Who, userKey: Uint8Array): ShownDevice {
  return { identity, userKey, deviceId: new Uint8Array(16), deviceKey: new Uint8Array(32) };
}
