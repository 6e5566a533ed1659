import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { paced, type DrawnChat } from "./pace.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("TU-16 a thousand news in a second are told ten times, the first at once and the last for certain", () => {
  const { chat, news } = talkative();
  let told = 0;
  const unsubscribe = paced(chat).subscribe(() => (told += 1));
  news();
  vi.advanceTimersByTime(0);
  expect(told).toBe(1);
  for (let nth = 0; nth < 1000; nth += 1) {
    news();
    vi.advanceTimersByTime(1);
  }
  expect(told).toBeGreaterThan(8);
  expect(told).toBeLessThan(13);
  const before = told;
  news();
  vi.advanceTimersByTime(100);
  expect(told).toBe(before + 1);
  news();
  unsubscribe();
  vi.advanceTimersByTime(100);
  expect(told).toBe(before + 1);
});

test("TU-16 what was drawn with a key is not told again", () => {
  const { chat, news } = talkative();
  let told = 0;
  const pace = paced(chat);
  pace.subscribe(() => (told += 1));
  news();
  pace.drawn();
  vi.advanceTimersByTime(1000);
  expect(told).toBe(0);
  news();
  vi.advanceTimersByTime(100);
  expect(told).toBe(1);
});

function talkative(): { readonly chat: DrawnChat; readonly news: () => void } {
  const listeners = new Set<() => void>();
  return {
    chat: {
      subscribe: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      getSnapshot: () => {
        throw new Error("nobody asked");
      },
    },
    news: () => {
      for (const listener of listeners) listener();
    },
  };
}
