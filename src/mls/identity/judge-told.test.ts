import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { newSigningKey } from "./ed25519.ts";
import { ownSuccession, ownSuccessions } from "./judge-succession.ts";
import { judgeTold, judgeVouched } from "./judge-told.ts";
import { inPlaceOf, judgeKey, pinOf } from "./pins.ts";
import { signStatement, stayingTag } from "./succession.ts";
import type { Who } from "./who.ts";

const who: Who = { server: new Uint8Array(16).fill(1), kind: "person", identity: "1001" };
const [first, second, third, thief] = [newSigningKey(), newSigningKey(), newSigningKey(), newSigningKey()];
const [laptop, phone, lost] = [device(), device(), device()];
const toSecond = statement(first, second, [laptop, phone], [lost]);
const toThird = statement(second, third, [laptop], [device()]);
const pin = pinOf(who, second.publicKey, 0);

test("DI-22 who met the new key first knows a device under the former one by the new key's own word, and no other, whatever it says of who was removed", () => {
  const taught = judgeVouched({ ...pin, level: "compared" }, [toSecond], first.publicKey);
  expect(taught).toMatchObject({ userKey: second.publicKey, level: "compared", departures: null });
  const under = (shown: typeof laptop) => judgeKey(taught, { identity: who, userKey: first.publicKey, ...shown }).kind;
  expect([laptop, phone, lost, device(), { ...laptop, deviceKey: lost.deviceKey }].map(under)).toEqual([
    "known",
    "known",
    "changed-key",
    "changed-key",
    "changed-key",
  ]);
  // As who has followed it, but for whom it calls removed: each of its person's devices could say so of another one.
  const followed = ownSuccession(pinOf(who, first.publicKey, 0), toSecond)?.former;
  expect(taught?.former).toEqual({ ...followed, removed: [] });
});

test("DI-22 so it does of a key before the former one; nothing is said of one that is known, was put out of place by a person's own word, or comes behind", () => {
  const last = pinOf(who, third.publicKey, 0);
  const taught = judgeVouched(last, [toThird, toSecond], first.publicKey);
  expect(taught?.former?.keys).toEqual([second.publicKey, first.publicKey]);
  expect(judgeKey(taught, { identity: who, userKey: first.publicKey, ...laptop }).kind).toBe("known");
  expect(judgeKey(taught, { identity: who, userKey: first.publicKey, ...phone }).kind).toBe("changed-key");
  const followed = ownSuccession(pin, toThird) ?? pin;
  expect(judgeVouched(followed, [toSecond, toThird], first.publicKey)?.former).toEqual({
    ...followed.former,
    keys: [second.publicKey, first.publicKey],
  });
  // Another way to the pinned key than the one that was followed.
  const other = statement(thief, third, [lost], [laptop]);
  expect(judgeVouched(followed, [other], thief.publicKey)).toBeNull();
  expect(judgeVouched(followed, [toSecond, toThird], second.publicKey)).toBeNull();
  expect(
    judgeVouched(inPlaceOf(pinOf(who, first.publicKey, 0), second.publicKey, 0), [toSecond], first.publicKey),
  ).toBe(null);
  expect(judgeVouched(pin, [toSecond, toThird], third.publicKey)).toBeNull();
  expect(judgeVouched(pin, [toSecond, toThird], second.publicKey)).toBeNull();
});

test("DI-22 whoever has a former key alone, or another person's, makes nothing known by it, and nor does any other text", () => {
  const foreign = { ...who, identity: "1002" };
  const forged = [
    statement(thief, first, [laptop], [lost]),
    signStatement(foreign, first, second, { staying: [tagOf(laptop)], removed: [lost.deviceId] }),
    toSecond.with(70, (toSecond[70] ?? 0) ^ 1),
    statement(first, thief, [laptop], [lost]),
  ];
  for (const shown of [first, thief]) expect(judgeVouched(pin, forged, shown.publicKey)).toBeNull();
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 12 }), (statements) => {
      expect(judgeVouched(pin, statements, first.publicKey)).toBeNull();
    }),
  );
});

test("DI-22 who had a key before and was removed since makes no device a removed one by signing another way to that key", () => {
  const last = pinOf(who, third.publicKey, 0);
  const forged = statement(first, second, [device()], [laptop]);
  const taught = judgeVouched(last, [forged, toThird], first.publicKey);
  for (const { publicKey: userKey } of [first, second, third])
    expect(judgeKey(taught ?? last, { identity: who, userKey, ...laptop }).kind).toBe("known");
});

test("DI-20 nor by another way from a key before, which a server tells for it", () => {
  const known = pinOf(who, first.publicKey, 0);
  const forged = statement(first, second, [device()], [laptop]);
  const told = judgeTold(known, [forged, toThird], { shown: third.publicKey, leaves: [] });
  const followed = ownSuccessions(known, [forged, toThird]);
  for (const pinned of [told, followed]) {
    expect(judgeKey(pinned, { identity: who, userKey: third.publicKey, ...laptop }).kind).toBe("known");
    expect(pinned?.former?.keys).toEqual([second.publicKey, first.publicKey]);
  }
  // While it is there, nothing is taken over its head; and what was known to be removed stays so.
  const leaves = [{ identity: who, userKey: third.publicKey, ...laptop }];
  expect(judgeTold(known, [forged, toThird], { shown: third.publicKey, leaves })).toBeNull();
  const behind = ownSuccession(known, toSecond) ?? known;
  expect(ownSuccessions(behind, [toThird])).toEqual(ownSuccession(behind, toThird));
  expect(judgeKey(ownSuccession(behind, toThird), { identity: who, userKey: third.publicKey, ...lost }).kind).toBe(
    "removed-device",
  );
});

test("DI-22 what it keeps has a bound, the newest first", () => {
  const keys = Array.from({ length: 12 }, () => newSigningKey());
  const chain = keys.slice(1).map((next, at) => statement(keys[at] ?? next, next, [laptop], [device(), lost]));
  const newest = keys.at(-1)?.publicKey ?? new Uint8Array();
  const taught = judgeVouched(pinOf(who, newest, 0), chain, keys.at(-9)?.publicKey ?? new Uint8Array());
  expect(taught?.former?.keys).toEqual(
    keys
      .slice(-9, -1)
      .toReversed()
      .map(({ publicKey }) => publicKey),
  );
  expect(taught?.former?.removed).toEqual([]);
  // Further back it isn't looked.
  expect(judgeVouched(pinOf(who, newest, 0), chain, keys.at(-10)?.publicKey ?? new Uint8Array())).toBeNull();
});

function statement(
  old: typeof first,
  next: typeof first,
  staying: readonly (typeof laptop)[],
  removed: readonly (typeof laptop)[],
): Uint8Array {
  const named = { staying: staying.map(tagOf), removed: removed.map(({ deviceId }) => deviceId) };
  return signStatement(who, old, next, named);
}

function tagOf({ deviceId, deviceKey }: typeof laptop): Uint8Array {
  return stayingTag(deviceId, deviceKey);
}

function device() {
  return { deviceId: Uint8Array.from(randomBytes(16)), deviceKey: newSigningKey().publicKey };
}
