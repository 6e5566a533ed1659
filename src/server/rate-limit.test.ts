import { describe, expect, test } from "vitest";
import { createRateLimit } from "./rate-limit.ts";

function takeMany(limit: { take(now: number): boolean }, times: number, now: number): number {
  return Array.from({ length: times }, () => limit.take(now)).filter(Boolean).length;
}

describe("the flood limit", () => {
  test("SE-1 a burst of ten seconds' worth passes at once, and no more", () => {
    expect(takeMany(createRateLimit(20, 0), 1000, 0)).toBe(200);
  });

  test("SE-1 then it refills at its rate, and never above the burst", () => {
    const limit = createRateLimit(20, 0);
    takeMany(limit, 1000, 0);
    expect(takeMany(limit, 1000, 500)).toBe(10);
    expect(takeMany(limit, 1000, 1_000_000)).toBe(200);
  });

  test("SE-1 a rate of 0 is no limit", () => {
    expect(takeMany(createRateLimit(0, 0), 10_000, 0)).toBe(10_000);
  });
});
