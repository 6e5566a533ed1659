import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inputView } from "./input.ts";
import { rowWidth, span } from "./style.ts";

const graphemes = fc.array(fc.constantFrom("a", " ", "世", "👩‍👩‍👧", "e\u0301", "🇩🇪", "\n", "\u202e", "\u200b"), {
  maxLength: 60,
});

describe("the input's rows", () => {
  test("TU-3 the cursor is always on the screen, and rows fit", () => {
    fc.assert(
      fc.property(
        graphemes,
        fc.nat(60),
        fc.integer({ min: 12, max: 50 }),
        fc.integer({ min: 1, max: 6 }),
        (parts, place, width, most) => {
          const cursor = parts.slice(0, place).join("").length;
          const view = inputView([span("somebody> ")], { text: parts.join(""), cursor }, width, most);
          expect(view.rows.length).toBeLessThanOrEqual(most);
          for (const row of view.rows) expect(rowWidth(row)).toBeLessThanOrEqual(width);
          expect(view.cursor.y).toBeLessThan(view.rows.length);
          expect(view.cursor.x).toBeLessThan(width);
        },
      ),
    );
  });

  test("TU-3 it stands behind all that is before it", () => {
    expect(at("", 0)).toEqual({ x: 2, y: 0 });
    expect(at("世界", 1)).toEqual({ x: 4, y: 0 });
    expect(at("ab\ncd", 3)).toEqual({ x: 0, y: 1 });
    expect(at("ab\ncd", 2)).toEqual({ x: 4, y: 0 });
    expect(at("a".repeat(18), 18)).toEqual({ x: 0, y: 1 });
    expect(at(`${"a".repeat(17)}世`, 17)).toEqual({ x: 0, y: 1 });
  });

  test("TU-3 a prompt that is too long leaves room to write", () => {
    const { rows, cursor } = inputView([span("a very long name indeed> ")], { text: "hi", cursor: 2 }, 20, 3);
    expect(rows[0]?.map(({ text }) => text).join("")).toBe("a very lo…hi");
    expect(cursor).toEqual({ x: 12, y: 0 });
  });
});

function at(text: string, cursor: number): object {
  return inputView([span("> ")], { text, cursor }, 20, 3).cursor;
}
