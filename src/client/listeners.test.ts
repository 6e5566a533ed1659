import { once } from "node:events";
import { expect, test } from "vitest";
import { Listeners } from "./listeners.ts";

test("CC-24 a listener hears until it is taken out, and one taken in by a value hears the next one", () => {
  const listeners = new Listeners<number>();
  const heard: string[] = [];
  const remove = listeners.add((value) => {
    heard.push(`first ${value}`);
    if (value === 1) listeners.add((later) => heard.push(`second ${later}`));
  });
  listeners.tell(1);
  listeners.tell(2);
  remove();
  listeners.tell(3);
  expect(heard).toEqual(["first 1", "first 2", "second 2", "second 3"]);
});

test("CC-24 a listener that throws harms neither the others nor the teller; its error is uncaught", async () => {
  const listeners = new Listeners<number>();
  const heard: number[] = [];
  listeners.add(() => {
    throw new Error("a listener's own mistake");
  });
  listeners.add((value) => heard.push(value));
  const handlers = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  const uncaught = once(process, "uncaughtException");
  try {
    listeners.tell(1);
    expect(heard).toEqual([1]);
    expect((await uncaught)[0]).toHaveProperty("message", "a listener's own mistake");
  } finally {
    for (const handler of handlers) process.on("uncaughtException", handler);
  }
});
