import { expect, test } from "vitest";
import { sleepDetector } from "./sleep.ts";

test("AG-23 sleep shows once, and neither time that passes nor a clock that is corrected a little is sleep", () => {
  let [wall, running] = [1_000_000, 0];
  const hasSlept = sleepDetector({ wall: () => wall, running: () => running });
  const pass = (milliseconds: number, asleep = 0): boolean => {
    running += milliseconds;
    wall += milliseconds + asleep;
    return hasSlept();
  };
  expect(pass(5000)).toBe(false);
  expect(pass(5000, 3_600_000)).toBe(true);
  expect(pass(5000)).toBe(false);
  expect(pass(5000, -2000)).toBe(false);
  // Set back by an hour: one look for nothing.
  expect(pass(5000, -3_600_000)).toBe(true);
  expect(pass(3_600_000)).toBe(false);
});
