/** The classic protocol as a chat client: its open room and its direct messages, which nobody keeps. */
import type { ChatClient, ChatEvent } from "../chat-client.ts";
import { classicDirect, OPEN_ROOM, OPEN_ROOM_NAME, type Conversation, type ConversationId } from "../conversation.ts";
import type { ChatMessage, Delivery } from "../message.ts";
import type { Outcome } from "../outcomes.ts";
import { isSameName } from "../people.ts";
import { isRecipient } from "./commands.ts";
import type { ClientEvent } from "./events.ts";
import { Listeners } from "../listeners.ts";
import { longestText } from "./longest-text.ts";
import type { PadClient } from "./pad-client.ts";
import { RecentNames } from "./recent-names.ts";
import { Roster } from "./roster.ts";

export interface ClassicChatOptions {
  readonly client: PadClient;
  /** Milliseconds since 1970. Default Date.now. */
  readonly now?: () => number;
  /** Calls back at this interval, in milliseconds, until the function returned is called. Default setInterval. */
  readonly every?: (interval: number, callback: () => void) => () => void;
}

/** A chat over a client that may still be connecting. What the client told before is not told again. */
export function classicChat(options: ClassicChatOptions): ChatClient {
  return new ClassicChat(options);
}

class ClassicChat implements ChatClient {
  readonly conversations = [OPEN_ROOM];
  readonly #client: PadClient;
  readonly #now: () => number;
  readonly #listeners = new Listeners<ChatEvent>();
  readonly #names = new RecentNames();
  readonly #roster: Roster;
  #nextPlace = 0;
  /** Messages to ourselves that the server has yet to bring back. */
  #echoes = 0;

