import * as fc from "fast-check";
import { expect, test } from "vitest";
import { newSigningKey } from "./ed25519.ts";
import type { SigningKey } from "./ed25519.ts";
import { followMovement, judgeSuccession, ownSuccession, withConfirmed } from "./judge-succession.ts";
import { judgeTold } from "./judge-told.ts";
import type { Announcement, Succession } from "./judge-succession.ts";
import { inPlaceOf, judgeKey, pinOf } from "./pins.ts";
import type { Pin, ShownDevice } from "./pins.ts";
import { rotateUserKey, signStatement, stayingTag } from "./succession.ts";
import type { Who } from "./who.ts";

const who: Who = { server: new Uint8Array(16).fill(1), kind: "person", identity: "1001" };
const old = newSigningKey();
const [laptop, phone, desktop] = [device(1), device(2), device(3)];
/** What whoever took the phone makes with the old user key, which the phone knows. */
const impostor = device(9);
const pin = pinOf(who, old.publicKey, 0);
const rotation = rotate(old, [laptop, desktop], [phone]);
const announced: Announcement = {
  statement: rotation.statement,
  announcer: laptop,
  wasMember: true,
  removed: ids(phone),
  present: [laptop, desktop],
  own: null,
};

test("DI-9 a successor announced by a device that stays, in the commit that removes the others, is accepted; the level stays", () => {
  const verdict = judgeSuccession({ ...pin, level: "compared" }, announced);
  expect(verdict).toMatchObject({ kind: "accepted", pin: { userKey: rotation.userKey.publicKey, level: "compared" } });
  // The announcer may carry its new record already.
  const renewed = { ...laptop, userKey: rotation.userKey.publicKey };
  expect(judgeSuccession(pin, { ...announced, announcer: renewed }).kind).toBe("accepted");
});

test("DI-9 behind it those that stay are known under the old key too, by id and key; the removed and all others aren't", () => {
  const next = accepted(judgeSuccession(pin, announced));
  expect(judgeKey(next, { ...laptop, userKey: rotation.userKey.publicKey }).kind).toBe("known");
  expect([laptop, desktop].map((each) => judgeKey(next, each).kind)).toEqual(["known", "known"]);
  expect(judgeKey(next, phone).kind).toBe("removed-device");
  expect(judgeKey(next, impostor).kind).toBe("changed-key");
  // Under a device's id with a key of one's own.
  expect(judgeKey(next, { ...desktop, deviceKey: impostor.deviceKey }).kind).toBe("changed-key");
});

test("DI-9 the removed device signs a successor itself: refused, before and after its removal", () => {
  const own = rotate(old, [phone], [laptop]);
  const bySelf = { statement: own.statement, announcer: phone, removed: ids(laptop), present: [phone, desktop] };
  const next = accepted(judgeSuccession(pin, announced));
  expect(why(next, bySelf)).toBe("not-the-pinned-key");
  // The removal came without a word: whoever is out can't speak for the rest.
  const behind = followMovement(pin, plainRemoval(phone, [laptop, desktop]));
  expect(why(behind, bySelf)).toBe("announcer-is-new");
  expect(why(behind, { ...bySelf, wasMember: false })).toBe("announcer-is-new");
});

test("DI-9 it comes back under another id, into an open room, and removes a sibling in its own name: refused", () => {
  const next = accepted(judgeSuccession(pin, announced));
  const own = rotate(old, [impostor], [laptop]);
  const takeover = { statement: own.statement, announcer: impostor, removed: ids(laptop), present: [impostor] };
  expect(why(next, takeover)).toBe("not-the-pinned-key");
  // And where the removal came without a word, before its person's announcement.
  const behind = followMovement(pin, plainRemoval(phone, [laptop, desktop]));
  const joined = followMovement(behind, { removed: [], added: [impostor], stayed: [laptop, desktop], by: null });
  expect(why(joined, takeover)).toBe("announcer-is-new");
  expect(judgeSuccession(joined, { ...announced, removed: [] }).kind).toBe("accepted");
});

test("DI-9 a thief whose device is still a member races: the first of two announcements counts, the other is a changed key", () => {
  const theirs = rotate(old, [phone], [laptop, desktop]);
  const byThief = { ...announced, statement: theirs.statement, announcer: phone, removed: ids(laptop, desktop) };
  const first = accepted(judgeSuccession(pin, { ...byThief, present: [phone] }));
  expect(why(first, {})).toBe("not-the-pinned-key");
  expect(judgeKey(first, { ...laptop, userKey: rotation.userKey.publicKey }).kind).toBe("changed-key");
  expect(judgeKey(first, laptop).kind).toBe("removed-device");
});

