import { expect, test } from "vitest";
import { createGate } from "./gate.ts";

const never = new AbortController().signal;

test("TN-10 who waits longest enters first, and a place is free again whatever became of its holder", async () => {
  const gate = createGate(1, 3);
  const entered: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const hold = gate.pass(() => promise, never);
  const hasty = new AbortController();
  const late = gate.pass(async () => entered.push("late"), hasty.signal);
  const first = gate.pass(async () => {
    entered.push("first");
    throw new Error("failed inside");
  }, never);
  const second = gate.pass(async () => entered.push("second"), never);
  hasty.abort();
  expect(await late).toBe("late");
  resolve();
  await hold;
  await expect(first).rejects.toThrow("failed inside");
  await second;
  expect(entered).toEqual(["first", "second"]);
  expect(await gate.pass(async () => "in", never)).toBe("in");
});
