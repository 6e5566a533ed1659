/**
 * The chat as its faces see it, without a face and without a protocol: conversations, what is said in them, and one immutable snapshot of all
 * of it. What comes from elsewhere is bounded here, in entries and in bytes.
 */
import type { Conversation as Talk, ConversationId } from "../../client/index.ts";
import { visibleName } from "../../text/visible.ts";
import type { Conversation, Entry } from "./snapshot.ts";

/** The most entries that a conversation keeps; so many are hours of a busy room, and memory stays flat. */
export const SCROLLBACK = 10_000;
/** Bytes of text that a conversation keeps, and that all of them keep. */
export const SCROLLBACK_BYTES = 4 * 1024 * 1024;
export const ALL_BYTES = 32 * 1024 * 1024;
/** How many conversations there are at most: names cost others nothing. */
export const MOST_CONVERSATIONS = 500;

export type Conversations = readonly Conversation[];

/** One that nobody has written in. */
export function emptyConversation(talk: Talk): Conversation {
  return {
    ...known(talk),
    entries: [],
    bytes: 0,
    older: "unasked",
    unread: 0,
    highlights: 0,
    unreadFrom: null,
    held: null,
    hold: null,
    search: null,
  };
}

/** What the client knows of a conversation now. */
export function known(talk: Talk): Known {
  const { id, kind, title } = talk;
  const plain = { id, kind, title, readerNames: null, serverReads: true, isOpen: false };
  const sealed = { id, kind, title, serverReads: false };
  switch (talk.kind) {
    case "open-room":
      return { ...plain, readers: "the server and everybody here" };
    case "classic-direct":
      return { ...plain, readers: `the server and ${title}` };
    case "sealed-direct":
      return { ...sealed, readers: namesIn(talk.readers), readerNames: talk.readers, isOpen: false };
    case "sealed-room": {
      const others = talk.open && talk.readers.length > 0 ? ", and whoever this server lets in and joins" : "";
      return { ...sealed, readers: namesIn(talk.readers) + others, readerNames: talk.readers, isOpen: talk.open };
    }
  }
}

type Known = Pick<Conversation, "id" | "kind" | "title" | "readers" | "readerNames" | "serverReads" | "isOpen">;

/** Names in a phrase that says who reads. */
const MOST_READERS = 12;

/** Who reads where this device is in nothing. */
export const NOBODY = "nobody now";

function namesIn(names: readonly string[]): string {
  // Oneself is among the readers of whatever this device is in; where it isn't, or that has ended, nobody reads what is written.
  if (names.length === 0) return NOBODY;
  const more = names.length > MOST_READERS ? ` and ${names.length - MOST_READERS} more` : "";
  return names.slice(0, MOST_READERS).map(visibleName).join(", ") + more;
}

export function find(all: Conversations, id: ConversationId): Conversation | undefined {
  return all.find((conversation) => conversation.id === id);
}

/** Changes one conversation, if it is there. */
export function update(
  all: Conversations,
  id: ConversationId,
  change: (one: Conversation) => Conversation,
): Conversations {
  return all.map((conversation) => (conversation.id === id ? change(conversation) : conversation));
}

/** Puts entries where their places are; the oldest over the limits are let go, but never all. */
export function insert(conversation: Conversation, ...added: readonly Entry[]): Conversation {
  let { entries } = conversation;
  let bytes = conversation.bytes;
  for (const entry of added) {
    const at = placeFor(entries, entry);
    entries = at === entries.length ? [...entries, entry] : entries.toSpliced(at, 0, entry);
    bytes += bytesOf(entry);
  }
  return trimmed({ ...conversation, entries, bytes }, SCROLLBACK, SCROLLBACK_BYTES);
}

/** Lets the oldest go until this many entries and bytes are left; the newest stays whatever it takes. */
function trimmed(conversation: Conversation, most: number, mostBytes: number): Conversation {
  let { bytes } = conversation;
  let first = 0;
  const count = conversation.entries.length;
  while (first < count - 1 && (count - first > most || bytes > mostBytes)) {
    bytes -= bytesOf(conversation.entries[first]);
    first += 1;
  }
  return first === 0 ? conversation : { ...conversation, entries: conversation.entries.slice(first), bytes };
}

