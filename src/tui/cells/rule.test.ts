import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { widthOf } from "./glyphs.ts";
import { ruled } from "./rule.ts";

test.each(["unread", "found: 世界 👩‍👩‍👧", "found: caf\u0065\u0301"])(
  "TU-3 a line across the pane fills exactly its cells, with wide characters in it, too: %s",
  (words) => {
    const line = stripVTControlCharacters(ruled(words, { width: 40, colours: "dark" }, "accent"));
    expect(widthOf(line)).toBe(40);
    expect(line).toMatch(/─$/);
  },
);
