import { describe, expect, test } from "vitest";
import { Rates } from "./rates.ts";

/** How many of so many messages pass, each of so many bytes for so many readers. */
function pass(rates: Rates, times: number, now: number, bytes = 100, readers = 1): number {
  return Array.from({ length: times }, () => rates.admit(now, bytes, readers)).filter(Boolean).length;
}

describe("the flood limit", () => {
  test("SE-1 a burst of ten seconds' worth passes at once, and no more", () => {
    expect(pass(new Rates(20, 0), 1000, 0)).toBe(200);
  });

  test("SE-1 then it refills at its rate, and never above the burst", () => {
    const rates = new Rates(20, 0);
    pass(rates, 1000, 0);
    expect(pass(rates, 1000, 500)).toBe(10);
    expect(pass(rates, 1000, 1_000_000)).toBe(200);
  });

  test("SE-1 a rate of 0 is no limit", () => {
    const rates = new Rates(0, 0);
    expect(pass(rates, 10_000, 0)).toBe(10_000);
    expect(rates.charge(0, 1_000_000, 1e12)).toBe(0);
  });

  test("SE-5 a message counts by what it puts on each reader: one burst is never more than a queue of 1 MiB", () => {
    const line = 131_000;
    const passed = pass(new Rates(20, 0), 1000, 0, line);
    expect(passed * line).toBeGreaterThan(900_000);
    expect(passed * line).toBeLessThanOrEqual(1024 * 1024);
  });

  test("SE-5 and by how many readers it has: one burst is never more than 64 MiB in all", () => {
    const passed = pass(new Rates(20, 0), 1000, 0, 16_000, 1000);
    expect(passed).toBe(4);
  });

  test("SE-5 no message is too large to pass at all", () => {
    expect(pass(new Rates(1, 0), 10, 0, 1e9, 10_000)).toBe(1);
  });
});

describe("the rate of reading", () => {
  test("SE-6 four seconds' worth of commands is read at once; then it waits as long as it owes", () => {
    const rates = new Rates(20, 0);
    for (let command = 0; command < 400; command++) expect(rates.charge(0, 1, 10)).toBe(0);
    expect(rates.charge(0, 1, 10)).toBe(10);
    expect(rates.charge(0, 9, 90)).toBe(100);
    expect(rates.charge(100, 0, 0)).toBe(0);
  });

  test("SE-6 the same for bytes, those of answers too", () => {
    const rates = new Rates(20, 0);
    const second = 20 * 64 * 1024;
    expect(rates.charge(0, 1, 4 * second)).toBe(0);
    expect(rates.charge(0, 0, second)).toBe(1000);
    expect(rates.charge(1000, 0, 0)).toBe(0);
  });
});
