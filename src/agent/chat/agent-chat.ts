/**
 * The whole chat of one device on one server, for faces: sealed conversations from the runtime and its store; the open room, classic
 * direct messages, people and moderation over the same connection.
 */
import { keyOf } from "../../client/conversation.ts";
import { isSameName, OPEN_ROOM } from "../../client/index.ts";
import type {
  ChatEvent,
  ChatMessage,
  Conversation,
  ConversationId,
  Device,
  Failure,
  Hold,
  Outcome,
  Reply,
  SealedChat,
  SendOptions,
} from "../../client/index.ts";
import { Listeners } from "../../client/listeners.ts";
import type { Page } from "../../client/message.ts";
import type { Person as FramePerson } from "../../wire/frames/people.ts";
import { LONGEST_TEXT } from "../content/content.ts";
import { EVERYONE } from "../delivery/places.ts";
import type { DeviceRuntime, RuntimeEvent } from "../runtime/runtime.ts";
import type { HistoryRow } from "../storage/kept.ts";
import type { AgentStore } from "../storage/ports.ts";
import { Devices } from "./devices.ts";
import { Direct } from "./direct.ts";
import { failureOfStore, refusedFor, TAKEN } from "./failures.ts";
import { holdOf } from "./holds.ts";
import { News } from "./news.ts";
import { Numbers } from "./numbers.ts";
import type { OwnTailnet } from "./own-tailnet.ts";
import { plainChat } from "./plain.ts";
import type { Plain } from "./plain.ts";
import { Rooms } from "./rooms.ts";
import { Sending } from "./sending.ts";
import { ChatState } from "./state.ts";
import type { Talk } from "./talk.ts";

export interface AgentChatOptions {
  readonly runtime: DeviceRuntime;
  /** The runtime's. It stays its owner's: it is not closed. */
  readonly store: AgentStore;
  /** Whom this machine's own Tailscale knows; null: nobody is asked. Default null. */
  readonly tailnet?: OwnTailnet | null;
  /** Our name until the server tells it. */
  readonly name: string;
  /** Milliseconds since 1970. Default Date.now. */
  readonly now?: () => number;
  /** Something failed that nobody had asked for. */
  readonly failed?: (error: unknown) => void;
}

/**
 * `id`: 16 random bytes in base64url that whoever writes has made: asked again under it, also after the agent ended in between, nothing is
 * written twice. A sealed message's own id begins with it.
 */
export interface AgentChat extends SealedChat {
  send(conversation: ConversationId, text: string, options?: SendOptions & { readonly id?: string }): Promise<Outcome>;
  edit(conversation: ConversationId, message: string, text: string, id?: string): Promise<Outcome>;
  remove(conversation: ConversationId, message: string, id?: string): Promise<Outcome>;
  /** What holds messages back now, for faces that came later than it was told. */
  readonly held: readonly { readonly conversation: Conversation; readonly hold: Hold }[];
  /** Devices that ask to be confirmed now, likewise. */
  readonly waitingDevices: readonly Device[];
  /** Somebody is here who wants to see `#everyone`: this device comes into it, unless its person has left it. */
  comeIn(): void;
  /** Resolves when what is on the disk is known, and all that came has been told. */
  settled(): Promise<void>;
}

/** Closing it closes the runtime. */
export function agentChat(options: AgentChatOptions): AgentChat {
  return new DeviceChat(options);
}

/** Messages of one page, search or stretch at most. */
const MOST_ROWS = 1000;
/** A device comes into `#everyone`, or into a successor, within seconds, or something is wrong. In milliseconds. */
const TIMEOUT = 60_000;
/** For what was said while this device was away, in milliseconds. */
const CAUGHT_UP_IN = 5_000;

function bounded(limit: number): number {
  return Number.isFinite(limit) ? Math.max(1, Math.min(MOST_ROWS, Math.trunc(limit))) : MOST_ROWS;
}

class DeviceChat implements AgentChat {
  readonly #listeners = new Listeners<ChatEvent>();
  readonly #state: ChatState;
  readonly #sending: Sending;
  readonly #news: News;
  readonly #rooms: Rooms;
  readonly #devices: Devices;
  readonly #numbers: Numbers;
  readonly #direct: Direct;
  readonly #plain: Plain;
  readonly #failed: (error: unknown) => void;
  /** Of those who wait for this device to come in: that it can't is told to no face by itself. */
  readonly #looks = new Set<() => void>();
  readonly #ready: Promise<void>;
  #hearing: Promise<void>;

