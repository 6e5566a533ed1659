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
