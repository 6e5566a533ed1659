import type { Push } from "../../wire/frames/pushes.ts";
import type { ReplyBody, RequestBody, RequestType } from "../../wire/frames/requests.ts";
import {
  classicDirect,
  isSameName,
  OPEN_ROOM,
  OPEN_ROOM_NAME,
  type ChatClient,
  type ChatEvent,
  type ChatMessage,
  type Conversation,
  type ConversationId,
  type Delivery,
  type Failure,
  type Outcome,
  type Reply,
} from "../index.ts";
import { Listeners } from "../listeners.ts";
import { keyOf } from "../conversation.ts";
import type { FramesClient, FramesEvent } from "./frames-client.ts";
import { People } from "./people.ts";
import { failureOf } from "./refusals.ts";

export interface FramesChatOptions {
  readonly client: FramesClient;
  /** Our name until the server tells it. */
  readonly name: string;
  /** Milliseconds since 1970. Default Date.now. */
  readonly now?: () => number;
}

/** What can be said over frames without a key: the open room, and direct messages that the server can read. */
export function framesChat(options: FramesChatOptions): ChatClient {
  return new FramesChat(options);
}

/** Bytes of UTF-8 (docs/frames.md). */
const LONGEST_TEXT = 32_768;

class FramesChat implements ChatClient {
  readonly conversations = [OPEN_ROOM];
  readonly #client: FramesClient;
  readonly #name: string;
  readonly #now: () => number;
  readonly #listeners = new Listeners<ChatEvent>();
  readonly #people: People;
  #nextPlace = 0;
  #earlier = 0;

  constructor({ client, name, now = Date.now }: FramesChatOptions) {
    this.#client = client;
    this.#name = name;
    this.#now = now;
    this.#people = new People(client, (people) => this.#listeners.tell({ kind: "people", people }));
    client.onEvent((event) => this.#event(event));
    if (client.state.kind === "online") void this.#people.ask();
  }

  get me() {
    return this.#client.name ?? this.#name;
  }

  get state() {
    return this.#client.state;
  }

  named(words: string): Conversation | null {
    if (isSameName(words, OPEN_ROOM_NAME)) return OPEN_ROOM;
    return /^[^\s#]{1,64}$/.test(words) ? classicDirect(words) : null;
  }

  onEvent = (listener: (event: ChatEvent) => void) => this.#listeners.add(listener);
  online = () => this.#client.online();
  ended = () => this.#client.ended();
  close = () => this.#client.close();

  async send(id: ConversationId, text: string): Promise<Outcome> {
    if (this.state.kind !== "online")
      return { kind: "not-sent", why: this.state.kind === "ended" ? "ended" : "offline" };
    const to = keyOf(id, "classic-direct");
    const conversation =
      id === OPEN_ROOM.id ? OPEN_ROOM : to === null ? null : classicDirect(this.#people.spelling(to));
    if (conversation === null) return { kind: "not-sent", why: "invalid-recipient" };
    if (new TextEncoder().encode(text).length > LONGEST_TEXT) return { kind: "not-sent", why: "too-long" };
    const message = this.#message(
      conversation,
      { from: this.me, text, at: this.#now(), place: this.#nextPlace++ },
      SENDING,
    );
    this.#listeners.tell({ kind: "message", conversation, message });
    const outcome =
      to === null ? await this.#order("say", { text }) : await this.#order("tell", { to: conversation.title, text });
    this.#listeners.tell({ kind: "message", conversation, message: { ...message, delivery: deliveryOf(outcome) } });
    return outcome;
  }

  longestText = () => LONGEST_TEXT;
  page = () => Promise.resolve({ kind: "answered", value: { messages: [], complete: true } } as const);
  people = () => this.#people.ask();

  async info() {
    const reply = await this.#people.ask();
    if (reply.kind !== "answered") return reply;
    const ids = reply.value.filter(({ presence }) => presence !== "offline").map(({ name }) => name);
    return { kind: "answered", value: { host: null, addresses: [], ids } } as const;
  }

  help = () => Promise.resolve({ kind: "refused", error: { reason: "unsupported" } } as const);
  kick = (name: string, reason?: string) => this.#order("kick", { target: name, reason: reason ?? null });
  ban = (name: string, reason?: string) => this.#order("ban", { target: name, reason: reason ?? null });
  unban = (name: string) => this.#order("unban", { target: name });
  bans = () =>
    this.#ask("bans", {}, ({ names, reasons = [] }) => {
      const given = new Map(reasons.map(({ name, reason }) => [name, reason]));
      return names.map((name) => ({ name, reason: given.get(name) ?? null }));
    });
  serverInfo = () => this.#ask("server-info", {}, ({ host }) => ({ host, addresses: [] }));

  async #order<T extends RequestType>(type: T, body: RequestBody<T>): Promise<Outcome> {
    const answer = await this.#client.request(type, body);
    return answer.kind === "answered" ? { kind: "taken" } : failureOf(answer);
  }

