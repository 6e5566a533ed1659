import { boundaryFrom } from "./graphemes.ts";
import { remember } from "./history.ts";

/**
 * The input line of one conversation: a value. `press` gives the next one. Its text holds no control character but `\n`, and
 * its cursor never stands inside what a reader sees as one character.
 */
export interface Composer extends Draft {
  readonly mode: Mode;
  /** What was sent from here, oldest first, as `remember` keeps it. */
  readonly history: readonly string[];
  /** What was visited on the way through the history, by its place there: how it was left. */
  readonly visited: ReadonlyMap<number, Draft>;
  /** What was cut, oldest first. */
  readonly kills: readonly string[];
  /** What undo goes back to, oldest first. */
  readonly past: readonly Draft[];
  readonly last: Last;
}

export interface Draft {
  readonly text: string;
  /** In UTF-16 units. */
  readonly cursor: number;
  /** Whether the text begins with several pasted lines: then it is no command, whatever it looks like. */
  readonly pasted: boolean;
  /** The place in the history; the history's length: what is newly written. */
  readonly at: number;
}

export type Mode = { readonly kind: "plain" } | Search | Completing | Asking;

export interface Search {
  readonly kind: "search";
  readonly query: string;
  /** The place of the line found; null: none yet. */
  readonly found: number | null;
  /** Whether nothing (further) was found; the last line that was, is still shown. */
  readonly failed: boolean;
  readonly before: Composer;
}

export interface Completing {
  readonly kind: "completing";
  readonly candidates: readonly string[];
  /** Which candidate stands there; the number of candidates: what was typed. */
  readonly chosen: number;
  /** Where the candidate begins. */
  readonly from: number;
  readonly before: Composer;
}

/** Whether to insert a paste; `lines` is how many it has. */
export interface Asking {
  readonly kind: "asking";
  readonly paste: string;
  readonly lines: number;
}

/** What the key before did, where the next one depends on it. */
export type Last =
  | { readonly kind: "typed" }
  | { readonly kind: "killed" }
  | { readonly kind: "yanked"; readonly nth: number; readonly before: Composer }
  /** Up or down from this column, which shorter lines between don't change. */
  | { readonly kind: "vertical"; readonly column: number }
  | { readonly kind: "other" };

export const PLAIN: Mode = { kind: "plain" };
export const OTHER: Last = { kind: "other" };

const MAX_UNDO = 200;

/** UTF-16 units of a text; more than any message has, so that what didn't fit is never sent as if it were whole. */
const MAX_WRITTEN = 65_536;

/** An empty composer with the history of its conversation, as `decodeHistory` gives it. */
export function newComposer(history: readonly string[] = []): Composer {
  return {
    text: "",
    cursor: 0,
    pasted: false,
    at: history.length,
    mode: PLAIN,
    history,
    visited: new Map(),
    kills: [],
    past: [],
    last: OTHER,
  };
}

/** After its text went out: empty, with the text in its history. */
export function sent(composer: Composer): Composer {
  return { ...newComposer(remember(composer.history, composer.text)), kills: composer.kills };
}

/** Another text, which undo takes back. A cursor inside a character goes after it. */
export function changed(composer: Composer, text: string, cursor: number): Composer {
  return {
    ...composer,
    text,
    cursor: boundaryFrom(text, cursor),
    pasted: composer.pasted && text !== "",
    past: [...composer.past, draftOf(composer)].slice(-MAX_UNDO),
    last: OTHER,
  };
}

export function draftOf({ text, cursor, pasted, at }: Composer): Draft {
  return { text, cursor, pasted, at };
}

/** With as much of `insertion` as there is room for at the cursor, which stands after it. */
export function inserted(composer: Composer, insertion: string): Composer {
  const { text, cursor } = composer;
  const room = Math.max(0, MAX_WRITTEN - text.length);
  const fitting = insertion.length <= room ? insertion : insertion.slice(0, room).toWellFormed();
  return changed(composer, text.slice(0, cursor) + fitting + text.slice(cursor), cursor + fitting.length);
}

/** What to tell a person of a composer's mode, one line: the question it asks, the search it makes. Null: nothing. */
export function promptOf({ mode }: Composer): string | null {
  switch (mode.kind) {
    case "asking":
      // Short enough for the narrowest terminal: the answers must be in sight.
      return `Insert ${mode.lines} lines as one message? y/n`;
    case "search":
      return `${mode.failed ? "nothing older with" : "search"}: ${mode.query}`;
    case "plain":
    case "completing":
      return null;
  }
}
