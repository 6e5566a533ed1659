import type { Chat, Completion } from "../../src/view/chat/chat.ts";
import { emptyConversation } from "../../src/view/chat/conversations.ts";
import {
  OPEN_ROOM,
  type ChatSnapshot,
  type Conversation,
  type Entry,
  type Message,
  type Note,
} from "../../src/view/chat/snapshot.ts";
import { DEFAULT_SETTINGS } from "../../src/view/settings/table.ts";

/** A chat without any server: what is submitted is said, and whoever holds it makes others speak. */
export class FakeChat implements Chat {
  readonly submitted: string[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #over = Promise.withResolvers<void>();
  #snapshot: ChatSnapshot;
  #key = 0;
  /** Milliseconds since 1970 of the next entry. */
  now = Date.UTC(2026, 10, 25, 12);

  constructor(changes: Partial<ChatSnapshot> = {}) {
    const room = fakeConversation(OPEN_ROOM);
    this.#snapshot = {
      me: "alice",
      server: "chat.example",
      link: { kind: "online" },
      operator: false,
      away: null,
      conversations: [room],
      present: room,
      members: ["alice", "bob", "carol"],
      settings: DEFAULT_SETTINGS,
      ...changes,
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): ChatSnapshot => this.#snapshot;

  submit(text: string): boolean {
    return this.say(text);
  }

  say(text: string): boolean {
    if (this.#snapshot.link.kind !== "online") return false;
    this.submitted.push(text);
    this.hear({ from: this.#snapshot.me, text, own: true }, this.#snapshot.present.id);
    return true;
  }

  open(id: string): void {
    this.#change(id, (one) => ({ ...one, unread: 0, highlights: 0 }), id);
  }

  endSearch(): void {
    this.#change(this.#snapshot.present.id, (one) => ({ ...one, search: null }));
  }

  openNextUnread(): void {
    const next = this.#snapshot.conversations.find(({ unread }) => unread > 0);
    if (next !== undefined) this.open(next.id);
  }

  complete(before: string): Completion {
    const length = /\S*$/.exec(before)?.[0].length ?? 0;
    const word = before.slice(before.length - length).toLowerCase();
    const candidates = (this.#snapshot.members ?? []).filter((id) => id.startsWith(word)).map((id) => `${id} `);
    return { length, candidates };
  }

  leave(): Promise<void> {
    this.#over.resolve();
    return this.#over.promise;
  }

  ended(): Promise<void> {
    return this.#over.promise;
  }

  /** Somebody says something; unread unless the conversation is open. */
  hear({ from, text, ...rest }: Partial<Message> & Pick<Message, "from" | "text">, to: string = OPEN_ROOM): Entry {
    return this.#add(to, {
      kind: "message",
      from,
      text,
      own: false,
      emote: false,
      mention: false,
      delivery: { kind: "taken" },
      ...rest,
    });
  }

  note(text: string, tone: Note["tone"] = "plain"): Entry {
    return this.#add(this.#snapshot.present.id, { kind: "note", text, tone });
  }

  set(changes: Partial<ChatSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...changes };
    for (const listener of this.#listeners) listener();
  }

  #add(to: string, what: Message | Note): Entry {
    const entry: Entry = { key: (this.#key += 1), at: this.now, ...what };
    this.now += 1000;
    const isOpen = this.#snapshot.present.id === to;
    this.#change(to, (one) => ({
      ...one,
      entries: [...one.entries, entry],
      unread: one.unread + (isOpen ? 0 : 1),
      unreadFrom: isOpen ? one.unreadFrom : (one.unreadFrom ?? entry.key),
    }));
    return entry;
  }

  #change(id: string, change: (one: Conversation) => Conversation, present = this.#snapshot.present.id): void {
    const old = this.#snapshot.conversations;
    const all = old.some((one) => one.id === id) ? old : [...old, fakeConversation(id)];
    const conversations = all.map((one) => (one.id === id ? change(one) : one));
    this.set({ conversations, present: conversations.find((one) => one.id === present) ?? this.#snapshot.present });
  }
}

function fakeConversation(id: string, entries: readonly Entry[] = []): Conversation {
  return { ...emptyConversation(id), entries };
}