/**
 * What is too much for all together goes: the conversations that were heard of least recently, with something unread only where nothing
 * else is left, and then the oldest entries of the longest.
 * @param kept conversations that stay
 */
export function bounded(all: Conversations, kept: ReadonlySet<ConversationId>): Conversations {
  let rest = all;
  if (rest.length > MOST_CONVERSATIONS) {
    const byAge = rest
      .filter(({ id }) => !kept.has(id))
      .toSorted((one, other) => Number(one.unread > 0) - Number(other.unread > 0) || newest(one) - newest(other));
    const gone = new Set(byAge.slice(0, rest.length - MOST_CONVERSATIONS));
    rest = rest.filter((one) => !gone.has(one));
  }
  while (total(rest) > ALL_BYTES) {
    const longest = rest
      .filter(({ entries }) => entries.length > 1)
      .reduce<Conversation | null>((one, other) => (one !== null && one.bytes >= other.bytes ? one : other), null);
    // What is left is one entry each.
    if (longest === null) break;
    rest = update(rest, longest.id, (one) => trimmed(one, SCROLLBACK, one.bytes / 2));
  }
  return rest;
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

/** An entry as it is now, where that is now; nothing happens to one that was let go or cleared. */
export function replace(conversation: Conversation, entry: Entry): Conversation {
  const index = conversation.entries.findLastIndex(({ key }) => key === entry.key);
  const old = conversation.entries[index];
  if (old === undefined) return conversation;
  const bytes = conversation.bytes - bytesOf(old);
  if (old.place !== entry.place) {
    return insert({ ...conversation, entries: conversation.entries.toSpliced(index, 1), bytes }, entry);
  }
  return { ...conversation, entries: conversation.entries.with(index, entry), bytes: bytes + bytesOf(entry) };
}

/** Without that entry, if it is still there. */
export function without(conversation: Conversation, key: number): Conversation {
  const gone = conversation.entries.find((entry) => entry.key === key);
  if (gone === undefined) return conversation;
  const entries = conversation.entries.filter((entry) => entry !== gone);
  return { ...conversation, entries, bytes: conversation.bytes - bytesOf(gone) };
}

/** What was noted before anything was known of what was said stands below what has been said, which is older. */
export function below(conversation: Conversation, older: readonly Entry[]): Conversation {
  const last = older.findLast(({ place }) => Number.isFinite(place))?.place;
  const { entries } = conversation;
  if (last === undefined || entries.some(({ kind }) => kind === "message")) return conversation;
  // Their keys are lower than those of what is put in now.
  return { ...conversation, entries: entries.map((entry) => Object.assign({ ...entry }, { place: last + NEXT })) };
}

/** Less than from one message to the next. */
const NEXT = 0.5;

/** The place behind all that has one: where a note stands. */
export function lastPlace({ entries }: Conversation): number {
  return entries.findLast(({ place }) => Number.isFinite(place))?.place ?? 0;
}

/** The newest entry with the words in it, before one in the order; null: the newest of all. */
export function findWords({ entries }: Conversation, words: string, before: number | null): Entry | undefined {
  const wanted = words.toLowerCase();
  const end = before === null ? entries.length : entries.findIndex(({ key }) => key === before);
  return entries.slice(0, Math.max(0, end)).findLast(({ text }) => text.toLowerCase().includes(wanted));
}

/** JavaScript keeps two bytes for each unit of a text, or one. */
function bytesOf(entry: Entry | undefined): number {
  if (entry === undefined) return 0;
  return 2 * (entry.text.length + (entry.kind === "message" ? entry.from.length : 0));
}

/** Almost always the end: looked for from there by halving. */
function placeFor(entries: readonly Entry[], entry: Entry): number {
  let low = 0;
  let high = entries.length;
  const last = entries.at(-1);
  if (last === undefined || isBefore(last, entry)) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = entries[middle];
    if (other !== undefined && isBefore(other, entry)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.place < other.place || (one.place === other.place && one.key < other.key);
}

function newest({ entries }: Conversation): number {
  return entries.reduce((most, { key }) => Math.max(most, key), -1);
}

function total(all: Conversations): number {
  return all.reduce((sum, { bytes }) => sum + bytes, 0);
}
