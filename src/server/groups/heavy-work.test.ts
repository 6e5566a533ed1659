import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { HeavyWork } from "./heavy-work.ts";

/** A clock that work and waiting move. */
function clock() {
  let at = 0;
  const waited: number[] = [];
  return {
    waited,
    now: () => at,
    spend: (milliseconds: number) => void (at += milliseconds),
    wait: async (milliseconds: number) => {
      waited.push(milliseconds);
      at += milliseconds;
      await Promise.resolve();
    },
  };
}

test("GR-51 who has asked for much waits until its share of the time has paid for it, and nobody else does", async () => {
  const time = clock();
  const work = new HeavyWork(time);
  const job = async (who: string, cost: number) =>
    await work.run(who, async (section) => await section(() => time.spend(cost)));
  await job("mallory", 200);
  expect(time.waited).toEqual([]);
  await job("mallory", 100);
  expect(time.waited).toEqual([]);
  await job("alice", 150);
  expect(time.waited).toEqual([]);
  await job("mallory", 1);
  // 300 spent, a quarter of what has passed since paid back, 200 are free.
  expect(time.waited).toHaveLength(1);
  expect(time.waited[0]).toBeGreaterThan(0);
  expect(time.waited[0]).toBeLessThan(400);
});

test("GR-51 one peer's jobs are done one after another; of several peers each gets a turn, whoever asks for more", async () => {
  const work = new HeavyWork(clock());
  const order: string[] = [];
  const job = (who: string, name: string) =>
    work.run(who, async (section) => {
      await section(() => order.push(name));
    });
  await Promise.all([...["m1", "m2", "m3", "m4"].map((name) => job("mallory", name)), job("alice", "a1")]);
  expect(order.filter((name) => name.startsWith("m"))).toEqual(["m1", "m2", "m3", "m4"]);
  expect(order.indexOf("a1")).toBeLessThanOrEqual(1);
});

test("GR-51 a job that fails fails alone, and who owes nothing is forgotten", async () => {
  const work = new HeavyWork(clock());
  const failing = work.run("mallory", async (section) => await section(() => JSON.parse("no")));
  await expect(failing).rejects.toThrow(SyntaxError);
  expect(await work.run("mallory", async (section) => await section(() => 1))).toBe(1);
  await new Promise((resolve) => setImmediate(resolve));
  expect(work.size).toBe(0);
});

test("GR-51 nothing is held of a job that has waited for its share", async () => {
  const time = clock();
  let mostWaiting = 0;
  const wait = async (milliseconds: number) => {
    mostWaiting = Math.max(mostWaiting, work.waiting);
    await time.wait(milliseconds);
  };
  const work = new HeavyWork({ ...time, wait });
  const before = heapInUse();
  for (let job = 0; job < 20_000; job += 1) {
    await work.run("mallory", async (section) => await section(() => time.spend(300)));
  }
  expect(heapInUse() - before).toBeLessThan(2_000_000);
  expect([time.waited.length, mostWaiting, work.waiting]).toEqual([19_999, 1, 0]);
});

test("SC-29 where no more comes, nobody's work waits for its share any longer, what was waiting for it neither", async () => {
  const never = new Promise<void>(() => {});
  const time = { ...clock(), wait: async () => await never };
  const work = new HeavyWork(time);
  const job = async () => await work.run("mallory", async (section) => await section(() => time.spend(1_000)));
  await job();
  const waiting = job();
  work.hurry();
  await waiting;
  await job();
});

/** Bytes, of what can still be reached. */
function heapInUse(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") Reflect.apply(collect, null, []);
  return process.memoryUsage().heapUsed;
}