test("DI-9 after a removal without a word only who was there then can announce, and whom they have added since", () => {
  const behind = followMovement(pin, plainRemoval(phone, [laptop, desktop]));
  expect(behind.departures).toEqual({ gone: ids(phone), left: tags(laptop, desktop) });
  const late = { ...announced, removed: [] };
  expect(judgeSuccession(behind, late).kind).toBe("accepted");
  const tablet = device(4);
  const withTablet = rotate(old, [tablet, laptop], [phone]);
  const byTablet = { ...late, statement: withTablet.statement, announcer: tablet, present: [tablet, laptop] };
  const added = { removed: [], added: [tablet], stayed: [laptop, desktop] };
  const byLaptop = followMovement(behind, { ...added, by: laptop });
  expect(judgeSuccession(byLaptop, byTablet).kind).toBe("accepted");
  expect(why(followMovement(behind, { ...added, by: null }), byTablet)).toBe("announcer-is-new");
  expect(why(followMovement(behind, { ...added, by: phone }), byTablet)).toBe("announcer-is-new");
});

test("DI-9 a device that its person has confirmed by their own hand since then may announce, unless it is one that went", () => {
  const tablet = device(4);
  const { statement } = rotate(old, [tablet, laptop], [phone]);
  const byTablet = { ...announced, removed: [], statement, announcer: tablet, present: [tablet, laptop] };
  const behind = followMovement(pin, plainRemoval(phone, [laptop, desktop]));
  expect(why(behind, byTablet)).toBe("announcer-is-new");
  const confirmed = withConfirmed(behind, tablet);
  expect(judgeSuccession(confirmed, byTablet).kind).toBe("accepted");
  // Not another one under its id, and of those that went none.
  const posing = { ...tablet, deviceKey: impostor.deviceKey };
  const theirs = rotate(old, [posing, laptop], [phone]).statement;
  expect(why(confirmed, { ...byTablet, statement: theirs, announcer: posing })).toBe("announcer-is-new");
  expect(withConfirmed(behind, phone)).toBe(behind);
  expect(withConfirmed(confirmed, tablet)).toBe(confirmed);
  expect(withConfirmed(pin, tablet)).toBe(pin);
});

test("DI-9 what a person takes away of their own behind that is none of what went without a word; of either 64 are remembered", () => {
  const behind = followMovement(pin, plainRemoval(phone, [laptop, desktop]));
  const tidied = followMovement(behind, { ...plainRemoval(desktop, [laptop]), by: laptop });
  // It announces nothing from then on, and neither does who comes under its id.
  expect(tidied.departures).toEqual({ gone: ids(phone), left: tags(laptop) });
  const [gone, left] = [10, 100].map((from) => Array.from({ length: 70 }, (_, nth) => device(from + nth)));
  const crowd = followMovement(pin, { removed: gone!, added: [], stayed: left!, by: null });
  expect(crowd.departures).toEqual({
    gone: ids(...gone!.slice(0, 64)),
    left: tags(...left!.slice(0, 64)),
  });
  // What changes nothing gives the same pin, which isn't kept again; each device is remembered once.
  expect(followMovement(behind, { ...plainRemoval(phone, [laptop, desktop]) })).toBe(behind);
  const again = followMovement(behind, { removed: [phone, impostor], added: [], stayed: [laptop], by: null });
  expect(again.departures).toEqual({ gone: ids(phone, impostor), left: tags(laptop, desktop) });
  const added = followMovement(behind, { removed: [], added: [impostor], stayed: [laptop], by: laptop });
  expect(added.departures?.left).toEqual(tags(laptop, desktop, impostor));
});

test("DI-9 devices that go all together, that their own person takes away, or that come while nobody has gone, change nothing", () => {
  expect(followMovement(pin, { ...plainRemoval(phone, [laptop, desktop]), by: laptop })).toBe(pin);
  expect(followMovement(pin, { ...plainRemoval(phone, []), removed: [phone, laptop] })).toBe(pin);
  expect(followMovement(pin, { removed: [], added: [desktop], stayed: [laptop], by: null })).toBe(pin);
});

