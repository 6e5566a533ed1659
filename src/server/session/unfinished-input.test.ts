import * as fc from "fast-check";
import { expect, test } from "vitest";
import { UnfinishedInput } from "./unfinished-input.ts";

const waiter = (): { goOn: () => void; called: number } => {
  const made = { called: 0, goOn: () => void (made.called += 1) };
  return made;
};

test("SE-15 over a peer's bound its connections wait, but for the one whose message began first; others' don't", () => {
  const input = new UnfinishedInput(100);
  const [first, second, third, other] = [waiter(), waiter(), waiter(), waiter()];
  expect(input.note(first, "mallory", 60)).toBe(true);
  expect(input.note(second, "mallory", 40)).toBe(true);
  expect(input.note(third, "mallory", 1)).toBe(false);
  expect(input.note(second, "mallory", 41)).toBe(false);
  expect(input.note(first, "mallory", 1000)).toBe(true);
  expect(input.note(other, "alice", 100)).toBe(true);
  expect(second.called).toBe(0);
  input.note(first, "mallory", 0);
  expect([second.called, third.called, other.called]).toEqual([1, 1, 0]);
  expect([input.mayGoOn(second), input.mayGoOn(third)]).toEqual([true, true]);
});

test("SE-15 whatever comes and goes, some connection of each peer may go on, and nothing is left when all have ended", () => {
  const step = fc.record({ who: fc.nat({ max: 5 }), peer: fc.constantFrom("a", "b"), bytes: fc.nat({ max: 60 }) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const input = new UnfinishedInput(100);
      const waiters = Array.from({ length: 6 }, waiter);
      const held = new Map<number, { readonly peer: string; readonly bytes: number }>();
      for (const { who, peer, bytes } of steps) {
        const one = waiters[who];
        if (one === undefined) continue;
        input.note(one, peer, bytes);
        if (bytes === 0) held.delete(who);
        else held.set(who, { peer, bytes });
        for (const each of ["a", "b"]) {
          const own = [...held].filter(([, { peer: whose }]) => whose === each).map(([index]) => waiters[index]);
          if (own.length > 0) expect(own.some((other) => other !== undefined && input.mayGoOn(other))).toBe(true);
        }
      }
      for (const one of waiters) input.note(one, "a", 0);
      expect(input.size).toBe(0);
    }),
  );
});
