import { ruled } from "./rule.ts";
import {
  above,
  below,
  countSince,
  indexOfKey,
  isBefore,
  lastScreen,
  rowsAt,
  rowsFrom,
  rulesAt,
  type Place,
  type Strip,
} from "./strip.ts";

/** Where a scrolled pane begins: at an entry, so that new ones below don't move it. */
export interface Anchor {
  readonly key: number;
  /** Counted from the entry's own first: the lines before it, which are less than 0, may come and go. */
  readonly row: number;
  /** The newest entry that was there when scrolling began; those after it are new. */
  readonly seen: number;
}

/** The pane's rows, at most `height`, which stand at its bottom; a null anchor follows the newest. */
export function paneRows(strip: Strip, anchor: Anchor | null, height: number): readonly string[] {
  const from = anchor === null ? null : placeOf(strip, anchor);
  const last = lastScreen(strip, height);
  if (anchor === null || from === null || !isBefore(from, last)) return rowsFrom(strip, last, height);
  return [...rowsFrom(strip, from, height - 1), marker(strip, anchor, below(strip, from, height - 1))];
}

/** The anchor after scrolling this many rows; downwards is positive. Null: the newest are in sight again. */
export function scrolled(strip: Strip, anchor: Anchor | null, height: number, by: number): Anchor | null {
  const last = lastScreen(strip, height);
  const from = anchor === null ? last : placeOf(strip, anchor);
  return anchoredAt(strip, anchor, height, by < 0 ? above(strip, from, -by) : below(strip, from, by));
}

/** With the oldest at the top. */
export function scrolledToTop(strip: Strip, anchor: Anchor | null, height: number): Anchor | null {
  return anchoredAt(strip, anchor, height, { index: 0, row: 0 });
}

/** With an entry about the middle. */
export function scrolledTo(strip: Strip, anchor: Anchor | null, height: number, key: number): Anchor | null {
  const entry = { index: indexOfKey(strip.conversation, key), row: 0 };
  return anchoredAt(strip, anchor, height, above(strip, entry, Math.floor(height / 2)));
}

/** With the beginning of an entry at the top, where it is longer than the pane. */
export function fromStart(strip: Strip, height: number, key: number): Anchor | null {
  return anchoredAt(strip, null, height, { index: indexOfKey(strip.conversation, key), row: 0 });
}

function anchoredAt(strip: Strip, old: Anchor | null, height: number, place: Place): Anchor | null {
  const { entries } = strip.conversation;
  const entry = entries[place.index];
  if (entry === undefined || !isBefore(place, lastScreen(strip, height))) return null;
  return {
    key: entry.key,
    row: place.row - rulesAt(strip, place.index).length,
    seen: old?.seen ?? entries.reduce((newest, { key }) => Math.max(newest, key), 0),
  };
}

/** An anchor's entry may have been let go meanwhile, and its rows be fewer in a wider pane. */
function placeOf(strip: Strip, { key, row }: Anchor): Place {
  const index = indexOfKey(strip.conversation, key);
  if (strip.conversation.entries[index]?.key !== key) return { index, row: 0 };
  const rules = rulesAt(strip, index).length;
  if (row < 0) return above(strip, { index, row: rules }, -row);
  return { index, row: Math.min(rules + row, rowsAt(strip, index).length - 1) };
}

function marker({ conversation, look }: Strip, { seen }: Anchor, end: Place): string {
  const left = conversation.entries.length - end.index;
  const fresh = countSince(conversation, seen);
  const unseen = Math.min(left, fresh);
  return unseen > 0
    ? ruled(`${unseen} new below, ${left} in all: End`, look, "accent")
    : ruled(`${left} more below: End`, look, "quiet");
}
