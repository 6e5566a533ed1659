import { isWord } from "../../wire/classic/blanks.ts";
import * as commands from "./commands.ts";
import type { Command } from "./commands.ts";
import type { ClientState, EndedState, OnlineState } from "../state.ts";
import type { ClientEvent, SessionEvent } from "./events.ts";
import { Listeners } from "./listeners.ts";
import type { Answered, ConnectionEnd, EndCause, Failure, Outcome, Taken } from "../outcomes.ts";
import type { ConnectOptions, PadClient } from "./pad-client.ts";
import { nextStep, reconnectDelay } from "../reconnect.ts";
import { Session } from "./session.ts";
import { DEFAULT_TIMINGS } from "./timings.ts";
import type { Timings } from "./timings.ts";

/** Starts to connect, and returns at once. Throws a RangeError for a port that is none. */
export function connect(options: ConnectOptions): PadClient {
  return new Client(options);
}

/** One session after another, as long as the policy wants them. */
class Client implements PadClient {
  readonly id: string;
  readonly #options: ConnectOptions;
  readonly #timings: Timings;
  readonly #listeners = new Listeners<ClientEvent>();
  readonly #ended = Promise.withResolvers<EndCause>();
  #state: ClientState = { kind: "connecting", attempt: 0 };
  #session: Session | null = null;
  #attempt = 0;
  #wasOnline = false;
  #closing = false;
  /** While waiting: the next attempt. While online: the moment from which the connection counts as stable. */
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ConnectOptions) {
    this.id = options.id;
    this.#options = options;
    this.#timings = { ...DEFAULT_TIMINGS, ...options.timings };
    const { signal } = options;
    const onAbort = () => void this.close();
    signal?.addEventListener("abort", onAbort, { once: true });
    void this.#ended.promise.then(() => signal?.removeEventListener("abort", onAbort));
    // Never on the wire: a line break in it would be a command.
    if (!isWord(this.id)) this.#endFor({ kind: "refused", error: { reason: "invalid-name" } });
    else if (signal?.aborted === true) this.#endFor({ kind: "left" });
    else this.#open();
  }

  get state(): ClientState {
    return this.#state;
  }

  onEvent(listener: (event: ClientEvent) => void): () => void {
    return this.#listeners.add(listener);
  }

  online(): Promise<OnlineState | EndedState> {
    const { promise, resolve } = Promise.withResolvers<OnlineState | EndedState>();
    const settle = (state: ClientState) => {
      if (state.kind !== "online" && state.kind !== "ended") return false;
      resolve(state);
      return true;
    };
    if (settle(this.#state)) return promise;
    const stop = this.onEvent((event) => {
      if (event.kind === "state" && settle(event.state)) stop();
    });
    return promise;
  }

  ended(): Promise<EndCause> {
    return this.#ended.promise;
  }

  async close(): Promise<void> {
    this.#closing = true;
    if (this.#session !== null) this.#session.leave();
    else if (this.#state.kind !== "ended") this.#endFor({ kind: "left" });
    await this.#ended.promise;
  }

  broadcast = (text: string) => this.#ask(commands.broadcast(text));
  send = (to: string, text: string) => this.#askAbout(to, () => commands.direct(this.id, to, text));
  list = () => this.#ask(commands.list());
  info = () => this.#ask(commands.info());
  help = () => this.#ask(commands.help());
  kick = (id: string) => this.#askAbout(id, () => commands.order("kick", id));
  ban = (id: string) => this.#askAbout(id, () => commands.order("ban", id));
  unban = (id: string) => this.#askAbout(id, () => commands.order("unban", id));
  listBans = () => this.#ask(commands.listBans());
  serverInfo = () => this.#ask(commands.serverInfo());

  async #askAbout(id: string, command: () => Command<Taken>): Promise<Outcome> {
    return commands.isRecipient(id) ? this.#ask(command()) : { kind: "not-sent", why: "invalid-recipient" };
  }

  async #ask<T extends Taken | Answered<unknown>>(command: Command<T>): Promise<T | Failure> {
    if (this.#closing || this.#state.kind === "ended") return { kind: "not-sent", why: "ended" };
    return this.#session === null ? { kind: "not-sent", why: "offline" } : this.#session.ask(command);
  }

  #open(): void {
    this.#session = new Session(this.#options, this.#timings, {
      registered: (operator) => this.#registered(operator),
      event: (event) => this.#event(event),
      ended: (end) => this.#sessionEnded(end),
    });
  }

  #registered(operator: boolean): void {
    this.#wasOnline = true;
    this.#timer = setTimeout(() => {
      this.#attempt = 0;
    }, this.#timings.stable);
    this.#become({ kind: "online", operator });
  }

  #event(event: SessionEvent): void {
    if (event.kind !== "operator") {
      this.#listeners.tell(event);
    } else if (this.#state.kind === "online" && this.#state.operator !== event.operator) {
      this.#become({ kind: "online", operator: event.operator });
      this.#listeners.tell(event);
    }
  }

  #sessionEnded(end: ConnectionEnd): void {
    this.#session = null;
    clearTimeout(this.#timer);
    const step = nextStep(end, this.#wasOnline, this.#closing ? "never" : (this.#options.reconnect ?? "lost"));
    if (step.kind === "end") this.#endFor(step.cause);
    else this.#wait(step.loss);
  }

  #wait(loss: ConnectionEnd): void {
    const attempt = this.#attempt++;
    const delay = reconnectDelay(attempt, (this.#options.random ?? Math.random)(), this.#timings);
    this.#timer = setTimeout(() => {
      this.#become({ kind: "connecting", attempt: attempt + 1 });
      this.#open();
    }, delay);
    this.#become({ kind: "waiting", attempt, delay, loss });
  }

  #endFor(cause: EndCause): void {
    clearTimeout(this.#timer);
    this.#become({ kind: "ended", cause });
    this.#ended.resolve(cause);
  }

  #become(state: ClientState): void {
    this.#state = state;
    this.#listeners.tell({ kind: "state", state });
  }
}
