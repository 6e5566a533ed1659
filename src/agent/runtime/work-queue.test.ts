import { expect, test } from "vitest";
import { workQueue } from "./work-queue.ts";

test("AD-3 tasks of a lane follow one another, a lane that waits holds up no other, and one that fails is told", async () => {
  const failures: unknown[] = [];
  const queue = workQueue((error) => failures.push(error));
  const done: string[] = [];
  const { promise: turn, resolve: grantTurn } = Promise.withResolvers<void>();
  queue.add("slow", async () => {
    await turn;
    done.push("slow 1");
  });
  queue.add("slow", async () => {
    done.push("slow 2");
    await Promise.reject(new Error("broken"));
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  queue.add("quick", async () => {
    done.push("quick");
    resolve();
    await Promise.resolve();
  });
  await promise;
  expect(done).toEqual(["quick"]);
  expect(queue.isBusy()).toBe(true);
  grantTurn();
  await queue.done();
  expect(done).toEqual(["quick", "slow 1", "slow 2"]);
  expect(failures).toEqual([new Error("broken")]);
  expect(queue.isBusy()).toBe(false);
});

test("AD-3 so much work waits, and no more", async () => {
  const failures: unknown[] = [];
  const queue = workQueue((error) => failures.push(error));
  const { promise, resolve } = Promise.withResolvers<void>();
  for (let count = 0; count < 10_001; count += 1) queue.add(`lane ${count % 7}`, async () => await promise);
  expect(failures).toEqual([new RangeError("too much work waits")]);
  resolve();
  await queue.done();
});

test("AD-3 some lanes can be waited for without the others, with what they bring", async () => {
  const queue = workQueue(() => {});
  const done: string[] = [];
  const { promise: turn, resolve: grantTurn } = Promise.withResolvers<void>();
  queue.add("slow", async () => await turn);
  queue.add("quick", async () => {
    await Promise.resolve();
    queue.add("quick too", async () => void done.push(await Promise.resolve("brought")));
  });
  await queue.done((lane) => lane.startsWith("quick"));
  expect(done).toEqual(["brought"]);
  grantTurn();
  await queue.done();
});
