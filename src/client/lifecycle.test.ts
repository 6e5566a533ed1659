import { expect, test } from "vitest";
import { Lifecycle } from "./lifecycle.ts";
import type { LifecycleOwner } from "./lifecycle.ts";

test("AG-30 while it waits, a client that is in a hurry tries at once, and only then", () => {
  const owners: LifecycleOwner[] = [];
  const timers = new Set<() => void>();
  const life = new Lifecycle({
    open: (owner) => {
      owners.push(owner);
      return { leave: () => owner.ended({ kind: "left" }) };
    },
    tell: () => {},
    after: (_milliseconds, callback) => {
      timers.add(callback);
      return () => timers.delete(callback);
    },
    random: () => 0.5,
    reconnect: "always",
    backOff: { firstDelay: 1000, longestDelay: 30_000 },
    stable: 10_000,
  });
  life.start();
  life.hurry();
  expect(owners).toHaveLength(1);
  owners[0]?.ended({ kind: "unreachable", code: "ECONNREFUSED" });
  expect({ state: life.state.kind, timers: timers.size }).toEqual({ state: "waiting", timers: 1 });
  life.hurry();
  expect({ state: life.state, timers: timers.size }).toEqual({ state: { kind: "connecting", attempt: 1 }, timers: 0 });
  owners[1]?.online(false);
  life.hurry();
  expect(owners).toHaveLength(2);
});