test("DI-9 a statement where the named are no members, where one of them still is, or that doesn't name its announcer as staying is refused", () => {
  const compared: Pin = { ...pin, level: "compared" };
  expect(why(compared, { removed: [] })).toBe("nothing-removed");
  expect(why(compared, { removed: ids(desktop) })).toBe("nothing-removed");
  expect(why(pin, { present: [laptop, phone] })).toBe("removed-device-still-in");
  expect(why(pin, { announcer: phone })).toBe("announcer-not-staying");
  expect(why(pin, { announcer: { ...laptop, deviceKey: impostor.deviceKey } })).toBe("announcer-not-staying");
  expect(why(pin, { announcer: { ...laptop, userKey: newSigningKey().publicKey } })).toBe("announcer-unknown");
  expect(why(pin, { wasMember: false })).toBe("announcer-is-new");
  expect(why(pin, { statement: rotate(newSigningKey(), [laptop], [phone]).statement })).toBe("not-the-pinned-key");
  expect(why(pin, { statement: rotation.statement.with(3, (rotation.statement[3] ?? 0) ^ 1) })).toBe("signature");
  // Named as both: as good as removed.
  const both = signStatement(who, old, rotation.userKey, { staying: [tagOf(laptop)], removed: ids(laptop, phone) });
  expect(why(pin, { statement: both, present: [desktop] })).toBe("announcer-not-staying");
  // Of another person it says nothing, whatever key their leaf carries.
  for (const userKey of [old.publicKey, rotation.userKey.publicKey])
    expect(() =>
      judgeSuccession(pin, { ...announced, announcer: { ...laptop, userKey, identity: another() } }),
    ).toThrow(TypeError);
});

test("DI-9 a pin remembers eight former keys and 64 removed devices, the newest first", () => {
  const gone = Array.from({ length: 40 }, (_, nth) => device(100 + nth).deviceId);
  const [first, ...later] = pool;
  let known = pinOf(who, first!.publicKey, 0);
  let key = first!;
  for (const [nth, next] of later.entries()) {
    const removed = nth < 2 ? gone.slice(20 * nth, 20 * nth + 20) : [device(60 + nth).deviceId];
    known = ownSuccession(known, signStatement(who, key, next, { staying: [], removed })) ?? known;
    key = next;
  }
  expect(known.former?.keys).toEqual(
    pool
      .slice(-9, -1)
      .toReversed()
      .map(({ publicKey }) => publicKey),
  );
  const many = Array.from({ length: 45 }, (_, nth) => device(150 + nth).deviceId);
  const last = newSigningKey();
  const full = ownSuccession(known, signStatement(who, key, last, { staying: [], removed: many }));
  expect(full?.former?.removed).toEqual([...many, ...(known.former?.removed ?? [])].slice(0, 64));
  expect(full?.former?.removed).toHaveLength(64);
});

test("DI-18 of the device's own person the removal is always asked for", () => {
  const own = { ...announced, own: desktop };
  expect(judgeSuccession(pin, { ...own, removed: [] })).toEqual({ kind: "refused", why: "nothing-removed" });
  expect(judgeSuccession(pin, own).kind).toBe("accepted");
});

test("DI-18 a device follows its own person's key by no statement that doesn't name it as staying, whoever was removed", () => {
  const { statement } = rotate(old, [phone], [laptop]);
  const byThief = { statement, announcer: phone, removed: ids(laptop), present: [desktop, phone] };
  expect(judgeSuccession({ ...pin, level: "compared" }, { ...announced, ...byThief }).kind).toBe("accepted");
  expect(why(pin, { ...byThief, own: desktop })).toBe("own-device-not-staying");
  // Nor under its id with another key.
  const { deviceKey } = impostor;
  expect(why(pin, { own: { ...desktop, deviceKey } })).toBe("own-device-not-staying");
});

test("DI-18 a stolen phone that is still a member makes nobody's key a changed one by a commit that removes nobody", () => {
  const byThief = { announcer: phone, removed: [], present: [laptop, desktop, phone] };
  const alone = rotate(old, [phone], [impostor]);
  expect(why(pin, { ...byThief, statement: alone.statement })).toBe("device-unnamed");
  expect(why(pin, { ...byThief, statement: rotate(old, [phone, laptop], [impostor]).statement })).toBe(
    "device-unnamed",
  );
  // A device under the new key needs no name: it was confirmed since.
  const next = rotate(old, [phone], [impostor]);
  const beside = [phone, { ...laptop, userKey: next.userKey.publicKey }];
  expect(judgeSuccession(pin, { ...announced, ...byThief, statement: next.statement, present: beside }).kind).toBe(
    "accepted",
  );
  // Under a statement that names all of them nobody is held.
  const named = rotate(old, [phone, laptop, desktop], [impostor]);
  const taken = accepted(judgeSuccession(pin, { ...announced, ...byThief, statement: named.statement }));
  expect([laptop, desktop].map((each) => judgeKey(taken, each).kind)).toEqual(["known", "known"]);
});

