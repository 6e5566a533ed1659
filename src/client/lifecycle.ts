import type { ConnectionEnd, EndCause } from "./outcomes.ts";
import { nextStep, reconnectDelay, type BackOff, type ReconnectPolicy } from "./reconnect.ts";
import type { ClientState, EndedState, OnlineState } from "./state.ts";

/** One connection's life, as its owner needs it: `ended` is told to the owner afterwards. */
export interface Leavable {
  leave(): void;
}

export interface LifecyclePorts<Session extends Leavable> {
  /** Starts a session, which tells `online`, `operator` and, once and at last, `ended`. */
  readonly open: (owner: LifecycleOwner) => Session;
  /** Hears each new state. */
  readonly tell: (state: ClientState) => void;
  /** Calls back once, after this many milliseconds, unless the function returned is called before. */
  readonly after: (milliseconds: number, callback: () => void) => () => void;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly reconnect: ReconnectPolicy;
  readonly backOff: BackOff;
  /** Milliseconds: a connection that held for this long starts the back-off again from its first delay. */
  readonly stable: number;
}

/** What a session tells of itself. */
export interface LifecycleOwner {
  online(operator: boolean): void;
  /** Whether that is news. */
  operator(operator: boolean): boolean;
  ended(end: ConnectionEnd): void;
}

/** One session after another, as long as the policy wants them. */
export class Lifecycle<Session extends Leavable> {
  readonly #ports: LifecyclePorts<Session>;
  readonly #ended = Promise.withResolvers<EndCause>();
  #settled = Promise.withResolvers<OnlineState | EndedState>();
  #state: ClientState = { kind: "connecting", attempt: 0 };
  #session: Session | null = null;
  #attempt = 0;
  #wasOnline = false;
  #closing = false;
  /** While waiting: the next attempt. While online: the moment from which the connection counts as stable. */
  #cancelTimer: () => void = () => {};

  constructor(ports: LifecyclePorts<Session>) {
    this.#ports = ports;
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Null between two connections, and when it is over. */
  get session(): Session | null {
    return this.#session;
  }

  /** Whether it is over, or about to be. */
  get isClosing(): boolean {
    return this.#closing || this.#state.kind === "ended";
  }

  /** Once. What `open` throws is thrown. */
  start(): void {
    this.#session = this.#ports.open({
      online: (operator) => this.#online(operator),
      operator: (operator) => this.#operator(operator),
      ended: (end) => this.#sessionEnded(end),
    });
  }

  online(): Promise<OnlineState | EndedState> {
    const state = this.#state;
    return state.kind === "online" || state.kind === "ended" ? Promise.resolve(state) : this.#settled.promise;
  }

  ended(): Promise<EndCause> {
    return this.#ended.promise;
  }

  async close(): Promise<void> {
    this.#closing = true;
    if (this.#session !== null) this.#session.leave();
    else if (this.#state.kind !== "ended") this.endFor({ kind: "left" });
    await this.#ended.promise;
  }

  /** Ends without a session. */
  endFor(cause: EndCause): void {
    this.#cancelTimer();
    this.#become({ kind: "ended", cause });
    this.#ended.resolve(cause);
  }

  /** While it waits: the next attempt is made at once. */
  hurry(): void {
    if (this.#state.kind !== "waiting" || this.#closing) return;
    this.#cancelTimer();
    this.#again(this.#state.attempt + 1);
  }

  #online(operator: boolean): void {
    this.#wasOnline = true;
    this.#cancelTimer = this.#ports.after(this.#ports.stable, () => {
      this.#attempt = 0;
    });
    this.#become({ kind: "online", operator });
  }

  #operator(operator: boolean): boolean {
    if (this.#state.kind !== "online" || this.#state.operator === operator) return false;
    this.#become({ kind: "online", operator });
    return true;
  }

  #sessionEnded(end: ConnectionEnd): void {
    this.#session = null;
    this.#cancelTimer();
    const step = nextStep(end, this.#wasOnline, this.#closing ? "never" : this.#ports.reconnect);
    if (step.kind === "end") this.endFor(step.cause);
    else this.#wait(step.loss);
  }

  #wait(loss: ConnectionEnd): void {
    const attempt = this.#attempt++;
    const delay = reconnectDelay(attempt, this.#ports.random(), this.#ports.backOff);
    this.#cancelTimer = this.#ports.after(delay, () => {
      this.#again(attempt + 1);
    });
    this.#become({ kind: "waiting", attempt, delay, loss });
  }

  #again(attempt: number): void {
    this.#become({ kind: "connecting", attempt });
    this.start();
  }

  #become(state: ClientState): void {
    this.#state = state;
    if (state.kind === "online" || state.kind === "ended") {
      this.#settled.resolve(state);
      this.#settled = Promise.withResolvers();
    }
    this.#ports.tell(state);
  }
}
