import { changed, type Composer, type Draft, draftOf } from "./composer.ts";
import { graphemeCount, graphemesOf } from "./graphemes.ts";
import { lineEnd, lineStart } from "./motions.ts";

/** A line up, in the same column; from the first line, to what was written before. */
export function up(composer: Composer): Composer {
  const start = lineStart(composer.text, composer.cursor);
  if (start > 0) return vertical(composer, lineStart(composer.text, start - 1));
  return composer.at > 0 ? recalled(composer, composer.at - 1) : composer;
}

/** A line down, in the same column; from the last line, to what was written after, the unsent text being the newest. */
export function down(composer: Composer): Composer {
  const end = lineEnd(composer.text, composer.cursor);
  if (end < composer.text.length) return vertical(composer, end + 1);
  return composer.at < composer.history.length ? recalled(composer, composer.at + 1) : composer;
}

/** At another place of the history, as it was left there. */
function recalled(composer: Composer, at: number): Composer {
  return goneTo(composer, composer.visited.get(at) ?? asWritten(composer.history[at] ?? "", at));
}

/** At the place of a draft, with the draft. What stands here is kept for the way back. */
export function goneTo(composer: Composer, { text, cursor, pasted, at }: Draft): Composer {
  const visited = new Map(composer.visited).set(composer.at, draftOf(composer));
  return { ...changed(composer, text, cursor), pasted, at, visited };
}

/** A line of the history as a draft. */
export function asWritten(text: string, at: number): Draft {
  return { text, cursor: text.length, pasted: false, at };
}

/** To the line that begins at `start`, in the column that one set out from. */
function vertical(composer: Composer, start: number): Composer {
  const { text, cursor, last } = composer;
  const column = last.kind === "vertical" ? last.column : graphemeCount(text.slice(lineStart(text, cursor), cursor));
  const before = graphemesOf(text.slice(start, lineEnd(text, start))).slice(0, column);
  return { ...composer, cursor: start + before.join("").length, last: { kind: "vertical", column } };
}
