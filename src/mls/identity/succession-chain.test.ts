import * as fc from "fast-check";
import { expect, test } from "vitest";
import { newSigningKey } from "./ed25519.ts";
import { MOST_SUCCESSIONS, successionsTo } from "./succession-chain.ts";
import { signStatement } from "./succession.ts";
import type { Who } from "./who.ts";

const alice: Who = { server: new Uint8Array(16).fill(1), kind: "person", identity: "1001" };
const mallory: Who = { ...alice, identity: "1002" };
const keys = Array.from({ length: 12 }, () => newSigningKey());
const removed = [new Uint8Array(16).fill(7)];

test("DI-21 statements in any order, with others among them, lead to a key by the ones that do, the oldest first", () => {
  const chain = [1, 2, 3].map((nth) => link(nth - 1, nth));
  const noise = [link(5, 6), link(8, 1, mallory), new Uint8Array(300), chain[0]!.with(70, 9)];
  fc.assert(
    fc.property(fc.shuffledSubarray([...chain, ...noise], { minLength: 7 }), (statements) => {
      expect(successionsTo(alice, key(3), statements)).toEqual(chain);
    }),
  );
  expect(successionsTo(alice, key(2), chain)).toEqual(chain.slice(0, 2));
  expect(successionsTo(alice, key(3), [chain[0]!, chain[2]!])).toEqual([chain[2]]);
  expect(successionsTo(alice, key(4), chain)).toEqual([]);
  expect(successionsTo(mallory, key(3), chain)).toEqual([]);
});

test("DI-21 eight lead to a key at most, none twice, and a circle ends", () => {
  const chain = Array.from({ length: 10 }, (_, nth) => link(nth, nth + 1));
  expect(successionsTo(alice, key(10), [...chain, ...chain])).toEqual(chain.slice(-MOST_SUCCESSIONS));
  const circle = [link(0, 1), link(1, 2), link(2, 0)];
  expect(successionsTo(alice, key(0), circle)).toEqual([circle[1], circle[2]]);
});

test("DI-21 no bytes throw, and of many but the first are looked at", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.nat(10).map((nth) => link(nth, nth + 1)),
  );
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 20 }), fc.nat(11), (statements, nth) => {
      const found = successionsTo(alice, key(nth), statements);
      expect(found.length).toBeLessThanOrEqual(MOST_SUCCESSIONS);
      expect(found.every((one) => statements.includes(one))).toBe(true);
    }),
    { numRuns: 50 },
  );
  const late = [...Array.from({ length: 24 }, () => new Uint8Array(1)), link(0, 1)];
  expect(successionsTo(alice, key(1), late)).toEqual([]);
});

function key(nth: number): Uint8Array {
  return keyPair(nth).publicKey;
}

function keyPair(nth: number) {
  const found = keys[nth];
  if (found === undefined) throw new Error(`there is no key ${nth}`);
  return found;
}

function link(from: number, to: number, who = alice): Uint8Array {
  return signStatement(who, keyPair(from), keyPair(to), { staying: [], removed });
}
