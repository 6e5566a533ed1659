import { expect, test } from "vitest";
import { refusalOf } from "./refusals.ts";

test("AD-2 who wasn't heard, or was told to come later, asks again; another no ends it", () => {
  expect(refusalOf({ kind: "not-sent", why: "busy" })).toEqual({ kind: "offline" });
  expect(refusalOf({ kind: "unknown", why: { kind: "closed" } })).toEqual({ kind: "offline" });
  expect(refusalOf({ kind: "refused", refusal: null })).toEqual({ kind: "offline" });
  expect(refusalOf({ kind: "refused", refusal: { reason: "storage-failed" } })).toEqual({ kind: "offline" });
  expect(refusalOf({ kind: "refused", refusal: { reason: "too-many-messages" } })).toEqual({ kind: "offline" });
  expect(refusalOf({ kind: "refused", refusal: { reason: "gap", expected: 4 } })).toEqual({
    kind: "number-gap",
    expected: 4,
  });
  expect(refusalOf({ kind: "refused", refusal: { reason: "not-your-turn" } })).toEqual({ kind: "stale-epoch" });
  expect(refusalOf({ kind: "refused", refusal: { reason: "place-taken", group: "A".repeat(22) } })).toEqual({
    kind: "refused",
    why: "place-taken",
  });
  expect(refusalOf({ kind: "refused", refusal: { reason: "too-many", of: "waiting-for-a-turn" } })).toEqual({
    kind: "offline",
  });
});
