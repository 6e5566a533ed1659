import { visibleLine, visibleName } from "../../text/visible.ts";
import { isSameName } from "../../client/index.ts";
import { NOBODY } from "./conversations.ts";
import type { Conversation } from "./snapshot.ts";

/** Names that stand before what is being written; with more of them their number does. */
const MOST_NAMES = 3;

/** A conversation's title, fit to be shown. */
export function shownTitle({ kind, title }: Pick<Conversation, "kind" | "title">): string {
  return kind === "sealed-direct" ? visibleName(title) : visibleLine(title);
}

/** The same in a list: where there is a sealed conversation with the same person, too, the other one says what it is. */
export function titleInList(conversation: Conversation, all: readonly Conversation[]): string {
  const { kind, title } = conversation;
  const isOneOfTwo =
    kind === "classic-direct" && all.some((other) => other.kind === "sealed-direct" && isSameName(other.title, title));
  return isOneOfTwo ? `${visibleLine(title)} (plain)` : shownTitle(conversation);
}

/**
 * Who will read what is written here now, oneself apart, in a few words for the composer's line.
 */
export function whoReads({ serverReads, readerNames, isOpen }: Conversation, me: string): string {
  if (serverReads) return "server reads";
  if (readerNames?.length === 0) return NOBODY;
  const others = (readerNames ?? []).filter((name) => name !== me);
  const whoever = isOpen ? ["whoever joins"] : [];
  if (others.length === 0) return [...whoever, "nobody else yet"][0] ?? "";
  const named = others.length <= MOST_NAMES ? others.map(visibleName) : [`${others.length} others`];
  return [...named, ...whoever].join(", ");
}