  constructor({ client, now = Date.now, every = everyInterval }: ClassicChatOptions) {
    this.#client = client;
    this.#now = now;
    this.#roster = new Roster(client, (people) => this.#listeners.tell({ kind: "people", people }));
    client.onEvent((event) => this.#event(event));
    if (client.state.kind === "online") this.#roster.refresh();
    const stop = every(ROSTER_INTERVAL, () => this.#roster.refresh());
    void client.ended().then(stop);
  }

  get me() {
    return this.#client.id;
  }

  get state() {
    return this.#client.state;
  }

  named(words: string): Conversation | null {
    if (isSameName(words, OPEN_ROOM_NAME)) return OPEN_ROOM;
    return isRecipient(words) ? this.#conversationWith(words) : null;
  }

  onEvent = (listener: (event: ChatEvent) => void) => this.#listeners.add(listener);
  online = () => this.#client.online();
  ended = () => this.#client.ended();
  close = () => this.#client.close();

  async send(id: ConversationId, text: string): Promise<Outcome> {
    if (this.state.kind !== "online")
      return { kind: "not-sent", why: this.state.kind === "ended" ? "ended" : "offline" };
    const conversation = this.#conversationOf(id);
    if (conversation === null) return { kind: "not-sent", why: "invalid-recipient" };
    if (new TextEncoder().encode(text).length > this.longestText(id)) return { kind: "not-sent", why: "too-long" };
    const message = this.#message(conversation, this.me, text, { kind: "sending" });
    this.#listeners.tell({ kind: "message", conversation, message });
    const isToAll = conversation.kind === "open-room";
    const isToSelf = !isToAll && isSameName(conversation.title, this.me);
    if (isToSelf) this.#echoes += 1;
    const outcome = await (isToAll ? this.#client.broadcast(text) : this.#client.send(conversation.title, text));
    // The server brings a message back before it proves that it took it.
    if (outcome.kind !== "taken" && isToSelf) this.#echoes = Math.max(0, this.#echoes - 1);
    this.#listeners.tell({ kind: "message", conversation, message: { ...message, delivery: deliveryOf(outcome) } });
    return outcome;
  }

  longestText(id: ConversationId): number {
    return longestText(this.#conversationOf(id)?.title ?? OPEN_ROOM_NAME);
  }

  page = () => Promise.resolve({ kind: "answered", value: { messages: [], complete: true } } as const);

  people = () => this.#roster.ask();

  async info() {
    const reply = await this.#client.info();
    if (reply.kind === "answered" && reply.value.ids !== null) this.#roster.learn(reply.value.ids);
    return reply;
  }

  help = () => this.#client.help();
  kick = async (name: string, reason?: string) => {
    await this.#sayWhy("kicked", name, reason);
    return await this.#order(this.#client.kick(name));
  };
  ban = async (name: string, reason?: string) => {
    await this.#sayWhy("banned", name, reason);
    return await this.#order(this.#client.ban(name));
  };
  unban = (name: string) => this.#client.unban(name);
  bans = async () => {
    const reply = await this.#client.listBans();
    if (reply.kind !== "answered") return reply;
    return { kind: "answered", value: reply.value.map((name) => ({ name, reason: null })) } as const;
  };
  serverInfo = () => this.#client.serverInfo();

  /**
   * The classic commands have no place for a reason, so it is sent first, as a direct message. Whoever isn't there misses
   * it; and whoever may not give the order sends no reason either.
   */
  async #sayWhy(how: "kicked" | "banned", name: string, reason: string | undefined): Promise<void> {
    const { state } = this;
    if (reason === undefined || state.kind !== "online" || !state.operator) return;
    await this.#client.send(name, `You are being ${how}: ${reason}`);
  }

  async #order(outcome: Promise<Outcome>): Promise<Outcome> {
    const settled = await outcome;
    if (settled.kind === "taken") this.#roster.refresh();
    return settled;
  }

  #event(event: ClientEvent): void {
    switch (event.kind) {
      case "state":
        this.#echoes = 0;
        this.#listeners.tell(event);
        if (event.state.kind === "online") this.#roster.refresh();
        return;
      case "message":
        this.#receive(event.from, event.to, event.text);
        return;
      case "unreadable": {
        const conversation = event.to === OPEN_ROOM_NAME ? OPEN_ROOM : this.#conversationWith(event.from);
        this.#listeners.tell({ kind: "unreadable", conversation, from: event.from });
        return;
      }
      case "operator":
      case "kicked":
      case "banned":
      case "notice":
        this.#listeners.tell(event);
    }
  }

  #receive(from: string, to: string, text: string): void {
    const isToAll = to === OPEN_ROOM_NAME;
    if (!isToAll && this.#echoes > 0 && isSameName(from, this.me)) {
      this.#echoes -= 1;
      return;
    }
    this.#roster.meet(from);
    const conversation = isToAll ? OPEN_ROOM : this.#conversationWith(from);
    const message = this.#message(conversation, from, text, { kind: "delivered" });
    this.#listeners.tell({ kind: "message", conversation, message });
  }

  #message({ id: conversation }: Conversation, from: string, text: string, delivery: Delivery): ChatMessage {
    const place = this.#nextPlace++;
    const own = isSameName(from, this.me);
    return { id: String(place), conversation, place, at: this.#now(), from, own, text, delivery };
  }

  #conversationWith(name: string): Conversation {
    const conversation = classicDirect(name);
    this.#names.note(conversation.id, name);
    return conversation;
  }

  #conversationOf(id: ConversationId): Conversation | null {
    if (id === OPEN_ROOM.id) return OPEN_ROOM;
    const name = this.#names.of(id);
    return name === null ? null : classicDirect(name);
  }
}

/** Milliseconds between two questions who is here: the classic server tells nobody who comes and goes. */
const ROSTER_INTERVAL = 20_000;

function everyInterval(interval: number, callback: () => void): () => void {
  const timer = setInterval(callback, interval);
  return () => clearInterval(timer);
}

function deliveryOf(outcome: Outcome): Delivery {
  switch (outcome.kind) {
    case "taken":
      return { kind: "taken" };
    case "unknown":
      return { kind: "unknown" };
    case "refused":
    case "held":
    case "not-sent":
      return { kind: "failed", failure: outcome };
  }
}
