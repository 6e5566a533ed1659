import { expect, test } from "vitest";
import { besideServerClock } from "./server-clock.ts";
import { SYSTEM } from "./system.ts";

const HOUR = 3_600_000;

test("SR-34 the own clock counts while it agrees with the server's, and else the server's, wherever the own one jumps", () => {
  let [own, elapsed] = [50 * HOUR, 0];
  const clock = besideServerClock({ ...SYSTEM, now: () => own }, () => elapsed);
  expect(clock.now()).toBe(50 * HOUR);
  clock.heard(100 * HOUR);
  elapsed += 1_500.4;
  expect(clock.now()).toBe(100 * HOUR + 1_500);
  own = 100 * HOUR + 5_000;
  expect(clock.now()).toBe(own);
  own = 0;
  expect(clock.now()).toBe(100 * HOUR + 1_500);
  clock.heard(null);
  expect(clock.now()).toBe(100 * HOUR + 1_500);
});

test("SR-34 a machine that slept, or whose clock was set, asks the server's time again, since the clock that never jumps stood still", () => {
  let [own, elapsed] = [50 * HOUR, 0];
  const clock = besideServerClock({ ...SYSTEM, now: () => own }, () => elapsed);
  expect(clock.hasJumped()).toBe(false);
  clock.heard(50 * HOUR);
  own += 30 * HOUR;
  elapsed += 30 * HOUR;
  expect(clock.hasJumped()).toBe(false);
  // A week asleep.
  own += 170 * HOUR;
  elapsed += 5_000;
  expect(clock.hasJumped()).toBe(true);
  clock.heard(own);
  expect([clock.hasJumped(), clock.now()]).toEqual([false, own]);
  own -= 2 * HOUR;
  expect(clock.hasJumped()).toBe(true);
});