test("DI-9 no chain of signed keys leads back to one before, whoever announces it; under the pinned key, too, a removed device is one", () => {
  const next = accepted(judgeSuccession({ ...pin, level: "compared" }, announced));
  const back = signStatement(who, rotation.userKey, old, { staying: [tagOf(laptop)], removed: ids(desktop) });
  expect(why(next, { statement: back, removed: ids(desktop), present: [laptop] })).toBe("former-key");
  expect(judgeTold(next, [back], { shown: old.publicKey, leaves: [] })).toBeNull();
  expect(ownSuccession(next, back)).toBeNull();
  const third = newSigningKey();
  const on = signStatement(who, old, third, { staying: [], removed: ids(desktop) });
  for (const chain of [
    [back, on],
    [rotation.statement, back, on],
  ])
    expect(judgeTold(next, chain, { shown: third.publicKey, leaves: [] })).toBeNull();
  const underIt = { ...phone, userKey: rotation.userKey.publicKey };
  expect(judgeKey(next, underIt).kind).toBe("removed-device");
});

test("DI-18 a key that a person's own word has put in another's place is no first sight, and its owner's word makes none of those before it theirs", () => {
  const replaced = inPlaceOf(pinOf(who, impostor.deviceKey, 0), old.publicKey, 1);
  expect(why(replaced, { removed: [] })).toBe("nothing-removed");
  const next = accepted(judgeSuccession(replaced, announced));
  expect(next.former?.replaced).toEqual([impostor.deviceKey]);
  const [one, other] = [newSigningKey(), newSigningKey()];
  const behind = inPlaceOf(pinOf(who, one.publicKey, 0), other.publicKey, 1);
  const back = signStatement(who, other, one, { staying: [tagOf(laptop)], removed: ids(phone) });
  expect(
    judgeSuccession(behind, { ...announced, announcer: { ...laptop, userKey: other.publicKey }, statement: back }),
  ).toEqual({ kind: "refused", why: "former-key" });
});

test("DI-18 of a key known from first sight alone the removal may lie before that sight: its successor is taken without it, and nobody else's", () => {
  // Who came behind the removal, and saw the desktop first, which was away: the phone is nowhere.
  const late = { ...announced, removed: [] };
  const taught = accepted(judgeSuccession(pin, late));
  expect(taught.userKey).toEqual(rotation.userKey.publicKey);
  expect([judgeKey(taught, desktop).kind, judgeKey(taught, phone).kind]).toEqual(["known", "removed-device"]);
  expect(accepted(judgeSuccession(pin, { ...late, announcer: { ...laptop, userKey: taught.userKey } }))).toEqual(
    taught,
  );
  // All else is asked as ever: who announces, who is still there, whose signature it is.
  expect(why(pin, { ...late, present: [laptop, phone] })).toBe("removed-device-still-in");
  expect(why(pin, { ...late, announcer: phone })).toBe("announcer-not-staying");
  expect(why(pin, { ...late, wasMember: false })).toBe("announcer-is-new");
  const stranger = newSigningKey();
  expect(why(pin, { ...late, statement: rotate(stranger, [laptop], [phone]).statement })).toBe("not-the-pinned-key");
  // Nor where it is more than first sight: somebody has gone without a word, or it has succeeded another.
  const gone = followMovement(pin, plainRemoval(desktop, [laptop, phone]));
  expect(why(gone, { ...late, statement: rotate(old, [laptop], [impostor]).statement })).toBe("nothing-removed");
  const next = rotate(rotation.userKey, [laptop], [desktop]);
  expect(why(taught, { ...late, statement: next.statement, present: [laptop] })).toBe("nothing-removed");
});

test("DI-18 the thief who has the key of first sight gains one announcement, and the true one behind it is a changed key", () => {
  // With a server that lets it come back: it is taken for the person's as it is, by whoever never saw it go.
  expect(judgeKey(pin, impostor).kind).toBe("known");
  const theirs = rotate(old, [impostor, laptop, desktop], [phone]);
  const first = accepted(
    judgeSuccession(pin, { ...announced, statement: theirs.statement, announcer: impostor, removed: [] }),
  );
  expect(judgeSuccession(first, { ...announced, removed: [] }).kind).toBe("refused");
  expect(judgeKey(first, { ...laptop, userKey: rotation.userKey.publicKey }).kind).toBe("changed-key");
});

