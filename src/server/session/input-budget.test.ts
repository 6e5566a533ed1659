import { expect, test } from "vitest";
import { InputBudget } from "./input-budget.ts";

test("SE-7 over the bound of all, whoever posts waits; all go on when half is free", () => {
  const budget = new InputBudget(100);
  const gone: string[] = [];
  const waiter = (name: string) => ({ goOn: () => void gone.push(name) });
  expect(budget.take(60, waiter("a"))).toBe(true);
  expect(budget.take(60, waiter("b"))).toBe(false);
  expect(budget.take(10, waiter("c"))).toBe(false);
  budget.give(60);
  expect(gone).toEqual([]);
  budget.give(20);
  expect(gone).toEqual(["b", "c"]);
  budget.give(50);
  expect(gone).toEqual(["b", "c"]);
  expect(budget.used).toBe(0);
});

test("SE-7 who is gone is not told", () => {
  const budget = new InputBudget(10);
  const waiter = { goOn: () => expect.unreachable() };
  budget.take(20, waiter);
  budget.forget(waiter);
  budget.give(20);
});
