import { inspect } from "node:util";
import { expect } from "vitest";

/** Nothing failed in a world of devices that nobody had asked for; else the assertion says what, with its stack and cause. */
export function expectNoFailures(failures: readonly unknown[]): void {
  const texts = failures.map((failure) => inspect(failure));
  expect(texts, texts.join("\n")).toEqual([]);
}

/** Ends a world, and then says what failed in it before its end: a test that fails leaves nothing behind for the next one. */
export async function endWithoutFailures(world: {
  readonly failures: readonly unknown[];
  readonly end: () => Promise<void>;
}): Promise<void> {
  const failures = [...world.failures];
  await world.end();
  expectNoFailures(failures);
}