test("DI-20 a key that a server tells as the successor's is taken where all statements up to it are signed, and nobody is left who could announce it", () => {
  const second = rotate(rotation.userKey, [laptop], [desktop]);
  const [key, last] = [rotation.userKey.publicKey, second.userKey.publicKey];
  const both = [rotation.statement, second.statement];
  const under = (shown: Uint8Array) => ({ shown, leaves: [{ ...laptop, userKey: shown }] });
  expect(judgeTold({ ...pin, level: "compared" }, both, under(last))).toMatchObject({
    userKey: last,
    level: "compared",
  });
  expect(judgeTold(pin, [rotation.statement], { shown: key, leaves: [] })).toEqual(
    accepted(judgeSuccession(pin, announced)),
  );
  // Where it was known up to the first already; where more have followed than what is shown.
  expect(judgeTold(accepted(judgeSuccession(pin, announced)), both, under(last))?.userKey).toEqual(last);
  expect(judgeTold(pin, both, under(key))?.userKey).toEqual(key);
  // One that is missing, of another key, changed, in another order; a key that none leads to.
  for (const statements of [[], [second.statement], both.toReversed(), [rotation.statement.with(9, 0)]])
    expect(judgeTold(pin, statements, under(last))).toBeNull();
  expect(judgeTold(pin, [rotate(newSigningKey(), [laptop], [phone]).statement], under(key))).toBeNull();
  expect(judgeTold(pin, both, under(impostor.deviceKey))).toBeNull();
  // A device under the former key is for its person to announce it with, or isn't to be there.
  const known: Pin = { ...pin, level: "compared" };
  for (const left of [laptop, desktop, phone])
    expect(judgeTold(known, both, { shown: last, leaves: [{ ...laptop, userKey: last }, left] })).toBeNull();
  // Nor is one that is known from first sight alone taken without: the device that has the new one is there to say so.
  for (const left of [laptop, desktop, phone, impostor]) {
    expect(judgeTold(pin, both, { shown: last, leaves: [{ ...laptop, userKey: last }, left] })).toBeNull();
    const beside = { shown: key, leaves: [{ ...laptop, userKey: key }, left] };
    expect(judgeTold(pin, [rotation.statement], beside)).toBeNull();
  }
  expect(judgeTold(pin, both, { shown: last, leaves: [{ ...phone, userKey: last }] })).toBeNull();
});

test("DI-20 whatever a server tells, a pin follows nothing that its own key hasn't signed", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 12 }), (statements) => {
      expect(judgeTold(pin, statements, { shown: rotation.userKey.publicKey, leaves: [] })).toBeNull();
    }),
  );
});

/** A pool to sign chains with; the first is the pinned one. Making keys is slow. */
const pool = [old, ...Array.from({ length: 11 }, () => newSigningKey())];
const inPool = fc.integer({ min: 0, max: pool.length - 1 });
/** `signers`: who has really signed for the old key and for the new one. */
const links = fc.record({ from: inPool, to: inPool, signers: fc.option(fc.tuple(inPool, inPool), { freq: 2 }) });
type Link = Readonly<{ from: number; to: number; signers: readonly [number, number] | null }>;
const chains: fc.Arbitrary<readonly Link[]> = fc.oneof(
  // Any, so that there are loops and gaps; and straight ones, also longer than what is remembered, of which some are cut.
  fc.array(links, { maxLength: 14 }),
  // Whole ones among few keys, which lead back now and then.
  fc
    .array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 8 })
    .map((way) => way.map((to, nth) => ({ from: nth === 0 ? 0 : way[nth - 1]!, to, signers: null }))),
  fc
    .tuple(fc.integer({ min: 1, max: pool.length - 1 }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }))
    .map(([length, fore, aft]) =>
      Array.from({ length }, (_, nth) => ({ from: nth, to: nth + 1, signers: null })).slice(
        fore,
        aft === 0 ? length : -aft,
      ),
    ),
);

test("DI-20 of chains that are forged, loop, are too long or have gaps a pin follows only what leads from it by its own key's signatures, never back", () => {
  fc.assert(
    fc.property(chains, fc.oneof(inPool, fc.integer({ min: 0, max: 3 })), (chain, shownAt) => {
      const statements = chain.map(({ from, to, signers }) => signedBy(pool, from, to, signers));
      const shown = pool[shownAt]!.publicKey;
      const told = judgeTold(pin, statements, { shown, leaves: [] });
      // Of the last eight, in their order, each link that is whole, goes on from where one is, and leads to no key from before.
      const way = [0];
      for (const { from, to, signers } of chain.slice(-8)) {
        const isWhole = from !== to && (signers === null || (signers[0] === from && signers[1] === to));
        if (way.at(-1) !== shownAt && isWhole && way.at(-1) === from && !way.includes(to)) way.push(to);
      }
      const isReached = way.length > 1 && way.at(-1) === shownAt;
      expect(told?.userKey ?? null).toEqual(isReached ? shown : null);
      if (told !== null)
        expect(told.former?.keys).toEqual(
          way
            .slice(0, -1)
            .toReversed()
            .map((nth) => pool[nth]!.publicKey),
        );
    }),
    { numRuns: 300 },
  );
});

