import type { Chat, Completion, Submitted } from "../../src/view/chat/chat.ts";
import { emptyConversation } from "../../src/view/chat/conversations.ts";
import { classicDirect, OPEN_ROOM, OPEN_ROOM_NAME, type ConversationId } from "../../src/client/index.ts";
import type { ChatSnapshot, Conversation, Entry, Message, Note } from "../../src/view/chat/snapshot.ts";
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
    const room = emptyConversation(OPEN_ROOM);
    this.#snapshot = {
      me: "alice",
      server: "chat.example",
      link: { kind: "online" },
      operator: false,
      away: null,
      conversations: [room],
      current: room,
      members: ["alice", "bob", "carol"],
      banner: null,
      settings: DEFAULT_SETTINGS,
      ...changes,
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): ChatSnapshot => this.#snapshot;

  /** A text that begins with `/wrong` is a command that can't be done. */
  submit(text: string): Submitted {
    if (text.startsWith("/wrong")) return "wrong";
    return this.say(text) ? "done" : "kept";
  }

  /** How often somebody has begun to write. */
  begun = 0;

  began(): void {
    this.begun += 1;
  }

  say(text: string): boolean {
    if (this.#snapshot.link.kind !== "online") return false;
    this.submitted.push(text);
    this.hear({ from: this.#snapshot.me, text, own: true }, this.#snapshot.current.title);
    return true;
  }

  openNamed(words: string): boolean {
    this.#change(words, (one) => one);
    this.open(talkOf(words).id);
    return true;
  }

  readonly answeredDevices: boolean[] = [];

  answerDevice(isOurs: boolean): boolean {
    this.answeredDevices.push(isOurs);
    return true;
  }

  /** How often what was said before was asked for. */
  askedForOlder = 0;

  loadOlder(): void {
    this.askedForOlder += 1;
  }

  open(id: ConversationId): void {
    const { title } = this.#snapshot.conversations.find((one) => one.id === id) ?? OPEN_ROOM;
    this.#change(title, (one) => ({ ...one, unread: 0, highlights: 0 }), id);
  }

  endSearch(): void {
    this.#change(this.#snapshot.current.title, (one) => ({ ...one, search: null }));
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
  hear({ from, text, ...rest }: Partial<Message> & Pick<Message, "from" | "text">, to: string = OPEN_ROOM_NAME): Entry {
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
    return this.#add(this.#snapshot.current.title, { kind: "note", text, tone });
  }

  set(changes: Partial<ChatSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...changes };
    for (const listener of this.#listeners) listener();
  }

  #add(to: string, what: Message | Note): Entry {
    const entry: Entry = { key: (this.#key += 1), place: this.#key, at: this.now, ...what };
    this.now += 1000;
    const isOpen = this.#snapshot.current.title === to;
    this.#change(to, (one) => ({
      ...one,
      entries: [...one.entries, entry],
      unread: one.unread + (isOpen ? 0 : 1),
      unreadFrom: isOpen ? one.unreadFrom : (one.unreadFrom ?? entry.key),
    }));
    return entry;
  }

  #change(
    title: string,
    change: (one: Conversation) => Conversation,
    current: ConversationId = this.#snapshot.current.id,
  ): void {
    const old = this.#snapshot.conversations;
    const { id } = talkOf(title);
    const all = old.some((one) => one.id === id) ? old : [...old, emptyConversation(talkOf(title))];
    const conversations = all.map((one) => (one.id === id ? change(one) : one));
    this.set({ conversations, current: conversations.find((one) => one.id === current) ?? this.#snapshot.current });
  }
}

function talkOf(title: string): typeof OPEN_ROOM {
  return title === OPEN_ROOM_NAME ? OPEN_ROOM : classicDirect(title);
}
