import type { Edit } from "../keys/actions.ts";
import { clean } from "./clean.ts";
import { changed, type Composer, inserted, OTHER } from "./composer.ts";
import { boundaryAfter, boundaryBefore } from "./graphemes.ts";
import { killed, yanked, yankedOlder } from "./kill.ts";
import { blankBefore, lineEnd, lineStart, wordEnd, wordStart } from "./motions.ts";
import { searched } from "./search.ts";
import { down, up } from "./walk.ts";

/** Edits that need nothing but the composer. */
export type PlainEdit = Exclude<Edit, "submit" | "complete" | "complete-back" | "delete-forward-or-leave">;

/** The composer after an edit; where there is nothing to do, it is as it was. */
export function edited(composer: Composer, edit: PlainEdit): Composer {
  const { text, cursor } = composer;
  switch (edit) {
    case "left":
      return moved(composer, boundaryBefore(text, cursor));
    case "right":
      return moved(composer, boundaryAfter(text, cursor));
    case "word-left":
      return moved(composer, wordStart(text, cursor));
    case "word-right":
      return moved(composer, wordEnd(text, cursor));
    case "line-start":
      return moved(composer, lineStart(text, cursor));
    case "line-end":
      return moved(composer, lineEnd(text, cursor));
    case "up":
      return up(composer);
    case "down":
      return down(composer);
    case "delete-back":
      return deleted(composer, boundaryBefore(text, cursor), cursor);
    case "delete-forward":
      return deleted(composer, cursor, boundaryAfter(text, cursor));
    case "kill-word-back":
      return killed(composer, wordStart(text, cursor), cursor);
    case "kill-to-blank-back":
      return killed(composer, blankBefore(text, cursor), cursor);
    case "kill-word-forward":
      return killed(composer, cursor, wordEnd(text, cursor));
    case "kill-to-end":
      return killed(composer, cursor, orOver(lineEnd(text, cursor), cursor, boundaryAfter(text, cursor)));
    case "kill-to-start":
      return killed(composer, orOver(lineStart(text, cursor), cursor, boundaryBefore(text, cursor)), cursor);
    case "yank":
      return yanked(composer);
    case "yank-older":
      return yankedOlder(composer);
    case "transpose":
      return transposed(composer);
    case "new-line":
      return inserted(composer, "\n");
    case "undo":
      return undone(composer);
    case "search":
      return searched(composer);
    case "cancel":
      return { ...composer, last: OTHER };
  }
}

/** Typed text at the cursor. What is typed in one go, up to a blank, is undone in one go. */
export function typed(composer: Composer, text: string): Composer {
  const typing = clean(text);
  if (typing === "") return composer;
  const next = inserted(composer, typing);
  const goesOn = composer.last.kind === "typed" && !/\s/.test(composer.text.charAt(composer.cursor - 1));
  return { ...next, past: goesOn ? composer.past : next.past, last: { kind: "typed" } };
}

function moved(composer: Composer, cursor: number): Composer {
  return { ...composer, cursor, last: OTHER };
}

function deleted(composer: Composer, from: number, to: number): Composer {
  if (from === to) return composer;
  return changed(composer, composer.text.slice(0, from) + composer.text.slice(to), from);
}

/** At the edge of a line already, over the line break: pressing on joins the lines. */
function orOver(edge: number, cursor: number, beyond: number): number {
  return edge === cursor ? beyond : edge;
}

/** Swaps the characters around the cursor and goes on; at the end of a line, the two before it. Line breaks stay. */
function transposed(composer: Composer): Composer {
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

function undone(composer: Composer): Composer {
  const draft = composer.past.at(-1);
  if (draft === undefined) return composer;
  return { ...composer, ...draft, past: composer.past.slice(0, -1), last: OTHER };
}
