import stringWidth from "string-width";

/** Cells that stay empty at the start of every row of a line but its first. */
const INDENT = 8;
const SEGMENTER = new Intl.Segmenter();

/**
 * One line in rows of a terminal. The terminal must not break it by itself: what stands behind the break would begin at its
 * edge, where only we begin lines, and could pass for somebody else's words. So no row is ever wider than the terminal, however
 * it counts: each character counts as wide as any terminal draws it.
 * @param columns cells of the terminal
 */
export function wrapLine(line: string, columns: number): string {
  return line
    .split("\n")
    .map((row, nth) => wrapRow(row.replaceAll("\t", "    "), Math.max(columns - 1, 2 * INDENT), nth > 0))
    .join("\n");
}

/** @param indented whether the row has an indentation of its own already. */
function wrapRow(text: string, width: number, indented: boolean): string {
  const rows: string[] = [];
  let row = "";
  let used = 0;
  /** Where the row can be broken, and how wide it is up to there. */
  let blank: { readonly at: number; readonly used: number } | null = null;
  const margin = " ".repeat(indented ? INDENT + 4 : INDENT);
  for (const segment of piecesOf(text)) {
    const wide = widestOf(segment);
    if (used + wide > width && used > margin.length) {
      const cut: number = blank?.at ?? row.length;
      rows.push(row.slice(0, cut).replace(/(?<=\S) $/, ""));
      used = margin.length + used - (blank?.used ?? used);
      row = margin + row.slice(cut);
      blank = null;
    }
    row += segment;
    used += wide;
    if (segment === " " && used > margin.length + 1) blank = { at: row.length, used };
  }
  return [...rows, row].join("\n");
}

/** What a reader sees as one character stays together, unless somebody made it wider than any is. */
function* piecesOf(text: string): Generator<string> {
  for (const { segment } of SEGMENTER.segment(text)) {
    if (segment.length > 1 && widestOf(segment) > INDENT) yield* segment;
    else yield segment;
  }
}

/** As many cells as a terminal could take for it, also one that knows nothing of what belongs together. */
function widestOf(segment: string): number {
  if (segment.length === 1 && segment < "\u007f") return 1;
  let width = 0;
  for (const character of segment) width += widestOfCharacter(character);
  return width;
}

function widestOfCharacter(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  // Emoji, their parts and what makes one of the character before it.
  if (code >= 0x1_00_00 || code === 0xfe0f) return 2;
  return stringWidth(character, { ambiguousIsNarrow: false });
}
