import { expect, test, vi, onTestFinished } from "vitest";
import { Heartbeat } from "./heartbeat.ts";

test("AG-32 an agent that doesn't answer in its time is told of once, and once that it answers again", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const told: boolean[] = [];
  let asked = 0;
  let answer = Promise.withResolvers<void>();
  const heartbeat = new Heartbeat({
    ping: () => {
      asked += 1;
      answer = Promise.withResolvers();
      return answer.promise;
    },
    changed: (answers) => void told.push(answers),
    timings: { every: 1000, patience: 100 },
  });
  heartbeat.hurry();
  heartbeat.hurry();
  expect(asked).toBe(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(told).toEqual([]);
  await vi.advanceTimersByTimeAsync(5000);
  expect([told, asked]).toEqual([[false], 1]);
  answer.resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual([false, true]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(asked).toBe(2);
  heartbeat.end();
  await vi.advanceTimersByTimeAsync(5000);
  expect([told, asked]).toEqual([[false, true], 2]);
});