  constructor({ runtime, store, tailnet = null, name, now = Date.now, failed = () => {} }: AgentChatOptions) {
    this.#failed = failed;
    this.#state = new ChatState({ store, runtime, tailnet, name, tell: (event) => this.#listeners.tell(event) });
    this.#sending = new Sending(this.#state, now, failed);
    this.#news = new News(this.#state, this.#sending, failed);
    this.#rooms = new Rooms(this.#state);
    this.#devices = new Devices(this.#state, (event) => this.#listeners.tell(event));
    this.#numbers = new Numbers(this.#state);
    this.#direct = new Direct(this.#state, this.#rooms, this.#sending);
    this.#ready = this.#state.load();
    this.#hearing = this.#ready.catch(failed);
    runtime.onEvent((event) => this.#hear(event));
    this.#plain = plainChat({
      client: runtime.client,
      name,
      now,
      onPeople: (people) => this.#learn(people),
      onEvent: (event) => this.#listeners.tell(event),
    });
  }

  get me() {
    return this.#plain.chat.me;
  }

  get state() {
    return this.#plain.chat.state;
  }

  get conversations() {
    return this.#state.conversations();
  }

  get held() {
    return [...this.#state.talks.values()].flatMap((talk) => {
      const hold = holdOf(talk.holds, this.#state);
      return hold === null ? [] : [{ conversation: this.#state.conversation(talk), hold }];
    });
  }

  get standing() {
    return this.#devices.standing;
  }

  get waitingDevices() {
    return this.#devices.waiting;
  }

  named(words: string): Conversation | null {
    if (isSameName(words, OPEN_ROOM.title)) return this.#state.hasOpenRoom ? OPEN_ROOM : null;
    const talk = words.startsWith("#") ? this.#state.room(words) : this.#direct.known(words);
    return talk === null ? null : this.#state.conversation(talk);
  }

  onEvent = (listener: (event: ChatEvent) => void) => this.#listeners.add(listener);
  online = () => this.#plain.chat.online();
  ended = () => this.#plain.chat.ended();
  close = async () => {
    await this.#state.runtime.close();
    await this.settled().catch(this.#failed);
    await this.#news.keepReached().catch(this.#failed);
  };
  people = () => this.#plain.chat.people();
  info = () => this.#plain.chat.info();
  help = () => this.#plain.chat.help();
  kick = (name: string, reason?: string) => this.#plain.chat.kick(name, reason);
  ban = (name: string, reason?: string) => this.#plain.chat.ban(name, reason);
  unban = (name: string) => this.#plain.chat.unban(name);
  bans = () => this.#plain.chat.bans();
  serverInfo = () => this.#plain.chat.serverInfo();

  async send(id: ConversationId, text: string, options: SendOptions & { readonly id?: string } = {}): Promise<Outcome> {
    const to = keyOf(id, "classic-direct");
    if (to !== null) return await this.#sendPlain(id, to, text);
    if (id === OPEN_ROOM.id) return await this.#plain.chat.send(id, text);
    return await this.#written(id, async (talk) => {
      const entry = (await this.#isComing(talk)) ? this.#entry(talk) : null;
      return await this.#sending.send(talk, text, { ...options, entry });
    });
  }

  /**
   * On its first connection a device comes into `#everyone` by itself, and where a group has ended its successor comes in moments: what is
   * written meanwhile waits for that.
   */
  async #isComing(talk: Talk): Promise<boolean> {
    // One in another's place has to be brought back by somebody else, who may be away for long.
    if (talk.status === "stopped") return talk.stopped !== "rolled-back" || talk.access === "open";
    // A device that has begun anew finds there what the one before it was in.
    if (talk.key !== EVERYONE || (talk.status !== "none" && talk.status !== "removed")) return false;
    // Who has left it stays out, and machines come in by invitation.
    const { everyone } = await this.#state.store.load();
    return everyone !== "left" && (await this.#state.runtime.self())?.owner.kind !== "machine";
  }

  /** Resolves when it has come in, or can't now. */
  async #entry(talk: Talk): Promise<void> {
    const before = talk.status;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timeout = setTimeout(resolve, TIMEOUT).unref();
    const look = () => {
      const { kind } = this.state;
      if (talk.status !== before || talk.notMade !== null || kind === "ended" || kind === "waiting") resolve();
    };
    const stop = this.onEvent(look);
    this.#looks.add(look);
    look();
    await promise;
    stop();
    this.#looks.delete(look);
    clearTimeout(timeout);
  }

  edit = async (conversation: ConversationId, message: string, text: string, id?: string) =>
    await this.#written(conversation, async (talk) => await this.#sending.edit(talk, message, text, { id }));

  remove = async (conversation: ConversationId, message: string, id?: string) =>
    await this.#written(conversation, async (talk) => await this.#sending.remove(talk, message, { id }));

  longestText = () => LONGEST_TEXT;

  async page(id: ConversationId, before: number | null, limit: number): Promise<Reply<Page>> {
    const most = bounded(limit);
    const earlier = Number.isFinite(before) ? before : null;
    if (id === OPEN_ROOM.id || keyOf(id, "classic-direct") !== null) {
      return { kind: "answered", value: this.#plain.page(id, earlier, most) };
    }
    return await this.#sealed(id, async (talk): Promise<Reply<Page>> => {
      const { store, messages } = this.#state;
      // One between two is that of what is missing before the second.
      const from = earlier === null ? null : Math.ceil(earlier);
      const rows = await store.history(talk.key, { before: from, limit: most });
      const first = rows.at(-1)?.position;
      const isComplete =
        first === undefined || (await store.history(talk.key, { before: first, limit: 1 })).length === 0;
      const stored = await messages.ofRows(talk, rows.toReversed());
      const waiting = before === null ? talk.waiting.filter(({ text }) => text !== null).slice(-most) : [];
      const all = [...stored, ...waiting.map((each) => messages.ofWaiting(talk, each))];
      return { kind: "answered", value: { messages: all, complete: isComplete } };
    });
  }

  comeIn = () => this.#state.runtime.comeIn();
  rooms = async () =>
    await this.#ask(async () => {
      await this.#devices.arrived();
      return await this.#rooms.list();
    });
  createRoom = async (name: string, access: "open" | "invite") =>
    await this.#confirmed(async () => await this.#rooms.create(name, access));
  join = async (name: string) => await this.#confirmed(async () => await this.#rooms.join(name));
  leave = async (id: ConversationId) => await this.#sealed(id, async (talk) => await this.#rooms.leave(talk));
  invite = async (id: ConversationId, person: string) =>
    await this.#sealed(id, async (talk) => await this.#rooms.invite(talk, person));
  members = async (id: ConversationId) => await this.#sealed(id, async (talk) => await this.#rooms.members(talk));
  devices = async () => await this.#ask(async () => await this.#devices.list());
  confirmDevice = async (code: string) => await this.#ask(async () => await this.#devices.confirm(code));
  dismissDevice = async (id: string) => await this.#ask(async () => await this.#devices.dismiss(id));
  removeDevices = async (ids: readonly string[]) => await this.#ask(async () => await this.#devices.remove(ids));
  inviteDevice = async (minutes: number) => await this.#ask(async () => await this.#devices.invite(minutes));
  resetDevices = async () => await this.#toldFirst(async () => await this.#devices.reset());
  newDevice = async () => await this.#toldFirst(async () => await this.#devices.beginAnew());
  ownNumber = async () => await this.#ask(async () => await this.#devices.number());
  exportDevice = async (file: string, passphrase: string) =>
    await this.#ask(async () => await this.#devices.exportTo(file, passphrase));
  importDevice = async (file: string, passphrase: string) =>
    await this.#toldFirst(async () => await this.#devices.importFrom(file, passphrase));
  safetyNumber = async (person: string) => await this.#ask(async () => await this.#numbers.show(person));
  confirmNumber = async (person: string, number: string) =>
    await this.#ask(async () => await this.#numbers.compared(person, number));
  direct = async (person: string) => await this.#confirmed(async () => await this.#direct.open(person));
  allowPlain = async (person: string) => await this.#ask(async () => await this.#direct.allowPlain(person));
  caughtUp = async (id: ConversationId): Promise<Outcome> =>
    await this.#sealed(id, async ({ key }) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, CAUGHT_UP_IN);
      if (this.state.kind === "online") await Promise.race([promise, this.#state.runtime.caughtUp(key)]);
      clearTimeout(timer);
      return TAKEN;
    });
  acceptReaders = async (id: ConversationId) =>
    await this.#sealed(id, async (talk) => await this.#sending.accept(talk));

  async search(words: string, id: ConversationId | null, limit: number): Promise<Reply<readonly ChatMessage[]>> {
    return await this.#ask(async () => {
      const talk = id === null ? null : this.#state.talk(id);
      if (id !== null && talk === null) return { kind: "answered", value: [] } as const;
      const options = { conversation: talk?.key ?? null, limit: bounded(limit) };
      return { kind: "answered", value: await this.#messages(await this.#state.store.search(words, options)) } as const;
    });
  }

  since = async (id: ConversationId, number: number, limit: number) =>
    await this.#sealed(id, async (talk): Promise<Reply<readonly ChatMessage[]>> => {
      if (talk.group === null) return { kind: "answered", value: [] };
      const range = { number: Number.isFinite(number) ? Math.trunc(number) : 0, limit: bounded(limit) };
      return { kind: "answered", value: await this.#messages(await this.#state.store.since(talk.key, range)) };
    });

  async settled(): Promise<void> {
    await this.#ready;
    await this.#hearing;
    await this.#news.told();
  }

  async #messages(rows: readonly HistoryRow[]): Promise<readonly ChatMessage[]> {
    const messages: ChatMessage[] = [];
    for (const row of rows) {
      messages.push(...(await this.#state.messages.ofRows(this.#state.ensure(row.conversation), [row])));
    }
    return messages;
  }

  /** What people write to somebody so that the server can read it. */
  async #sendPlain(id: ConversationId, to: string, text: string): Promise<Outcome> {
    return await this.#ask(async () => {
      const obstacle = this.#direct.obstacle(to);
      const now = obstacle === "ask" ? await this.#direct.obstacleNow(to) : obstacle;
      return now ?? (await this.#plain.chat.send(id, text));
    });
  }

  async #sealed(id: ConversationId, work: (talk: Talk) => Promise<Outcome>): Promise<Outcome>;
  async #sealed<T>(id: ConversationId, work: (talk: Talk) => Promise<Reply<T>>): Promise<Reply<T>>;
  async #sealed<T>(id: ConversationId, work: (talk: Talk) => Promise<T>): Promise<T | Outcome> {
    return await this.#ask(async () => {
      const talk = this.#state.talk(id);
      return talk === null ? refusedFor({ reason: "not-in-conversation" }) : await work(talk);
    });
  }

  /** What this device is then is told before the answer: where it begins anew, its faces come back to another life of it. */
  async #toldFirst<T>(work: () => Promise<T>): Promise<T | Failure> {
    const answer = await this.#ask(work);
    await this.#hearing;
    return answer;
  }

  /** What only a device that is its person's can do. */
  async #confirmed<T>(work: () => Promise<T>): Promise<T | Failure> {
    return await this.#ask(async () => this.#devices.obstacle ?? (await work()));
  }

  async #written(id: ConversationId, work: (talk: Talk) => Promise<Outcome>): Promise<Outcome> {
    return await this.#confirmed(async () => await this.#sealed(id, work));
  }

  /** What our own disk refuses is an answer; nothing else is hidden. */
  async #ask<T>(work: () => Promise<T>): Promise<T | ReturnType<typeof failureOfStore>> {
    try {
      await this.#ready;
      return await work();
    } catch (error) {
      return failureOfStore(error);
    }
  }

  #hear(event: RuntimeEvent): void {
    // At once: whoever attaches now is told all conversations.
    if (event.kind === "client" && event.event.kind === "welcomed")
      this.#state.learnOpenRoom(event.event.hello.openRoom);
    this.#inTurn(async () => {
      const before = this.#state.own.device;
      await this.#devices.hear(event);
      if (event.kind === "own-standing" && before !== "" && before !== this.#state.own.device) this.#beginAnew();
      await this.#news.hear(event);
      for (const look of this.#looks) look();
    });
  }

  /** Another device is here in place of the one before: it is in none of its groups, and what waited there is on no disk any more. */
  #beginAnew(): void {
    for (const talk of this.#state.talks.values()) {
      Object.assign(talk, {
        status: "none",
        stopped: null,
        group: null,
        readers: [],
        members: [],
        holds: [],
        reached: 0,
      });
      this.#sending.over(talk);
      this.#state.changed(talk);
    }
  }

  #learn(people: readonly FramePerson[]): void {
    this.#inTurn(async () => {
      if (this.#state.own.who === "") await this.#state.learnSelf();
      const { names, talks, runtime } = this.#state;
      names.listed(people);
      const isReader = (who: string) => [...talks.values()].some(({ readers }) => readers.includes(who));
      if (await runtime.learn(names.toPin(people, isReader))) this.#news.allChanged();
    });
  }

  /** One after another, in the order of their events. */
  #inTurn(work: () => Promise<void>): void {
    this.#hearing = this.#hearing.then(work).catch(this.#failed);
  }
}
