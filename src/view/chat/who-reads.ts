import { isSameName } from "../../client/index.ts";
import type { Conversation } from "./snapshot.ts";

/** Names that stand before what is being written; with more of them their number does. */
const MOST_NAMES = 3;

/** What it is called in a list: where there is a sealed conversation with the same person, too, the other one says what it is. */
export function titleInList({ kind, title }: Conversation, all: readonly Conversation[]): string {
  const isOneOfTwo =
    kind === "classic-direct" && all.some((other) => other.kind === "sealed-direct" && isSameName(other.title, title));
  return isOneOfTwo ? `${title} (plain)` : title;
}

/**
 * Who will read what is written here now, oneself apart, in a few words for the composer's line. Names come from others, and are as
 * they came.
 */
export function whoReads({ serverReads, readerNames, isOpen }: Conversation, me: string): string {
  if (serverReads) return "server reads";
  const others = (readerNames ?? []).filter((name) => name !== me);
  const whoever = isOpen ? ["whoever joins"] : [];
  if (others.length === 0) return [...whoever, "nobody else yet"][0] ?? "";
  const named = others.length <= MOST_NAMES ? others : [`${others.length} others`];
  return [...named, ...whoever].join(", ");
}
