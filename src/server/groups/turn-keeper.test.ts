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

test("GR-63 where the timer ends before the clock shows that the turn is over, the next gets it when that is so, not a turn later", () => {
  const { clock, granted, turns } = keeper();
  expect(turns.request("g", "a", false)).toBe("granted");
  expect(turns.request("g", "b", false)).toBe("waiting");
  clock.now = LENGTH - 0.5;
  vi.advanceTimersByTime(LENGTH + 1);
  expect(granted).toEqual([]);
  clock.now = LENGTH + 1.5;
  vi.advanceTimersByTime(2);
  expect(granted).toEqual(["b"]);
  clock.now += LENGTH;
  vi.advanceTimersByTime(LENGTH + 1);
  // Nobody has it any more, and nothing is waited for.
  expect(turns.holder("g")).toBeNull();
  expect(vi.getTimerCount()).toBe(0);
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
