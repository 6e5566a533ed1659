import type { ChatSnapshot, Conversation } from "../../view/chat/snapshot.ts";
import { titleInList } from "../../view/chat/who-reads.ts";
import { widthOf } from "../cells/glyphs.ts";
import { visibleLine, visibleName } from "../../text/visible.ts";
import { lockOf, paint, rowWidth, span, toneOfName, type Row, type Span } from "../cells/style.ts";
import { truncate } from "../cells/wrap.ts";
import { EDGE } from "./regions.ts";

/** The conversations at the left, as `2 bob 3`: number for Alt, name, unread. The current one is always among them. */
export function conversationRows(chat: ChatSnapshot, width: number, height: number): readonly string[] {
  const { conversations, current, settings } = chat;
  const at = conversations.findIndex(({ id }) => id === current.id);
  const first = Math.max(0, Math.min(at - height + 1, conversations.length - height));
  const rows = conversations.slice(first, first + height).map((one, nth) => {
    const count = countOf(one);
    const room = width - EDGE - widthOf(count.text);
    const label = truncate([labelOf(one, first + nth + 1, chat)], room);
    return label.concat(spread(label, room), count);
  });
  return rows.map((row) => paint(row, settings.colours));
}

/** The same in one row: the current conversation, then those with something unread, then the others. */
export function conversationBar(chat: ChatSnapshot, width: number): string {
  const { conversations, current, settings } = chat;
  const numbered = conversations.map((one, nth) => ({ one, nth: nth + 1 }));
  const rank = (one: Conversation): number =>
    one.id === current.id ? 0 : one.highlights > 0 ? 1 : one.unread > 0 ? 2 : 3;
  const row = numbered
    .toSorted((a, b) => rank(a.one) - rank(b.one))
    .flatMap(({ one, nth }) => [labelOf(one, nth, chat), countOf(one), span("  ")]);
  return paint(truncate(row.slice(0, -1), width), settings.colours);
}

/**
 * At the right: who is here, or, in a sealed conversation, who reads, those who aren't here quiet. Those for whom there is no row are
 * counted in the last.
 */
export function memberRows(
  { members, me, settings, current }: ChatSnapshot,
  width: number,
  height: number,
): readonly string[] {
  const all = current.readerNames ?? members ?? [];
  // Not known while the connection is lost.
  const title =
    current.readerNames === null ? (members === null ? "" : `${all.length} here`) : `${all.length} can read`;
  const head = [span(title, { tone: "quiet" })];
  const here = new Set(members ?? all);
  const shown = all.length + 1 > height ? all.slice(0, Math.max(0, height - 2)) : all;
  const names = shown.map((id) => [
    span(
      current.readerNames === null ? visibleLine(id) : visibleName(id),
      id === me ? { bold: true } : { tone: here.has(id) ? toneOfName(id) : "quiet" },
    ),
  ]);
  const rest = shown.length < all.length ? [[span(`${all.length - shown.length} more`, { tone: "quiet" })]] : [];
  const rows = [head, ...names, ...rest].slice(0, height);
  return rows.map((row) => paint(truncate(row, width - EDGE), settings.colours));
}

function labelOf(conversation: Conversation, nth: number, { conversations, current }: ChatSnapshot): Span {
  const { highlights, unread } = conversation;
  const style = conversation.id === current.id ? { inverse: true } : highlights > 0 || unread > 0 ? { bold: true } : {};
  return span(`${nth} ${lockOf(conversation)} ${titleInList(conversation, conversations)}`, style);
}

/** An exclamation mark where somebody wrote to us alone or named us. */
function countOf({ unread, highlights }: Conversation): Span {
  if (unread === 0) return span("");
  return highlights > 0 ? span(` ${unread}!`, { tone: "trouble", bold: true }) : span(` ${unread}`, { tone: "accent" });
}

function spread(row: Row, width: number): Row {
  const used = rowWidth(row);
  return used >= width ? [] : [span(" ".repeat(width - used))];
}
