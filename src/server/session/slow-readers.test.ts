import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SlowReaders, type Reader } from "./slow-readers.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const LIMITS = { slowOutput: 100, outputOfAll: 1000, stall: 5000 };

class FakeReader implements Reader {
  queued = 0;
  taken = 0;
  dropped = false;

  get unread(): number {
    return this.queued;
  }

  dropAsSlow(): void {
    this.dropped = true;
    this.queued = 0;
  }
}

/** So many readers for each of whom so much waits, all looked at. */
function readers(slow: SlowReaders, queues: readonly number[]): FakeReader[] {
  return queues.map((queued) => {
    const reader = new FakeReader();
    reader.queued = queued;
    slow.look(reader);
    return reader;
  });
}

test("SE-8 a reader that takes nothing is dropped at the bound, after a moment", () => {
  const slow = new SlowReaders(LIMITS);
  const [stopped, below] = readers(slow, [101, 100]);
  vi.advanceTimersByTime(4999);
  expect(stopped?.dropped).toBe(false);
  vi.advanceTimersByTime(1);
  expect(stopped?.dropped).toBe(true);
  vi.advanceTimersByTime(60_000);
  expect(below?.dropped).toBe(false);
  expect(slow.total).toBe(100);
});

test("SE-8 one that makes progress stays, until it doesn't", () => {
  const slow = new SlowReaders(LIMITS);
  const [reader] = readers(slow, [500]);
  if (reader === undefined) throw new Error("no reader");
  for (let round = 0; round < 10; round++) {
    reader.taken += 1;
    vi.advanceTimersByTime(5000);
    expect(reader.dropped).toBe(false);
  }
  vi.advanceTimersByTime(5000);
  expect(reader.dropped).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test("SE-8 one that has caught up is forgotten, and so is one that is gone", () => {
  const slow = new SlowReaders(LIMITS);
  const [caughtUp, gone] = readers(slow, [500, 400]);
  if (caughtUp === undefined || gone === undefined) throw new Error("no reader");
  caughtUp.queued = 0;
  slow.look(caughtUp);
  slow.forget(gone);
  expect(slow.total).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test("SE-9 over the bound of all the longest queues are dropped, and no others", () => {
  const slow = new SlowReaders(LIMITS);
  const all = readers(slow, [10, 300, 20, 300, 250, 90, 40]);
  expect(all.map(({ dropped }) => dropped)).toEqual([false, true, false, false, false, false, false]);
  expect(slow.total).toBe(710);
});

test("SE-9 what was taken meanwhile is looked at before anybody is dropped", () => {
  const slow = new SlowReaders(LIMITS);
  const all = readers(slow, [450, 450]);
  for (const reader of all) reader.queued = 10;
  const [last] = readers(slow, [400]);
  expect([...all, last].map((reader) => reader?.dropped)).toEqual([false, false, false]);
  expect(slow.total).toBe(420);
});

test("SE-9 a thousand readers that stopped hold no more than the bound, whatever each of them may", () => {
  const slow = new SlowReaders({ ...LIMITS, slowOutput: 1e6, outputOfAll: 1e6 });
  const all = readers(slow, Array<number>(1000).fill(0));
  for (let round = 0; round < 100; round++) {
    for (const reader of all.filter(({ dropped }) => !dropped)) {
      reader.queued += 100;
      slow.look(reader);
      expect(slow.total).toBeLessThanOrEqual(1e6);
    }
  }
  expect(slow.total).toBe(all.reduce((sum, { queued }) => sum + queued, 0));
});
