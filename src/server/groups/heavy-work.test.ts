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
