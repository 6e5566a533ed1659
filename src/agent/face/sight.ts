import {
  isSameName,
  OPEN_ROOM_NAME,
  type ChatEvent,
  type ClientState,
  type Conversation,
  type ConversationId,
  type EndCause,
  type EndedState,
  type OnlineState,
  type Standing,
} from "../../client/index.ts";
import { Listeners } from "../../client/listeners.ts";
import { reconnectDelay } from "../../client/reconnect.ts";
import { AGENT_GONE } from "./asking.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { HeartbeatTimings } from "./heartbeat.ts";
import type { Asking } from "./asking.ts";
import { Gap } from "./gap.ts";
import type { GapPorts } from "./gap.ts";
import type { Link, LinkEnd, Told } from "./link.ts";

/** The next agent's link, attached as the one before was; or why there is none, and whether there may be one later. */
export type Reopened =
  | { readonly kind: "attached"; readonly link: Link }
  | { readonly kind: "failed"; readonly isFinal: false }
  | {
      readonly kind: "failed";
      readonly isFinal: true;
      readonly why: "unusable" | "another-server";
      readonly text: string;
    };
export type Reopen = () => Promise<Reopened>;

export interface SightPorts {
  readonly asking: Asking;
  readonly reopen: Reopen;
  readonly page: GapPorts["page"];
  readonly heartbeat?: Partial<HeartbeatTimings> | undefined;
}

/** Milliseconds until the next agent is looked for: at first, and at most. */
const BACK_OFF = { firstDelay: 100, longestDelay: 5000 };
/** Messages, holds and devices that wait, kept for who begins to listen a moment late. */
const MOST_EARLY = 1000;

interface Known {
  readonly conversation: Conversation;
  readonly longestText: number;
}

