import { changed, type Composer } from "./composer.ts";
import { boundaryAfter, boundaryBefore } from "./graphemes.ts";
import { lineEnd, lineStart } from "./motions.ts";

/** Swaps the characters around the cursor and goes on; at the end of a line, the two before it. Line breaks stay. */
export function transposed(composer: Composer): Composer {
  const { text, cursor } = composer;
  const middle = cursor === lineEnd(text, cursor) ? boundaryBefore(text, cursor) : cursor;
  const start = lineStart(text, cursor);
  if (middle <= start) return composer;
  const from = boundaryBefore(text, middle);
  const to = boundaryAfter(text, middle);
  return changed(
    composer,
    text.slice(0, from) + text.slice(middle, to) + text.slice(from, middle) + text.slice(to),
    to,
  );
}
