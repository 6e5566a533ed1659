import type { Conversation } from "../../view/chat/snapshot.ts";
import { paintedEntry, type Look } from "./entry.ts";
import { visibleLine, visibleName } from "../../text/visible.ts";
import { ruled } from "./rule.ts";

/**
 * A conversation as one long strip of rows, of which only those are ever made that are looked at: ten thousand messages
 * cost what a screen of them does.
 */
export interface Strip {
  readonly conversation: Conversation;
  readonly look: Look;
}

/** A row of a strip: of which entry, and which of its rows. */
export interface Place {
  readonly index: number;
  readonly row: number;
}

const START: Place = { index: 0, row: 0 };

/** The painted rows of an entry, with the lines that stand before it: another day's date, where the unread begin, what was found. */
export function rowsAt(strip: Strip, index: number): readonly string[] {
  const entry = strip.conversation.entries[index];
  return entry === undefined ? [] : [...rulesAt(strip, index), ...paintedEntry(entry, strip.look)];
}

/** The lines that stand before an entry. */
export function rulesAt({ conversation, look }: Strip, index: number): readonly string[] {
  const entry = conversation.entries[index];
  if (entry === undefined) return [];
  const before = conversation.entries[index - 1];
  const rules = [];
  const day = dayOf(entry.at);
  if (before === undefined || dayOf(before.at) !== day) rules.push(ruled(day, look, "quiet"));
  if (entry.key === conversation.unreadFrom) rules.push(ruled("unread", look, "accent"));
  const readers = readersChanged(conversation, index);
  if (readers !== null) rules.push(ruled(readers, look, "accent"));
  const { search } = conversation;
  if (entry.key === search?.at) rules.push(ruled(`found: ${visibleLine(search.words)}`, look, "accent"));
  return rules;
}

/** Entries back in which the message before is looked for: notes may stand between two. */
const LOOKED_BACK = 20;
/** Names in a line that says whose reading has changed. */
const MOST_NAMED = 4;

/** Who reads from this message on and didn't read the one before, or the other way round; null: nobody, or an entry between says it. */
function readersChanged({ entries }: Conversation, index: number): string | null {
  const entry = entries[index];
  if (entry?.kind !== "message" || entry.sealed?.body !== "text") return null;
  for (let at = index - 1; at >= Math.max(0, index - LOOKED_BACK); at -= 1) {
    const before = entries[at];
    if (before?.kind !== "message" || before.sealed === undefined) continue;
    if (before.sealed.body !== "text") return null;
    const [old, fresh] = [before.sealed.readers, entry.sealed.readers];
    if (old === fresh) return null;
    const [earlier, now] = [new Set(old), new Set(fresh)];
    const came = named(fresh.filter((name) => !earlier.has(name)));
    const left = named(old.filter((name) => !now.has(name)));
    const parts = [came === "" ? "" : `${came} can read from here`, left === "" ? "" : `${left} can't from here`];
    const text = parts.filter((part) => part !== "").join("; ");
    return text === "" ? null : text;
  }
  return null;
}

function named(names: readonly string[]): string {
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
  return names.slice(0, MOST_NAMED).map(visibleName).join(", ") + more;
}

/** The place this many rows above another, or the start. */
export function above(strip: Strip, from: Place, count: number): Place {
  let { index, row } = from;
  row -= count;
  while (row < 0) {
    if (index === 0) return START;
    index -= 1;
    row += rowsAt(strip, index).length;
  }
  return { index, row };
}

/** The place this many rows below another, or the end, which is behind the last row. */
export function below(strip: Strip, from: Place, count: number): Place {
  let { index, row } = from;
  row += count;
  for (;;) {
    const length = rowsAt(strip, index).length;
    if (row < length) return { index, row };
    if (index >= strip.conversation.entries.length) return { index, row: 0 };
    row -= length;
    index += 1;
  }
}

/** The highest place from which `height` rows reach the end. */
export function lastScreen(strip: Strip, height: number): Place {
  return above(strip, { index: strip.conversation.entries.length, row: 0 }, height);
}

/** At most `height` painted rows from a place on. */
export function rowsFrom(strip: Strip, from: Place, height: number): readonly string[] {
  const rows: string[] = rowsAt(strip, from.index).slice(from.row);
  for (let index = from.index + 1; rows.length < height && index < strip.conversation.entries.length; index += 1) {
    // One by one: a message may have more rows than a call takes arguments.
    for (const row of rowsAt(strip, index)) rows.push(row);
  }
  return rows.slice(0, height);
}

export function isBefore(one: Place, other: Place): boolean {
  return one.index < other.index || (one.index === other.index && one.row < other.row);
}

/** Where an entry is; one that has been let go: where the first is that came after it. */
export function indexOfKey({ entries }: Conversation, key: number): number {
  const index = entries.findLastIndex((entry) => entry.key === key);
  return index >= 0
    ? index
    : Math.max(
        0,
        entries.findIndex((entry) => entry.key > key),
      );
}

/** How many entries have come in since one. */
export function countSince({ entries }: Conversation, key: number): number {
  return entries.reduce((count, entry) => count + (entry.key > key ? 1 : 0), 0);
}

const dayFormat = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });
let lastDay = { from: Number.NaN, text: "" };

/** The day here, in words. Formatting is slow, and neighbours mostly share an hour. */
function dayOf(at: number): string {
  // Not every time that somebody may send has a date.
  if (Number.isNaN(new Date(at).getTime())) return "an unknown day";
  const hour = Math.floor(at / 3_600_000);
  if (lastDay.from !== hour) lastDay = { from: hour, text: dayFormat.format(at) };
  return lastDay.text;
}
