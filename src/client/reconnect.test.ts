import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { ConnectionEnd } from "./outcomes.ts";
import { nextStep, reconnectDelay } from "./reconnect.ts";

const BACK_OFF = { firstDelay: 500, longestDelay: 30_000 };

test("CC-19 the bound of the delay doubles up to the longest, and the delay is spread from nothing to it", () => {
  const bounds = [0, 1, 2, 3, 4, 5, 6, 7].map((attempt) => reconnectDelay(attempt, 0.999_999_9, BACK_OFF) + 1);
  expect(bounds).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  fc.assert(
    fc.property(fc.nat(5000), fc.double({ min: 0, max: 0.999_999_9, noNaN: true }), (attempt, random) => {
      const delay = reconnectDelay(attempt, random, BACK_OFF);
      expect(delay).toBe(Math.floor(random * reconnectDelay(attempt, 1, BACK_OFF)));
      expect(delay).toBeLessThan(30_000);
    }),
  );
});

type PlainReason = "name-taken" | "rolled-back" | "you-are-banned" | "not-a-member" | (typeof HEALING)[number];

const HEALING = [
  "server-full",
  "timed-out",
  "identity-unavailable",
  "storage-failed",
  "too-many-messages",
  "too-long",
] as const;

const refused = (reason: PlainReason): ConnectionEnd => ({ kind: "refused", error: { reason } });
const unreachable: ConnectionEnd = { kind: "unreachable", code: "ECONNREFUSED" };

test.each([
  [{ kind: "closed" }, true, "lost", "retry"],
  [{ kind: "closed" }, false, "lost", "end"],
  [{ kind: "closed" }, true, "never", "end"],
  [unreachable, false, "always", "retry"],
  [unreachable, true, "lost", "retry"],
  [{ kind: "silent" }, true, "lost", "retry"],
  [{ kind: "forgotten" }, true, "lost", "retry"],
  [{ kind: "left" }, true, "always", "end"],
  [{ kind: "kicked" }, true, "always", "end"],
  [{ kind: "banned" }, true, "always", "end"],
  ...HEALING.map((reason) => [refused(reason), false, "always", "retry"] as const),
  [refused("you-are-banned"), true, "always", "end"],
  [refused("name-taken"), false, "always", "end"],
  [refused("rolled-back"), false, "always", "retry"],
  [refused("rolled-back"), true, "lost", "end"],
  [refused("name-taken"), true, "lost", "retry"],
  [{ kind: "refused", error: { reason: "other", text: "no" } }, true, "always", "end"],
] as const)("CC-20 after %j (been online: %s) the policy %s says %s", (end, wasOnline, policy, kind) => {
  const expected = kind === "retry" ? { kind, loss: end } : { kind, cause: end };
  expect(nextStep(end, wasOnline, policy)).toEqual(expected);
});

test.each([
  [true, "lost", "retry"],
  [true, "always", "retry"],
  [false, "always", "retry"],
  [false, "lost", "end"],
  [true, "never", "end"],
] as const)(
  "CC-28 not a member any more (been online: %s) is asked again by the policy %s: %s",
  (wasOnline, policy, kind) => {
    expect(nextStep(refused("not-a-member"), wasOnline, policy).kind).toBe(kind);
  },
);
