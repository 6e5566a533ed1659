import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { waking } from "./waking.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const AGAIN = 1_000;
const LONGEST = 30_000;

function wakings() {
  const clock = { now: 0 };
  const woken: string[] = [];
  const wakes = waking({ now: () => clock.now, again: AGAIN, longest: LONGEST, wake: (group) => woken.push(group) });
  return { clock, woken, wakes };
}

test("GS-29 who waits for others until a time is woken then, also where the timer ends before the clock shows that time", () => {
  const { clock, woken, wakes } = wakings();
  wakes.stands("g", { kind: "awaiting", until: 3_000 });
  clock.now = 2_999;
  vi.advanceTimersByTime(3_000);
  expect(woken).toEqual(["g"]);
  // It stands as before, and is woken for what is left.
  wakes.stands("g", { kind: "awaiting", until: 3_000 });
  vi.advanceTimersByTime(1);
  expect(woken).toEqual(["g", "g"]);
});

test("GS-29 what others keep busy or the server can't do is tried again after a second, and a no less and less often", () => {
  const { woken, wakes } = wakings();
  for (const kind of ["busy", "offline"] as const) {
    wakes.stands("g", { kind });
    vi.advanceTimersByTime(AGAIN);
  }
  expect(woken).toHaveLength(2);
  const waits: number[] = [];
  for (let time = 0; time < 8; time += 1) {
    wakes.stands("g", { kind: "refused", why: "not a member" });
    let waited = 0;
    for (const before = woken.length; woken.length === before; waited += 500) vi.advanceTimersByTime(500);
    waits.push(waited);
  }
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, LONGEST, LONGEST, LONGEST]);
  wakes.stands("g", { kind: "idle" });
  wakes.stands("g", { kind: "refused", why: "not a member" });
  vi.advanceTimersByTime(AGAIN);
  expect(woken).toHaveLength(11);
});

test("GS-29 nothing wakes who waits for a person or a push, nor anybody when the connection is over; each group counts for itself", () => {
  const { woken, wakes } = wakings();
  wakes.stands("g", { kind: "busy" });
  wakes.stands("h", { kind: "offline" });
  wakes.stands("i", { kind: "awaiting", until: 500 });
  wakes.stands("g", { kind: "held", holds: [] });
  for (const kind of ["idle", "removed", "stopped"] as const) wakes.stands(kind, { kind });
  vi.advanceTimersByTime(AGAIN);
  expect(woken).toEqual(["i", "h"]);
  wakes.stands("h", { kind: "offline" });
  wakes.end();
  vi.advanceTimersByTime(LONGEST);
  expect(woken).toEqual(["i", "h"]);
});
