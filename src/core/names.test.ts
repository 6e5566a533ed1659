import * as fc from "fast-check";
import { expect, test } from "vitest";
import { alice, backup, bob, local, mallory, outcome, phone, world } from "../../test/helpers/core.ts";
import { isName } from "./names.ts";

test.each(["a", "Alice", "b.o-b_9", "-", ".", "all.", "x".repeat(32)])("ID-30 %s is a name", (word) => {
  expect(isName(word)).toBe(true);
});

test.each(["", "x".repeat(33), "ALL", "all", "aLl", "x:", "a b", "a\n", "#room", "é", "\u212Aate", "name\0"])(
  "ID-30 %j is no name",
  (word) => {
    expect(isName(word)).toBe(false);
    const w = world();
    expect(outcome(w.join(1, alice, word))).toBe("refused: invalid-name");
    expect(w.facts).toEqual([]);
  },
);

test("ID-30 of all words, those of its alphabet and length are names", () => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-".split("");
  const word = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 40 }));
  fc.assert(
    fc.property(word, (any) => {
      const wellFormed =
        any.length >= 1 && any.length <= 32 && any.split("").every((letter) => alphabet.includes(letter));
      expect(isName(any)).toBe(wellFormed && any.toUpperCase() !== "ALL");
    }),
  );
});

test("ID-31 a name that somebody bears is refused in any case, and the connection stays", () => {
  const w = world();
  w.join(1, alice, "Alice");
  expect(outcome(w.join(2, alice, "aLICE"))).toBe("refused: name-taken");
  expect(outcome(w.run({ kind: "register", session: 2, name: "laptop" }))).toBe("name-claimed, session-registered");
});

test("ID-31 a name is addressed in any case", () => {
  const w = world();
  w.join(1, alice, "alice");
  w.join(2, bob, "Bob");
  expect(w.run({ kind: "direct", session: 1, to: "bOB", body: "aa|bb" }).heard).toContainEqual({
    to: 2,
    notice: { kind: "direct", from: "alice", body: "aa|bb" },
  });
});

test("ID-31 no letter outside the alphabet folds into a name", () => {
  const w = world();
  w.join(1, alice, "alice");
  w.join(2, bob, "kate");
  // The Kelvin sign, whose lower case is the letter k.
  expect(outcome(w.run({ kind: "direct", session: 1, to: "\u212Aate", body: "aa|bb" }))).toBe(
    "refused: recipient-not-found",
  );
});

test("ID-32 a name stays its first identity's when nobody bears it, and over a restart", () => {
  const w = world();
  w.join(1, alice, "alice");
  w.run({ kind: "end", session: 1, refusal: null });
  expect(outcome(w.join(2, mallory, "ALICE"))).toBe("refused: name-taken");
  const later = w.restarted();
  expect(outcome(later.join(1, mallory, "Alice"))).toBe("refused: name-taken");
  expect(outcome(later.join(2, alice, "ALICE"))).toBe("session-registered");
});

test("ID-32 the claim says who, what and when", () => {
  const w = world();
  w.join(1, alice, "Alice");
  expect(w.facts).toEqual([{ kind: "name-claimed", claim: { name: "Alice", identity: alice, claimedAt: 1000 } }]);
});

test("ID-33 an identity has so many names and no more, but always those", () => {
  const w = world({ maxNamesPerIdentity: 2 });
  w.join(1, alice, "one");
  w.join(2, alice, "two");
  expect(outcome(w.join(3, alice, "three"))).toBe("refused: too-many-names");
  expect(outcome(w.join(4, bob, "four"))).toBe("name-claimed, session-registered");
  w.run({ kind: "end", session: 1, refusal: null });
  expect(outcome(w.run({ kind: "register", session: 3, name: "one" }))).toBe("session-registered");
});

test("ID-33 what is local has a limit of its own", () => {
  const w = world({ maxNamesPerIdentity: 1, maxNamesOfLocal: 2 });
  w.join(1, local, "one");
  expect(outcome(w.join(2, local, "two"))).toBe("name-claimed, session-registered");
  expect(outcome(w.join(3, local, "three"))).toBe("refused: too-many-names");
});

test("ID-33 taking over a name counts as one more", () => {
  const w = world({ maxNamesPerIdentity: 1 });
  w.join(1, local, "box");
  w.run({ kind: "end", session: 1, refusal: null });
  w.join(2, alice, "alice");
  expect(outcome(w.join(3, alice, "box"))).toBe("refused: too-many-names");
});

test.each([
  { weaker: local, stronger: alice },
  { weaker: phone, stronger: alice },
  { weaker: local, stronger: backup },
  { weaker: phone, stronger: backup },
])("ID-34 $stronger.kind takes over the name that $weaker.kind claimed, and keeps it", ({ weaker, stronger }) => {
  const w = world();
  w.join(1, weaker, "box");
  expect(outcome(w.join(2, stronger, "box"))).toBe("refused: name-taken");
  w.run({ kind: "end", session: 1, refusal: null });
  expect(outcome(w.run({ kind: "register", session: 2, name: "BOX" }))).toBe("name-claimed, session-registered");
  w.run({ kind: "end", session: 2, refusal: null });
  expect(outcome(w.join(3, weaker, "box"))).toBe("refused: name-taken");
});

test.each([
  { owner: alice, other: backup },
  { owner: backup, other: alice },
  { owner: local, other: phone },
  { owner: phone, other: local },
])("ID-34 $other.kind can't take what $owner.kind claimed", ({ owner, other }) => {
  const w = world();
  w.join(1, owner, "box");
  w.run({ kind: "end", session: 1, refusal: null });
  expect(outcome(w.join(2, other, "box"))).toBe("refused: name-taken");
});

test("ID-35 a released name is anybody's, after whoever bears it has left", () => {
  const w = world();
  w.join(1, alice, "alice");
  expect(outcome(w.run({ kind: "release-name", name: "ALICE" }))).toBe("name-released");
  expect(outcome(w.join(2, bob, "alice"))).toBe("refused: name-taken");
  w.run({ kind: "end", session: 1, refusal: null });
  expect(outcome(w.run({ kind: "register", session: 2, name: "alice" }))).toBe("name-claimed, session-registered");
});

test("ID-35 a name that nobody claimed can't be released", () => {
  expect(world().run({ kind: "release-name", name: "nobody" }).decision).toEqual({
    kind: "refused",
    refusal: { reason: "target-not-found", target: "nobody" },
  });
});