test("DI-9 statements are taken in their order, and a replayed one takes nothing back", () => {
  const first = accepted(judgeSuccession(pin, announced));
  const second = rotate(rotation.userKey, [laptop], [desktop]);
  const next: Announcement = { ...announced, statement: second.statement, removed: ids(desktop), present: [laptop] };
  // Of the second nothing is taken before the first.
  expect(why(pin, next)).toBe("not-the-pinned-key");
  const last = accepted(judgeSuccession(first, next));
  expect(last.userKey).toEqual(second.userKey.publicKey);
  for (const replayed of [announced, { ...announced, removed: [] }]) expect(why(last, replayed)).toBeTypeOf("string");
  // A device that was away since before the first is known under its key, unless it was removed meanwhile.
  expect([judgeKey(last, laptop).kind, judgeKey(last, desktop).kind]).toEqual(["known", "removed-device"]);
});

test("DI-9 who sees the second group before the first takes the same statement again without a change", () => {
  const first = accepted(judgeSuccession(pin, announced));
  for (const again of [announced, { ...announced, announcer: desktop }, { ...announced, removed: [] }]) {
    expect(judgeSuccession(first, again)).toMatchObject({ kind: "known", pin: first });
  }
});

test("DI-9 two rotations at once by two siblings: each peer keeps the first it sees, the other is a changed key", () => {
  const other = rotate(old, [laptop, desktop], [phone]);
  const byDesktop: Announcement = { ...announced, statement: other.statement, announcer: desktop };
  const one = accepted(judgeSuccession(pin, announced));
  expect(why(one, byDesktop)).toBe("not-the-pinned-key");
  expect(judgeKey(one, { ...desktop, userKey: other.userKey.publicKey }).kind).toBe("changed-key");
  expect(judgeSuccession(accepted(judgeSuccession(pin, byDesktop)), announced).kind).toBe("refused");
});

test("DI-9 whoever knows the new key first learns of the old one from its owner's word alone, whoever repeats it", () => {
  const newcomer = pinOf(who, rotation.userKey.publicKey, 0);
  expect(judgeKey(newcomer, desktop).kind).toBe("changed-key");
  const verdict = judgeSuccession(newcomer, { ...announced, wasMember: false, removed: [] });
  expect(verdict.kind).toBe("known");
  const taught = verdict.kind === "known" ? verdict.pin : newcomer;
  // Also where it knows of another key before, which a person's own word has replaced.
  const replaced = inPlaceOf(pinOf(who, impostor.deviceKey, 0), rotation.userKey.publicKey, 1);
  expect(judgeSuccession(replaced, announced)).toMatchObject({
    kind: "known",
    pin: { former: { keys: [old.publicKey] } },
  });
  expect([judgeKey(taught, desktop).kind, judgeKey(taught, phone).kind]).toEqual(["known", "changed-key"]);
  // Of a statement whose new key isn't the pinned one nothing is learnt.
  const forged = rotate(old, [impostor], [desktop]);
  expect(judgeSuccession(newcomer, { ...announced, statement: forged.statement }).kind).toBe("refused");
});

test("DI-9 a stolen phone that isn't removed yet shuts out none of its person's devices by a word about keys before, and the owner's removal of it counts", () => {
  const stranger = newSigningKey();
  const word = signStatement(who, stranger, old, { staying: [], removed: ids(laptop) });
  const update = { statement: word, announcer: phone, removed: [], present: [laptop, phone, desktop] };
  for (const own of [null, laptop]) {
    const first = judgeSuccession(pin, { ...announced, ...update, own });
    const behind = first.kind === "known" ? first.pin : pin;
    expect(judgeKey(behind, laptop).kind).toBe("known");
    expect(judgeSuccession(behind, announced).kind).toBe("accepted");
    // Whoever has followed a key before knows who stays under it.
    const followed = accepted(judgeSuccession(pin, announced));
    const again = signStatement(who, stranger, rotation.userKey, { staying: [], removed: ids(laptop) });
    expect(judgeSuccession(followed, { ...announced, ...update, statement: again, own })).toMatchObject({
      kind: "known",
      pin: followed,
    });
  }
});

/** What happens in one group: devices by number; the thief has the phone's keys and with them the first user key. */
type Step =
  | { readonly kind: "join" | "add"; readonly device: number }
  | { readonly kind: "plain-removal"; readonly device: number }
  | { readonly kind: "rotate"; readonly by: number; readonly removed: number }
  | { readonly kind: "take-over"; readonly by: number; readonly staying: number; readonly removed: number };

