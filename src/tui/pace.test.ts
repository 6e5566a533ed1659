import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Chat } from "../view/chat/chat.ts";
import { paced } from "./pace.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("TU-16 a thousand news in a second are told thirty times, the first at once and the last for certain", () => {
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
  expect(told).toBeGreaterThan(25);
  expect(told).toBeLessThan(35);
  const before = told;
  news();
  vi.advanceTimersByTime(40);
  expect(told).toBeGreaterThan(before);
  news();
  unsubscribe();
  const last = told;
  vi.advanceTimersByTime(100);
  expect(told).toBe(last);
});

function talkative(): { readonly chat: Pick<Chat, "subscribe" | "getSnapshot">; readonly news: () => void } {
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
