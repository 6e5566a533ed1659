import * as conversations from "./conversations.ts";
import { isSameId } from "./conversations.ts";
import {
  OPEN_ROOM,
  type ChatSnapshot,
  type Conversation,
  type Entry,
  type Message,
  type Note,
  type Settings,
} from "./snapshot.ts";

/** The newest snapshot of a chat, who is told when there is a newer one, and the ways to make one. */
export class Board {
  readonly #listeners = new Set<() => void>();
  readonly #now: () => number;
  #snapshot: ChatSnapshot;
  #nextKey = 0;

  /** @param now milliseconds since 1970 */
  constructor(me: string, server: string, settings: Settings, now: () => number) {
    this.#now = now;
    const room = conversations.emptyConversation(OPEN_ROOM);
    this.#snapshot = {
      me,
      server,
      link: { kind: "connecting" },
      operator: false,
      away: null,
      conversations: [room],
      present: room,
      members: null,
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

  /** Changes one conversation, which is made if it isn't there yet. */
  update(id: string, change: (one: Conversation) => Conversation, present = this.#snapshot.present.id): void {
    const all = conversations.update(this.#snapshot.conversations, id, change);
    this.change({ conversations: all, present: conversations.find(all, present) ?? this.#snapshot.present });
  }

  updatePresent(change: (one: Conversation) => Conversation): void {
    this.update(this.#snapshot.present.id, change);
  }

  /** Makes a conversation the present one, and what was unread in it read. */
  open(id: string): void {
    const { present } = this.#snapshot;
    if (isSameId(present.id, id)) return;
    // Its unread line was for this visit.
    this.updatePresent((left) => ({ ...left, unreadFrom: null }));
    this.update(id, (opened) => ({ ...opened, unread: 0, highlights: 0 }), id);
  }

  /** Somebody else's message. */
  hear(id: string, message: Message, highlight: boolean): void {
    const entry = this.#entry(message);
    const isPresent = isSameId(id, this.#snapshot.present.id);
    this.update(id, (one) => {
      const longer = conversations.append(one, entry);
      return isPresent ? longer : conversations.countUnread(longer, entry, highlight);
    });
  }

  /** An own message. Who writes it by hand has read, and looks for nothing any more. Gives its key. */
  say(id: string, message: Message, byHand: boolean): number {
    const entry = this.#entry(message);
    this.update(id, (one) => {
      const longer = conversations.append(one, entry);
      return byHand ? { ...longer, unreadFrom: null, search: null } : longer;
    });
    return entry.key;
  }

  /** A note in the present conversation. */
  note(text: string, tone: Note["tone"] = "plain"): void {
    const entry = this.#entry({ kind: "note", text, tone });
    this.updatePresent((one) => conversations.append(one, entry));
  }

  #entry(content: Message | Note): Entry {
    return { key: this.#nextKey++, at: this.#now(), ...content };
  }
}
