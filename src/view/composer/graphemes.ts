/** What a reader sees as one character (UAX #29): its boundaries in a text, in UTF-16 units. */
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/** The boundary before `at`; 0 at the start. */
export function boundaryBefore(text: string, at: number): number {
  return at <= 0 ? 0 : (segmenter.segment(text).containing(at - 1)?.index ?? text.length);
}

/** The boundary after `at`; the text's length at its end. */
export function boundaryAfter(text: string, at: number): number {
  const grapheme = segmenter.segment(text).containing(at);
  return grapheme === undefined ? text.length : grapheme.index + grapheme.segment.length;
}

/** `at` itself if it is a boundary, else the next one. */
export function boundaryFrom(text: string, at: number): number {
  return at <= 0 ? 0 : boundaryAfter(text, at - 1);
}

/** How many characters a text has. */
export function graphemeCount(text: string): number {
  return graphemesOf(text).length;
}

export function graphemesOf(text: string): readonly string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}
