import { cleanLine } from "./clean.ts";
import { type Composer, OTHER, type Search } from "./composer.ts";
import { boundaryBefore } from "./graphemes.ts";
import type { Input } from "./input.ts";
import { asWritten, goneTo } from "./walk.ts";

/** Ctrl-R: a search that has not found anything yet. */
export function searched(composer: Composer): Composer {
  return shown({ kind: "search", query: "", found: null, failed: false, before: composer });
}

/** The search after an input: longer, shorter, or on to an older line. Null: the input ends the search. */
export function searching(search: Search, input: Input): Composer | null {
  switch (input.kind) {
    case "type":
      return extended(search, input.text);
    case "paste":
      return /[\r\n]./.test(input.text) ? null : extended(search, input.text.trimEnd());
    case "edit":
      if (input.edit === "search") return older(search);
      if (input.edit === "delete-back") return shortened(search);
      return input.edit === "submit" ? found(search) : null;
    default:
      return null;
  }
}

/** The end of a search: its line in the composer, as if one had walked there. */
export function found({ found: place, before }: Search): Composer {
  const line = place === null ? undefined : before.history[place];
  return place === null || line === undefined ? { ...before, last: OTHER } : goneTo(before, asWritten(line, place));
}

function extended(search: Search, text: string): Composer {
  const { history } = search.before;
  return lookedUp({ ...search, query: search.query + cleanLine(text) }, search.found ?? history.length - 1);
}

/** From the newest again: the line that was passed over may be one now. */
function shortened(search: Search): Composer {
  const query = search.query.slice(0, boundaryBefore(search.query, search.query.length));
  return lookedUp({ ...search, query }, search.before.history.length - 1);
}

/** An older line that reads differently: the same again would look as if nothing had happened. */
function older(search: Search): Composer {
  const { history } = search.before;
  const match = search.found === null ? undefined : history[search.found];
  let from = (search.found ?? history.length) - 1;
  while (from >= 0 && (history[from] === match || !contains(history[from], search.query))) from -= 1;
  return lookedUp(search, from);
}

function lookedUp(search: Search, from: number): Composer {
  if (search.query === "") return shown({ ...search, found: null, failed: false });
  const place = search.before.history.findLastIndex((line, i) => i <= from && contains(line, search.query));
  return shown(place < 0 ? { ...search, failed: true } : { ...search, found: place, failed: false });
}

/** Without regard to case. */
function contains(line: string | undefined, query: string): boolean {
  return line !== undefined && line.toLowerCase().includes(query.toLowerCase());
}

function shown(search: Search): Composer {
  const { before, found: place } = search;
  const line = place === null ? undefined : before.history[place];
  if (line === undefined) return { ...before, mode: search };
  return { ...before, text: line, cursor: line.length, mode: search };
}
