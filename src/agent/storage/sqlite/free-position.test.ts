import * as fc from "fast-check";
import { expect, test } from "vitest";
import { freePosition } from "./free-position.ts";

test("AS-30 behind places that are taken without a gap it is the next one", () => {
  const run = fc.record({ from: fc.nat(2 ** 52), length: fc.nat(100_000), inside: fc.nat() });
  fc.assert(
    fc.property(run, ({ from, length, inside }) => {
      const wanted = from + (inside % (length + 1));
      expect(freePosition(wanted, (position) => position >= from && position < from + length)).toBe(from + length);
    }),
  );
});

test("AS-30 whatever is taken, the place found is free and not before the one that was wanted, and few are asked for", () => {
  const places = fc.uniqueArray(fc.nat(60), { maxLength: 60 });
  fc.assert(
    fc.property(places, fc.nat(60), (taken, wanted) => {
      const there = new Set(taken);
      let asked = 0;
      const found = freePosition(wanted, (position) => {
        asked += 1;
        return there.has(position);
      });
      expect(there.has(found)).toBe(false);
      expect(found).toBeGreaterThanOrEqual(wanted);
      if (found > wanted) expect(there.has(found - 1)).toBe(true);
      expect(asked).toBeLessThanOrEqual(2 * Math.log2(Math.max(1, taken.length)) + 2);
    }),
  );
});
