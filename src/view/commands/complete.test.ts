import * as fc from "fast-check";
import { expect, test } from "vitest";
import { complete } from "./complete.ts";

const someone = { names: ["bob", "Bea"], rooms: ["#ops"], operator: false };

test.each([
  ["", 0, []],
  ["b", 1, ["bob: ", "Bea: "]],
  ["tell @b", 2, ["@bob ", "@Bea "]],
  ["SEND b", 1, ["bob ", "Bea "]],
  ["/m", 2, ["/msg ", "/me ", "/members "]],
  ["//m", 3, []],
  ["/msg b", 1, ["bob ", "Bea "]],
  ["/msg a", 1, ["ALL "]],
  ["/to #", 1, ["#ops"]],
  ["/leave #o", 2, ["#ops"]],
  ["/invite #o", 2, []],
  ["/msg bob b", 1, ["bob ", "Bea "]],
  ["/ignore be", 2, ["Bea"]],
  ["/set be", 2, ["bell "]],
  ["/set bell d", 1, ["direct"]],
  ["/set shoes r", 1, []],
  ["/shout b", 1, ["bob ", "Bea "]],
])("VW-15 %j", (before, length, candidates) => {
  expect(complete(before, someone)).toEqual({ length, candidates });
});

test("VW-15 whatever stands before the cursor, a completion begins with its last word", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (before) => {
      const { length, candidates } = complete(before, someone);
      const word = before.slice(before.length - length).toLowerCase();
      for (const candidate of candidates) expect(candidate.toLowerCase().startsWith(word)).toBe(true);
    }),
  );
});
