import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { widthOf } from "./glyphs.ts";
import { rowWidth, span, type Row } from "./style.ts";
import { truncate, wrap } from "./wrap.ts";

/** Letters of every width, blanks, marks, joiners and flags, in every order. */
const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom("a", "word", " ", "  ", "世", "👩‍👩‍👧", "🇩🇪", "\u0301", "\u200d", "é", "\t"),
      fc.string({ unit: "grapheme" }),
    ),
  )
  .map((parts) => parts.join("").replaceAll(/(?!\t)\p{Cc}/gu, ""));

describe("breaking into rows", () => {
  test("TU-3 no row is wider than there is room, whatever the text", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 30 }), fc.nat(8), (text, width, indent) => {
        for (const row of wrap([span(text)], width, indent)) expect(rowWidth(row)).toBeLessThanOrEqual(width);
      }),
    );
  });

  test("TU-3 nothing is lost but blanks between rows", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 10, max: 30 }), (text, width) => {
        const rows = wrap([span(text)], width, 0).map(textOf);
        expect(withoutBlanks(rows.join(""))).toBe(withoutBlanks(textOf(wrap([span(text)], 10_000, 0)[0] ?? [])));
      }),
    );
  });

  test.each<[string, number, readonly string[]]>([
    ["one two three", 8, ["one two ", "three"]],
    ["one two three", 7, ["one two", "three"]],
    ["abcdefghij", 4, ["abcd", "efgh", "ij"]],
    ["at abcdefghij", 4, ["at ", "abcd", "efgh", "ij"]],
    ["世界世界", 5, ["世界", "世界"]],
    ["    indented code", 10, ["    indent", "ed code"]],
    ["", 5, [""]],
    ["世", 1, ["…"]],
  ])("TU-3 %j in %i cells", (text, width, rows) => {
    expect(wrap([span(text)], width, 0).map(textOf)).toEqual(rows);
  });

  test("TU-3 further rows stand to the right, and styles go on", () => {
    const red = { tone: "trouble" } as const;
    expect(wrap([span("ab "), span("cdefgh", red)], 5, 2)).toEqual([
      [span("ab ")],
      [span("  "), span("cde", red)],
      [span("  "), span("fgh", red)],
    ]);
  });

  test("TU-3 what is cut off says so, and fits", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 30 }), (text, width) => {
        const cut = truncate([span(text)], width);
        expect(rowWidth(cut)).toBeLessThanOrEqual(width);
        expect(textOf(cut).endsWith("…") || cut[0]?.text === text).toBe(true);
      }),
    );
    expect(textOf(truncate([span("世界世界")], 4))).toBe("世…");
  });

  test("TU-3 a mark without a letter has a cell of its own", () => {
    expect(widthOf("\u0301")).toBe(1);
    expect(widthOf("\u3164\ufe0f")).toBe(0);
  });
});

function textOf(row: Row): string {
  return row.map(({ text }) => text).join("");
}

function withoutBlanks(text: string): string {
  return text.replaceAll(" ", "");
}
