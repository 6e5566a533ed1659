import stringWidth from "string-width";

/** What a terminal draws as one character: text that has no further parts, and the cells that it takes. */
export interface Glyph {
  readonly text: string;
  readonly width: number;
}

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
const known = new Map<string, Glyph>();
const MAX_KNOWN = 10_000;

/** UTF-16 units of one character; the longest emoji has 15. Marks heaped upon a letter without end are cut off. */
const LONGEST_GRAPHEME = 32;

/** A text's characters as readers see them (UAX #29). The text has no control characters but tabs, which become four blanks. */
export function glyphsOf(text: string): readonly Glyph[] {
  const plain = text.replaceAll("\t", "    ");
  // oxlint-disable-next-line no-control-regex
  if (/^[\u0020-\u007e]*$/.test(plain)) return Array.from(plain, glyphOf);
  return Array.from(segmenter.segment(plain), ({ segment }) => glyphOf(segment));
}

/** How many cells a text takes in one row. */
export function widthOf(text: string): number {
  return glyphsOf(text).reduce((sum, { width }) => sum + width, 0);
}

/** The glyph of one grapheme. */
function glyphOf(whole: string): Glyph {
  const grapheme = whole.length <= LONGEST_GRAPHEME ? whole : whole.slice(0, LONGEST_GRAPHEME).toWellFormed();
  const found = known.get(grapheme);
  if (found !== undefined) return found;
  const glyph = measure(grapheme);
  // Ever new characters, as a flood of random text has them, must not fill the memory.
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(grapheme, glyph);
  return glyph;
}

function measure(grapheme: string): Glyph {
  // The letters that most texts are written in need no looking up, which takes a hundred times as long.
  if (/^[\u0020-\u007e\u00c0-\u024f\u0391-\u03c9\u0410-\u044f]$/.test(grapheme)) return { text: grapheme, width: 1 };
  if (/^[\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]$/.test(grapheme)) return { text: grapheme, width: 2 };
  // What no terminal draws alone would move all that follows it in the row.
  if (/^\p{Default_Ignorable_Code_Point}+$/u.test(grapheme)) return { text: "", width: 0 };
  const width = stringWidth(grapheme);
  // A mark without a letter would be drawn over whatever stands before it: a dotted circle carries it, as in print.
  if (width === 0) return { text: `◌${grapheme}`, width: 1 };
  return { text: grapheme, width };
}
