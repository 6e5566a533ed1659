import { OPEN_ROOM, type Conversation, type Delivery, type Entry } from "./snapshot.ts";

/** The most entries that a conversation keeps; so many are hours of a busy room, and memory stays flat. */
export const SCROLLBACK = 10_000;

export type Conversations = readonly Conversation[];

/** One that nobody has written in. */
export function emptyConversation(id: string): Conversation {
  const readers = id === OPEN_ROOM ? "the server and everybody here" : `the server and ${id}`;
  return { id, entries: [], unread: 0, highlights: 0, unreadFrom: null, readers, serverReads: true, search: null };
}

/** Ids are the same without regard to case, as the server has it. */
export function isSameId(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

export function find(all: Conversations, id: string): Conversation | undefined {
  return all.find((conversation) => isSameId(conversation.id, id));
}

/** Changes one conversation; one that isn't there yet is made, behind the others. */
export function update(all: Conversations, id: string, change: (one: Conversation) => Conversation): Conversations {
  const old = find(all, id);
  if (old === undefined) return [...all, change(emptyConversation(id))];
  return all.map((conversation) => (conversation === old ? change(old) : conversation));
}

/** Adds an entry at the end; the oldest over the limit are let go. */
export function append(conversation: Conversation, entry: Entry, limit = SCROLLBACK): Conversation {
  return { ...conversation, entries: [...conversation.entries.slice(-limit + 1), entry] };
}

/** Counts an entry that was added while nobody looked. */
export function countUnread(conversation: Conversation, entry: Entry, highlight: boolean): Conversation {
  return {
    ...conversation,
    unread: conversation.unread + 1,
    highlights: conversation.highlights + (highlight ? 1 : 0),
    unreadFrom: conversation.unreadFrom ?? entry.key,
  };
}

/** Tells how an own message ended; nothing happens to one that was let go or cleared. */
export function deliver(conversation: Conversation, key: number, delivery: Delivery): Conversation {
  const index = conversation.entries.findLastIndex((entry) => entry.key === key);
  const entry = conversation.entries[index];
  return entry?.kind === "message"
    ? { ...conversation, entries: conversation.entries.with(index, { ...entry, delivery }) }
    : conversation;
}

/** The newest entry with the words in it, older than `before`. */
export function findWords({ entries }: Conversation, words: string, before: number): Entry | undefined {
  const wanted = words.toLowerCase();
  return entries.findLast((entry) => entry.key < before && entry.text.toLowerCase().includes(wanted));
}
