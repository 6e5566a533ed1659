import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TurnKeeper } from "./turn-keeper.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const LENGTH = 5_000;

function keeper() {
  const clock = { now: 0 };
  const granted: string[] = [];
  const turns = new TurnKeeper({
    length: LENGTH,
    most: 10,
    now: () => clock.now,
    groupOf: () => ({ isMember: () => true, helper: () => null }),
    onGranted: (_, { device }) => granted.push(device),
  });
  return { clock, granted, turns };
}

test("GR-63 the next gets the turn also where the timer ends before the clock shows that the turn is over", () => {
  const { clock, granted, turns } = keeper();
  expect(turns.request("g", "a", false)).toBe("granted");
  expect(turns.request("g", "b", false)).toBe("waiting");
  clock.now = LENGTH - 0.5;
  vi.advanceTimersByTime(LENGTH + 1);
  expect(granted).toEqual([]);
  clock.now = 2 * LENGTH;
  vi.advanceTimersByTime(LENGTH + 1);
  expect(granted).toEqual(["b"]);
  turns.stop();
});

test("GR-64 a device whose commit of before was taken while it waits for the turn gets that all the same", () => {
  const { granted, turns } = keeper();
  turns.request("g", "a", false);
  turns.request("g", "b", false);
  turns.committed("g", "b");
  turns.committed("g", "a");
  expect(granted).toEqual(["b"]);
  expect(turns.holder("g")).toBe("b");
  turns.stop();
});
