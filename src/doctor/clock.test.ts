import { expect, test } from "vitest";
import { examineClock } from "./clock.ts";

const NOW = Date.parse("2026-12-01T12:00:00Z");

test("DR-13 a clock behind all that is past is well, also by as little as two right clocks differ", () => {
  for (const facts of [{}, { nodeCreated: NOW - 1000 }, { newest: NOW + 59_000 }]) {
    expect(examineClock({ now: NOW, nodeCreated: null, newest: null, ...facts })).toEqual([
      { area: "clock", level: "ok", what: "2026-12-01 12:00 UTC, later than all that is known to be past" },
    ]);
  }
});

test.each([
  ["this program", { now: Date.parse("2024-01-01T00:00:00Z") }, "At 2026-11-22 00:00 UTC this program was written."],
  [
    "the node",
    { nodeCreated: NOW + 3_600_000 },
    "At 2026-12-01 13:00 UTC the tailnet's control server made this node.",
  ],
  ["a stored fact", { newest: NOW + 61_000 }, "At 2026-12-01 12:01 UTC the newest name or ban was written down."],
])("DR-13 a clock before %s is a warning that says so", (_what, facts, cause) => {
  expect(examineClock({ now: NOW, nodeCreated: null, newest: null, ...facts })).toEqual([
    expect.objectContaining({ level: "warning", cause }),
  ]);
});