/** What a face knows of the chat, kept up by one agent after another, and told to who listens. */
export class Sight {
  readonly #ports: SightPorts;
  readonly #gap: Gap;
  readonly #listeners = new Listeners<ChatEvent>();
  readonly #ended = Promise.withResolvers<EndCause>();
  #settled = Promise.withResolvers<OnlineState | EndedState>();
  #me = "";
  #state: ClientState = { kind: "connecting", attempt: 0 };
  #standing: Standing = { kind: "unknown" };
  #known: ReadonlyMap<ConversationId, Known> = new Map();
  readonly #held = new Map<ConversationId, Conversation>();
  #gone = new Map<ConversationId, Conversation>();
  #link: Link | null = null;
  #heartbeat: Heartbeat | null = null;
  /** As the agent has told it last. */
  #told: ClientState = this.#state;
  #early: ChatEvent[] | null = [];
  #attempt = 0;
  #isFirst = true;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(ports: SightPorts) {
    this.#ports = ports;
    this.#gap = new Gap({
      page: ports.page,
      tell: (conversation, message) => this.#tell({ kind: "message", conversation, message }),
    });
  }

  get me(): string {
    return this.#me;
  }

  get state(): ClientState {
    return this.#state;
  }

  get standing(): Standing {
    return this.#standing;
  }

  get conversations(): readonly Conversation[] {
    return [...this.#known.values()].map(({ conversation }) => conversation);
  }

  /** Those that there are; with anybody else one begins by `direct`. */
  named(words: string): Conversation | null {
    const all = this.conversations;
    if (isSameName(words, OPEN_ROOM_NAME)) return all.find(({ kind }) => kind === "open-room") ?? null;
    const meant = all.filter(({ kind, title }) => kind !== "open-room" && isSameName(title, words));
    return meant.find(({ kind }) => kind !== "classic-direct") ?? meant[0] ?? null;
  }

  longestText(id: ConversationId): number {
    const known = this.#known.get(id) ?? this.#known.values().next().value;
    return known?.longestText ?? 0;
  }

  /** Whether what is written there is kept under its id, so that asking twice writes once. */
  keepsMessages(id: ConversationId): boolean {
    const kind = this.#known.get(id)?.conversation.kind;
    return kind === "sealed-direct" || kind === "sealed-room";
  }

  onEvent(listener: (event: ChatEvent) => void): () => void {
    const early = this.#early ?? [];
    this.#early = null;
    const end = this.#listeners.add(listener);
    queueMicrotask(() => {
      for (const event of early) listener(event);
    });
    return end;
  }

  online(): Promise<OnlineState | EndedState> {
    const state = this.#state;
    return state.kind === "online" || state.kind === "ended" ? Promise.resolve(state) : this.#settled.promise;
  }

  ended(): Promise<EndCause> {
    return this.#ended.promise;
  }

  /** Attached: what its agent has told is taken first. */
  use(link: Link): void {
    this.#link = link;
    this.#attempt = 0;
    link.listen(
      (told) => this.#heard(told),
      (end) => this.#lost(end),
    );
    if (this.#link !== link) return;
    // What waited before and isn't told again goes on.
    for (const conversation of this.#gone.values()) this.#tell({ kind: "held", conversation, hold: null });
    this.#ports.asking.use(link);
    if (this.#isFirst) this.#gap.begin(this.conversations);
    else void this.#gap.catchUp(this.conversations);
    this.#isFirst = false;
    this.#heartbeat = new Heartbeat({
      ping: () => link.control("ping", {}),
      changed: (answers) => this.#answers(answers),
      timings: this.#ports.heartbeat,
    });
  }

  /** Something is asked of the agent, and whoever asks waits for it. */
  asked(): void {
    this.#heartbeat?.hurry();
  }

  end(cause: EndCause): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#heartbeat?.end();
    this.#gap.end();
    const link = this.#link;
    this.#link = null;
    link?.close();
    this.#ports.asking.end(cause);
    this.#become({ kind: "ended", cause });
  }

  #heard(told: Told): void {
    if (this.#isOver) return;
    if ("snapshot" in told) {
      this.#me = told.snapshot.me;
      this.#gone = new Map(this.#held);
      this.#known = new Map();
      this.#stand(told.snapshot.standing);
      this.#told = told.snapshot.state;
      this.#become(this.#told);
    } else if ("known" in told) {
      this.#known = new Map([...this.#known, [told.known.conversation.id, told.known]]);
      if (!this.#isFirst) this.#tell({ kind: "conversation", conversation: told.known.conversation });
    } else if ("people" in told) {
      this.#tell({ kind: "people", people: told.people });
    } else if ("me" in told) {
      this.#me = told.me;
    } else if (told.event.kind === "state") {
      this.#told = told.event.state;
      this.#become(this.#told);
    } else if (told.event.kind === "standing") {
      this.#stand(told.event.standing);
    } else {
      this.#tell(told.event);
    }
  }

  #lost(end: LinkEnd): void {
    if (this.#isOver) return;
    this.#link = null;
    this.#heartbeat?.end();
    this.#ports.asking.lost(end);
    if (this.#state.kind === "ended") {
      this.#ports.asking.end(this.#state.cause);
      return;
    }
    if (end === "stopped") this.end({ kind: "agent", why: "stopped", text: STOPPED });
    else this.#wait();
  }

  /** Then looks for the next agent, which most likely has to be started. */
  #wait(): void {
    const attempt = this.#attempt++;
    const delay = attempt === 0 ? 0 : reconnectDelay(attempt, Math.random(), BACK_OFF);
    this.#become({ kind: "waiting", attempt, delay, loss: AGENT_GONE });
    this.#timer = setTimeout(() => void this.#reopen(), delay);
  }

  async #reopen(): Promise<void> {
    const next = await this.#ports.reopen();
    if (this.#isOver) {
      if (next.kind === "attached") next.link.close();
    } else if (next.kind === "attached") this.use(next.link);
    else if (next.isFinal) this.end({ kind: "agent", why: next.why, text: next.text });
    else this.#wait();
  }

  #answers(answers: boolean): void {
    const loss = { kind: "agent", why: "silent", text: SILENT } as const;
    this.#become(answers ? this.#told : { kind: "waiting", attempt: 0, delay: 0, loss });
  }

  #hold({ conversation, hold }: Extract<ChatEvent, { kind: "held" }>): void {
    if (hold === null) this.#held.delete(conversation.id);
    else this.#held.set(conversation.id, conversation);
    this.#gone.delete(conversation.id);
  }

  #become(state: ClientState): void {
    if (this.#state.kind === "ended") return;
    this.#state = state;
    if (state.kind === "online" || state.kind === "ended") {
      this.#settled.resolve(state);
      this.#settled = Promise.withResolvers();
    }
    this.#tell({ kind: "state", state });
    if (state.kind !== "ended") return;
    // What is kept can still be read; but who forgets to close isn't kept alive by it.
    this.#link?.unref();
    this.#ended.resolve(state.cause);
  }

  #stand(standing: Standing): void {
    const before = this.#standing;
    this.#standing = standing;
    if (JSON.stringify(before) !== JSON.stringify(standing)) this.#tell({ kind: "standing", standing });
  }

  #tell(event: ChatEvent): void {
    if (event.kind === "message") this.#gap.told(event.message);
    if (event.kind === "held") this.#hold(event);
    const isKept =
      event.kind === "message" ||
      event.kind === "held" ||
      event.kind === "device-waits" ||
      event.kind === "device-waits-no-more" ||
      event.kind === "notice" ||
      event.kind === "word";
    if (isKept && this.#early !== null && this.#early.length < MOST_EARLY) this.#early.push(event);
    this.#listeners.tell(event);
  }
}

const STOPPED = "Your agent was stopped (pad agent stop), and this with it. The next pad chat starts it again.";
const SILENT =
  "Your agent, the process on this computer that has your keys, doesn't answer. pad agent stop ends it, and the next one starts by itself.";