  async #ask<T extends RequestType, V>(
    type: T,
    body: RequestBody<T>,
    read: (reply: ReplyBody<T>) => V,
  ): Promise<Reply<V>> {
    const answer = await this.#client.request(type, body);
    return answer.kind === "answered" ? { kind: "answered", value: read(answer.value) } : failureOf(answer);
  }

  #event(event: FramesEvent): void {
    switch (event.kind) {
      case "state":
        this.#listeners.tell(event);
        if (event.state.kind === "online") void this.#people.ask();
        return;
      case "operator":
        this.#listeners.tell(event);
        return;
      case "push":
        this.#push(event.push);
        return;
      case "welcomed":
      // The state that follows says it.
    }
  }

  #push(push: Extract<FramesEvent, { kind: "push" }>["push"]): void {
    switch (push.type) {
      case "said": {
        // What was said before this connection stands before all that is said on it.
        const place = push.earlier ? this.#earlier++ - EARLIER : this.#nextPlace++;
        this.#hear(OPEN_ROOM, push, place);
        return;
      }
      case "told":
        this.#hear(classicDirect(push.from), push, this.#nextPlace++);
        return;
      case "presence":
        this.#people.learn(push.people);
        return;
      case "moderated":
        this.#listeners.tell({ kind: "notice", text: noticeOf(push) });
        return;
      case "entry":
      case "group":
      case "removal-due":
      case "reached":
      case "turn":
      case "joiners":
      case "packages-low":
      case "devices":
      case "device-waits":
      case "confirmed":
      // An agent's.
    }
  }

  #hear(conversation: Conversation, said: Omit<Said, "place">, place: number): void {
    const message = this.#message(conversation, { ...said, place }, { kind: "delivered" });
    this.#listeners.tell({ kind: "message", conversation, message });
  }

  #message({ id: conversation }: Conversation, { from, text, at, place }: Said, delivery: Delivery): ChatMessage {
    return { id: String(place), conversation, place, at, from, own: isSameName(from, this.me), text, delivery };
  }
}

interface Said {
  readonly from: string;
  readonly text: string;
  readonly at: number;
  readonly place: number;
}

const SENDING: Delivery = { kind: "sending" };
/** Earlier lines have places from minus so many on, in their order. */
const EARLIER = 2 ** 32;

function noticeOf({ name, by, how, reason }: Extract<Push, { type: "moderated" }>): string {
  const done = how === "kick" ? "kicked" : "banned";
  return `${by} ${done} ${name}${reason === null ? "" : ` (${reason})`}`;
}

function deliveryOf(outcome: Outcome): Delivery {
  if (outcome.kind === "taken" || outcome.kind === "unknown") return { kind: outcome.kind };
  const failure: Failure = outcome;
  return { kind: "failed", failure };
}
