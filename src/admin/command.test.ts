import { expect, test } from "vitest";
import { columns } from "./command.ts";

test("TX-5 no name or login breaks a column, steers the terminal or begins a line", () => {
  const shown = columns([
    ["bob", "bob@example.com", "by alice"],
    ["evil\nalice  alice@example.com", "\u001b[2J\u202e", "x".repeat(1000)],
  ]);
  expect(shown.split("\n")).toHaveLength(3);
  // oxlint-disable-next-line no-control-regex
  expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  expect(shown.length).toBeLessThan(1000);
});
