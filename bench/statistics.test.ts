import * as fc from "fast-check";
import { expect, test } from "vitest";
import { median, percentile } from "./statistics.ts";

const numbers = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 50 });

test("BE-1 the median is the middle one, or the mean of the two in the middle, in whatever order they come", () => {
  expect(median([5, 1, 3])).toBe(3);
  expect(median([10, 1, 3, 2])).toBe(2.5);
  expect(median([7])).toBe(7);
  expect(median([])).toBeNaN();
});

test("BE-1 as many figures are below the median as above", () => {
  fc.assert(
    fc.property(numbers, (values) => {
      const middle = median(values);
      expect(values.filter((value) => value < middle).length).toBeLessThanOrEqual(values.length / 2);
      expect(values.filter((value) => value > middle).length).toBeLessThanOrEqual(values.length / 2);
    }),
  );
});

test("BE-2 a percentile is the smallest of the figures that so many per cent don't exceed", () => {
  const values = Float64Array.from({ length: 200 }, (_, i) => 200 - i);
  expect(percentile(values, 50)).toBe(100);
  expect(percentile(values, 99)).toBe(198);
  expect(percentile(values, 100)).toBe(200);
  expect(percentile(values, 0)).toBe(1);
  expect(percentile(Float64Array.of(4), 99)).toBe(4);
  expect(percentile(new Float64Array(), 50)).toBeNaN();
});

test("BE-2 a percentile is one of the figures, and the figures stay as they were", () => {
  fc.assert(
    fc.property(numbers, fc.nat(100), (list, percent) => {
      const values = Float64Array.from(list);
      const found = percentile(values, percent);
      expect(list).toContain(found);
      expect(list.filter((value) => value <= found).length).toBeGreaterThanOrEqual((percent / 100) * list.length);
      expect([...values]).toEqual(list);
    }),
  );
});