const numbers = fc.integer({ min: 0, max: 5 });
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom("join" as const, "add" as const), device: numbers }),
  fc.record({ kind: fc.constant("plain-removal" as const), device: numbers }),
  fc.record({ kind: fc.constant("rotate" as const), by: numbers, removed: numbers }),
  fc.record({ kind: fc.constant("take-over" as const), by: numbers, staying: numbers, removed: numbers }),
);

test("DI-9 whatever happens in a group behind the removal of a thief's device, its user key is never taken", () => {
  // Honest devices and the thief's; making keys is slow, so that all are made once.
  const honest = Array.from({ length: 6 }, (_, at) => device(20 + at));
  const taken = newSigningKey();
  // Two of these are under ids of honest ones.
  const posing = [44, 45].map((number, at): ShownDevice => {
    const { identity, userKey, deviceKey } = device(number);
    return { identity, userKey, deviceKey, deviceId: Uint8Array.from(honest[1 + at]!.deviceId) };
  });
  const thieves = [...Array.from({ length: 4 }, (_, at) => device(40 + at)), ...posing];
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 30 }), fc.boolean(), (played, isAnnounced) => {
      let userKey: SigningKey = old;
      const own = [old.publicKey];
      let known: Pin = pin;
      let inGroup: readonly ShownDevice[] = [...honest.slice(0, 3), phone];
      const commit = (announcement: Announcement) => {
        const verdict = judgeSuccession(known, announcement);
        if (verdict.kind !== "refused") known = verdict.pin;
        const { removed, announcer } = announcement;
        const stayed = inGroup.filter((each) => !removed.includes(each.deviceId));
        if (verdict.kind === "refused") {
          const gone = inGroup.filter((each) => !stayed.includes(each));
          known = followMovement(known, { removed: gone, added: [], stayed, by: announcer });
        }
        inGroup = stayed;
      };
      const rotateBy = (by: ShownDevice, removed: readonly ShownDevice[]) => {
        const staying = inGroup.filter((each) => !removed.includes(each) && !thieves.includes(each));
        const made = rotate(userKey, staying, removed);
        userKey = made.userKey;
        own.push(userKey.publicKey);
        commit({
          statement: made.statement,
          announcer: by,
          wasMember: true,
          removed: ids(...removed),
          present: inGroup.filter((each) => !removed.includes(each)),
          own: null,
        });
      };
      const plainly = (gone: ShownDevice) => {
        inGroup = inGroup.filter((each) => each !== gone);
        known = followMovement(known, { removed: [gone], added: [], stayed: inGroup, by: null });
      };
      if (isAnnounced) rotateBy(honest[0]!, [phone]);
      else plainly(phone);
      for (const step of played) {
        switch (step.kind) {
          case "join": {
            // The thief's, by itself or added by somebody else.
            const one = thieves[step.device]!;
            if (inGroup.includes(one)) break;
            known = followMovement(known, { removed: [], added: [one], stayed: inGroup, by: null });
            inGroup = [...inGroup, one];
            break;
          }
          case "add": {
            const one = honest[step.device]!;
            if (inGroup.includes(one) || !inGroup.includes(honest[0]!)) break;
            const by = honest[0]!;
            known = followMovement(known, { removed: [], added: [one], stayed: inGroup, by });
            inGroup = [...inGroup, one];
            break;
          }
          case "plain-removal": {
            const one = inGroup.find((each) => each === honest[step.device] || each === thieves[step.device]);
            if (one !== undefined && one !== honest[0]) plainly(one);
            break;
          }
          case "rotate": {
            const [by, one] = [honest[step.by]!, honest[step.removed]!];
            // An honest person removes with the one all that isn't theirs, as far as ids tell.
            const isOthers = (each: ShownDevice) => thieves.includes(each) && !posing.includes(each);
            const removed = inGroup.filter((each) => each === one || isOthers(each));
            if (by !== one && one !== honest[0] && inGroup.includes(by) && removed.length > 0) rotateBy(by, removed);
            break;
          }
          case "take-over": {
            const by = thieves[step.by]!;
            const removed = honest[step.removed]!;
            if (!inGroup.includes(by)) break;
            // Whoever has the key signs what they like, and names others besides.
            const staying = [by, thieves[step.staying]!, ...inGroup.filter((each) => each !== removed)].map(tagOf);
            const statement = signStatement(who, old, taken, { staying, removed: ids(removed, phone) });
            const left = inGroup.filter((each) => each !== removed);
            commit({
              statement,
              announcer: by,
              wasMember: true,
              removed: inGroup.includes(removed) ? ids(removed) : [],
              present: left,
              own: null,
            });
            break;
          }
        }
        expect(own).toContainEqual(known.userKey);
      }
    }),
    { numRuns: 200 },
  );
});

const subsets = fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { maxLength: 6 });

