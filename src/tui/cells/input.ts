import { visible } from "../../text/visible.ts";
import { glyphsOf, type Glyph } from "./glyphs.ts";
import { rowWidth, span, type Row } from "./style.ts";
import { truncate } from "./wrap.ts";

export interface InputView {
  readonly rows: readonly Row[];
  /** The cell that the cursor stands on, counted from the first of `rows`. */
  readonly cursor: { readonly x: number; readonly y: number };
}

export interface Written {
  readonly text: string;
  /** In UTF-16 units, at a boundary between characters. */
  readonly cursor: number;
}

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * What is being written, behind its prompt: broken at the edge wherever that is, since one can't move along a text that jumps. Of more rows than
 * `most`, those about the cursor are shown.
 */
export function inputView(prompt: Row, { text, cursor }: Written, width: number, most: number): InputView {
  // Some room is left to write in, however long the prompt is.
  const head = truncate(prompt, Math.max(0, width - MIN_ROOM));
  const rows: string[] = [""];
  let x = rowWidth(head);
  let at: InputView["cursor"] | null = null;
  const startRow = (): void => {
    rows.push("");
    x = 0;
  };
  for (const { index, glyph } of piecesOf(text)) {
    if (x > 0 && x + (glyph?.width ?? 0) > width) startRow();
    if (index >= cursor) at ??= { x: Math.min(x, width - 1), y: rows.length - 1 };
    if (glyph === null) {
      startRow();
    } else {
      rows[rows.length - 1] += glyph.text;
      x += glyph.width;
    }
  }
  // Behind a full row there is no cell left.
  if (at === null && x >= width) startRow();
  at ??= { x, y: rows.length - 1 };
  const first = Math.max(0, Math.min(at.y - Math.floor(most / 2), rows.length - most));
  const [top = "", ...others] = rows;
  const drawn: readonly Row[] = [[...head, span(top)], ...others.map((row) => [span(row)])];
  return { rows: drawn.slice(first, first + most), cursor: { x: at.x, y: at.y - first } };
}

/** Each drawn character with where it comes from; null: the row ends here. */
interface Piece {
  readonly index: number;
  readonly glyph: Glyph | null;
}

function* piecesOf(text: string): Generator<Piece> {
  // Each key lays the whole text out again: what most texts don't have is looked for once.
  const shown = /[\p{Cf}\t]/u.test(text) ? visible : (same: string): string => same;
  for (const { segment, index } of segmenter.segment(text)) {
    if (segment === "\n") yield { index, glyph: null };
    else for (const glyph of glyphsOf(shown(segment))) yield { index, glyph };
  }
}

const MIN_ROOM = 10;
