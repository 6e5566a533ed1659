import type { Conversation } from "./snapshot.ts";

/** Names that stand before what is being written; with more of them their number does. */
const MOST_NAMES = 3;

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