test("DI-18 whatever a thief's devices announce that are members when somebody sees them first, nobody honest is held while nobody went, and no own device follows what doesn't name it", () => {
  const honest = Array.from({ length: 3 }, (_, nth) => device(20 + nth));
  const thieves = Array.from({ length: 3 }, (_, nth) => device(40 + nth));
  const all = [...honest, ...thieves];
  // Often all are named, so that it is taken at first sight.
  const stated: fc.Arbitrary<readonly number[]> = fc.oneof(
    subsets,
    fc.constant([0, 1, 2, 3, 4, 5]),
    fc.constant([0, 1, 2, 3]),
  );
  const step = fc.record({ by: fc.integer({ min: 3, max: 5 }), staying: stated, removed: subsets, out: subsets });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 6 }), fc.boolean(), (played, isPeaceful) => {
      let peers: Pin = pin;
      const own = honest.map(() => pin);
      let inGroup: readonly ShownDevice[] = all;
      // Each key that a thief has made goes on from the one that peers have by then.
      let key: SigningKey = old;
      let used = 1;
      for (const { by, staying, removed, out } of played) {
        const announcer = all[by]!;
        if (!inGroup.includes(announcer)) continue;
        const gone = isPeaceful ? [] : inGroup.filter((each) => each !== announcer && out.includes(all.indexOf(each)));
        const next = pool[used++]!;
        const named = {
          staying: staying.map((nth) => tagOf(all[nth]!)),
          removed: [device(99), ...removed.map((nth) => all[nth]!)],
        };
        const statement = signStatement(who, key, next, { ...named, removed: ids(...named.removed) });
        inGroup = inGroup.filter((each) => !gone.includes(each));
        const commit = { statement, announcer, wasMember: true, removed: ids(...gone), present: inGroup };
        for (const [nth, mine] of honest.entries()) {
          const verdict = judgeSuccession(own[nth]!, { ...commit, own: mine });
          if (verdict.kind === "refused") continue;
          expect(staying).toContain(nth);
          expect(gone.length).toBeGreaterThan(0);
          own[nth] = verdict.pin;
        }
        const verdict = judgeSuccession(peers, { ...commit, own: null });
        if (verdict.kind === "refused") continue;
        [peers, key] = [verdict.pin, next];
        if (gone.length > 0) continue;
        for (const each of honest.filter((one) => inGroup.includes(one)))
          if (isPeaceful) expect(judgeKey(peers, each).kind).toBe("known");
      }
      if (isPeaceful) expect(own).toEqual(honest.map(() => pin));
    }),
    { numRuns: 150 },
  );
});

function signedBy(keys: readonly SigningKey[], from: number, to: number, signers: readonly [number, number] | null) {
  const named = { staying: [tagOf(laptop)], removed: ids(phone) };
  const [first, second] = signers ?? [from, to];
  const posing = (key: number, signer: number) => ({ ...keys[signer]!, publicKey: keys[key]!.publicKey });
  return signStatement(who, posing(from, first), posing(to, second), named);
}

function tagOf({ deviceId, deviceKey }: ShownDevice): Uint8Array {
  return stayingTag(deviceId, deviceKey);
}

function rotate(
  from: SigningKey,
  staying: readonly ShownDevice[],
  removed: readonly ShownDevice[],
): ReturnType<typeof rotateUserKey> {
  const fields = { ...who, label: "alice", deviceLabel: "", node: "", notAfter: 0n };
  return rotateUserKey(
    who,
    from,
    staying.map(({ deviceId, deviceKey }) => ({ fields: { ...fields, deviceId }, deviceKey })),
    removed.map(({ deviceId }) => deviceId),
  );
}

function device(number: number): ShownDevice {
  const deviceId = new Uint8Array(16).fill(number);
  return { identity: who, userKey: old.publicKey, deviceId, deviceKey: new Uint8Array(32).fill(number) };
}

function tags(...devices: readonly ShownDevice[]): Uint8Array[] {
  return devices.map(tagOf);
}

function ids(...devices: readonly ShownDevice[]): Uint8Array[] {
  return devices.map(({ deviceId }) => deviceId);
}

function plainRemoval(gone: ShownDevice, stayed: readonly ShownDevice[]) {
  return { removed: [gone], added: [], stayed, by: null };
}

function another(): Who {
  return { ...who, identity: "1002" };
}

function accepted(verdict: Succession): Pin {
  if (verdict.kind === "refused") throw new Error(verdict.why);
  return verdict.pin;
}

function why(known: Pin, change: Partial<Announcement>): string {
  const verdict = judgeSuccession(known, { ...announced, ...change });
  return verdict.kind === "refused" ? verdict.why : verdict.kind;
}
