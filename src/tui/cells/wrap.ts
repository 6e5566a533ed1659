import { glyphsOf, type Glyph } from "./glyphs.ts";
import { PLAIN, type Row, type Span, type Style } from "./style.ts";

interface Styled extends Glyph {
  readonly style: Style;
}

/**
 * A line's rows: broken between words, and inside those that are longer than a row. No character is ever split, and none reaches
 * over the edge.
 * @param width cells of a row, at least 1
 * @param indent cells that stay empty in all rows but the first
 */
export function wrap(line: Row, width: number, indent: number): readonly Row[] {
  const glyphs = styledGlyphs(line);
  const rows: Row[] = [];
  for (let start = 0; start < glyphs.length || rows.length === 0;) {
    const margin = rows.length === 0 ? 0 : Math.min(indent, width - 1);
    const { end, next } = rowFrom(glyphs, start, width - margin);
    rows.push([...blanks(margin), ...spansOf(glyphs.slice(start, end), width - margin)]);
    start = next;
  }
  return rows;
}

function styledGlyphs(row: Row): readonly Styled[] {
  return row.flatMap(({ text, style }) =>
    glyphsOf(text).map((glyph) => ({ text: glyph.text, width: glyph.width, style })),
  );
}

/** Where a row that starts at a glyph ends, and where the next one starts. */
function rowFrom(glyphs: readonly Styled[], start: number, width: number): { end: number; next: number } {
  let used = 0;
  let afterBlank: number | null = null;
  // Blanks at the start are no place to break: code keeps its indentation.
  let inked = false;
  for (let at = start; at < glyphs.length; at += 1) {
    const { text = "", width: wide = 0 } = glyphs[at] ?? {};
    used += wide;
    if (used > width) {
      // A blank between two rows is not drawn.
      if (text === " " && inked) return { end: at, next: at + 1 };
      const end = afterBlank ?? Math.max(at, start + 1);
      return { end, next: end };
    }
    if (text !== " ") inked = true;
    else if (inked) afterBlank = at + 1;
  }
  return { end: glyphs.length, next: glyphs.length };
}

/** A glyph that is wider than a whole row can't be drawn at all. */
function spansOf(glyphs: readonly Styled[], width: number): Row {
  const spans: Span[] = [];
  for (const { text, width: wide, style } of glyphs) {
    const drawn = wide > width ? "…" : text;
    const last = spans.at(-1);
    if (last?.style === style) spans[spans.length - 1] = { text: last.text + drawn, style };
    else spans.push({ text: drawn, style });
  }
  return spans;
}

function blanks(count: number): Row {
  return count === 0 ? [] : [{ text: " ".repeat(count), style: PLAIN }];
}

/** A row that is not wider than `width` cells: the rest is cut off, and "…" says so. */
export function truncate(row: Row, width: number): Row {
  const glyphs = styledGlyphs(row);
  const whole = glyphs.reduce((sum, glyph) => sum + glyph.width, 0);
  if (whole <= width) return row;
  if (width < 1) return [];
  let used = 0;
  const kept = glyphs.filter((glyph) => (used += glyph.width) <= width - 1);
  const style = glyphs[kept.length]?.style ?? PLAIN;
  return spansOf([...kept, { text: "…", width: 1, style }], width);
}
