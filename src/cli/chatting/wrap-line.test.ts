import * as fc from "fast-check";
import stringWidth from "string-width";
import { expect, test } from "vitest";
import { wrapLine } from "./wrap-line.ts";

test("CM-25 a line is broken between words, and its further rows are indented", () => {
  expect(wrapLine("10:00 bob: one two three four", 24)).toBe("10:00 bob: one two\n        three four");
  expect(wrapLine("10:00 bob: one", 80)).toBe("10:00 bob: one");
  expect(wrapLine("bob: one\n    two", 80)).toBe("bob: one\n    two");
});

test("CM-25 text that is padded to the edge can't begin a row, whatever it is padded with", () => {
  for (const padding of [" ", "x", "\t", "字", "👍", "👩‍👩‍👧‍👦", "🇳🇴", "é", "❤️", "…", "ﷺ", "a\u0301"]) {
    const forged = `20:00 bob: ${padding.repeat(200)}20:01 carol: I owe you money`;
    for (let columns = 20; columns < 120; columns += 9) {
      const [, ...further] = wrapLine(forged, columns).split("\n");
      expect(further.every((row) => row.startsWith(" ".repeat(8)))).toBe(true);
    }
  }
});

test("CM-25 no row is wider than the terminal, and nothing of the text is lost", () => {
  const texts = fc.string({ unit: "grapheme", maxLength: 300 }).map((text) => text.replaceAll(/[\p{Cc}\p{Cf}]/gu, ""));
  fc.assert(
    fc.property(texts, fc.integer({ min: 20, max: 100 }), (text, columns) => {
      const rows = wrapLine(text, columns).split("\n");
      for (const row of rows) expect(stringWidth(row)).toBeLessThan(columns);
      expect(rows.join("").replaceAll(/\s/g, "")).toBe(text.replaceAll(/\s/g, ""));
    }),
  );
});

test("CM-25 the longest line costs time in proportion", () => {
  const long = wrapLine(`bob: ${"👍🏽 ".repeat(8000)}`, 80);
  expect(long.length).toBeGreaterThan(8000);
  expect(wrapLine("x".repeat(64 * 1024), 80).split("\n")).toHaveLength(Math.ceil((64 * 1024 - 8) / 71));
});
