import type { Conversation as Talk, ConversationId } from "../../client/index.ts";
import * as conversations from "./conversations.ts";
import type { ChatSnapshot, Conversation, Entry, Message, Note, Settings } from "./snapshot.ts";

/** A message, with what only its order needs. */
export interface Placed {
  /** Unique in its conversation: the same again is the same message, changed. */
  readonly id: string;
  readonly place: number;
  readonly at: number;
  readonly message: Message;
}

/** The newest snapshot of a chat, who is told when there is a newer one, and the ways to make one. */
export class SnapshotStore {
  readonly #listeners = new Set<() => void>();
  readonly #now: () => number;
  /** Those that stay: the first, and the open room. */
  readonly #fixed: Set<ConversationId>;
  /** The keys of messages by their ids. */
  readonly #keys = new Map<ConversationId, Map<string, number>>();
  #snapshot: ChatSnapshot;
  #nextKey = 0;

  /**
   * @param talks those that are there from the start; the first is open
   * @param now milliseconds since 1970
   */
  constructor(me: string, server: string, talks: readonly Talk[], settings: Settings, now: () => number) {
    this.#now = now;
    const all = talks.map(conversations.emptyConversation);
    const [first] = all;
    if (first === undefined) throw new Error("a chat has at least one conversation");
    this.#fixed = new Set(talks.filter((talk, nth) => nth === 0 || talk.kind === "open-room").map(({ id }) => id));
    this.#snapshot = {
      me,
      server,
      link: { kind: "connecting" },
      operator: false,
      away: null,
      conversations: all,
      current: first,
      members: null,
      banner: null,
      settings,
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): ChatSnapshot => this.#snapshot;

  change(changes: Partial<ChatSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...changes };
    for (const listener of this.#listeners) listener();
  }

  /** What the client knows of a conversation now; one that isn't there yet is made, behind the others, the open room behind the first. */
  learn(talk: Talk): void {
    const all = this.#snapshot.conversations;
    if (conversations.find(all, talk.id) === undefined) {
      const isOpenRoom = talk.kind === "open-room";
      if (isOpenRoom) this.#fixed.add(talk.id);
      this.#changeAll(all.toSpliced(isOpenRoom ? 1 : all.length, 0, conversations.emptyConversation(talk)));
    } else {
      this.update(talk.id, (one) => ({ ...one, ...conversations.known(talk) }));
    }
  }

  /** Changes one conversation, if it is there. */
  update(id: ConversationId, change: (one: Conversation) => Conversation): void {
    this.#changeAll(conversations.update(this.#snapshot.conversations, id, change));
  }

  updateCurrent(change: (one: Conversation) => Conversation): void {
    this.update(this.#snapshot.current.id, change);
  }

  /** Makes a conversation the current one, and what was unread in it read. */
  open(id: ConversationId): void {
    const { current, conversations: all } = this.#snapshot;
    if (current.id === id || conversations.find(all, id) === undefined) return;
    // Its unread line was for this visit.
    const left = conversations.update(all, current.id, (one) => ({ ...one, unreadFrom: null }));
    this.#changeAll(
      conversations.update(left, id, (one) => ({ ...one, unread: 0, highlights: 0 })),
      id,
    );
  }

  /** Forgets a conversation and what was said in it; whoever looks at it looks at the first then. False: it stays. */
  close(id: ConversationId): boolean {
    if (this.#fixed.has(id)) return false;
    const rest = this.#snapshot.conversations.filter((one) => one.id !== id);
    this.#changeAll(rest, this.#snapshot.current.id === id ? rest[0]?.id : undefined);
    return true;
  }

  /** Whether this message has been told before. */
  has(id: ConversationId, message: string): boolean {
    return this.#keys.get(id)?.has(message) === true;
  }

  /** A new message, in its place. `unread`: nobody looks, and whether it is to us alone or names us. */
  add(id: ConversationId, placed: Placed, unread: "read" | "unread" | "highlight" = "read"): void {
    const entry = this.#entry(placed.place, placed.at, placed.message);
    this.#remember(id, placed.id, entry.key);
    this.update(id, (one) => {
      const longer = conversations.insert(one, entry);
      return unread === "read" ? longer : conversations.countUnread(longer, entry, unread === "highlight");
    });
  }

  /** A message that was told before, as it is now. */
  replace(id: ConversationId, { id: message, place, at, message: changed }: Placed): void {
    const key = this.#keys.get(id)?.get(message);
    if (key !== undefined) this.update(id, (one) => conversations.replace(one, { key, place, at, ...changed }));
  }

  /** A message that never went out. Shown as it is now first, for those who can't unprint it. */
  withdraw(id: ConversationId, placed: Placed): void {
    this.replace(id, placed);
    const key = this.#keys.get(id)?.get(placed.id);
    if (key !== undefined) this.takeBack(id, key);
  }

  /** Messages from before the first that is there; nobody is told that they are unread. */
  addOlder(id: ConversationId, page: readonly Placed[], older: Conversation["older"]): void {
    const fresh = page.filter((placed) => !this.has(id, placed.id));
    const entries = fresh.map((placed) => {
      const entry = this.#entry(placed.place, placed.at, placed.message);
      this.#remember(id, placed.id, entry.key);
      return entry;
    });
    this.update(id, (one) => ({ ...conversations.insert(conversations.below(one, entries), ...entries), older }));
  }

  /** Of the messages of a page these came while nobody was there. */
  missed(
    id: ConversationId,
    {
      missed,
      highlights,
      isRead,
    }: { readonly missed: readonly string[]; readonly highlights: number; readonly isRead: boolean },
  ): void {
    const keys = missed.flatMap((message) => this.#keys.get(id)?.get(message) ?? []);
    const [first] = keys;
    if (first === undefined) return;
    this.update(id, (one) => ({
      ...one,
      unread: isRead ? one.unread : Math.max(one.unread, keys.length),
      highlights: isRead ? one.highlights : Math.max(one.highlights, highlights),
      unreadFrom: first,
    }));
  }

  /** A note, in the current conversation unless another is named. Returns its key. */
  note(text: string, tone: Note["tone"] = "plain", id = this.#snapshot.current.id): number {
    const entry = this.#entry(0, this.#now(), { kind: "note", text, tone });
    this.update(id, (one) => conversations.insert(one, { ...entry, place: conversations.lastPlace(one) }));
    return entry.key;
  }

  /** An entry that is true no longer. */
  takeBack(id: ConversationId, key: number): void {
    this.update(id, (one) => conversations.without(one, key));
  }

  #entry(place: number, at: number, content: Message | Note): Entry {
    return { key: this.#nextKey++, place, at, ...content };
  }

  #remember(id: ConversationId, message: string, key: number): void {
    const keys = this.#keys.get(id) ?? new Map<string, number>();
    keys.set(message, key);
    // The oldest are those of entries that have been let go, or soon are.
    if (keys.size > 2 * conversations.SCROLLBACK) {
      for (const old of [...keys.keys()].slice(0, conversations.SCROLLBACK)) keys.delete(old);
    }
    this.#keys.set(id, keys);
  }

  #changeAll(all: readonly Conversation[], current: ConversationId = this.#snapshot.current.id): void {
    const rest = conversations.bounded(all, new Set([...this.#fixed, current]));
    for (const id of rest.length < this.#snapshot.conversations.length ? [...this.#keys.keys()] : []) {
      if (conversations.find(rest, id) === undefined) this.#keys.delete(id);
    }
    this.change({ conversations: rest, current: conversations.find(rest, current) ?? this.#snapshot.current });
  }
}
