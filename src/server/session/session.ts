import type { Socket } from "node:net";
import type { Command } from "../../core/commands.ts";
import type { Decision } from "../../core/decision.ts";
import type { SessionId } from "../../core/events.ts";
import { identityKey, type Identity } from "../../core/identity.ts";
import { foldName } from "../../core/names.ts";
import type { Notice } from "../../core/notices.ts";
import type { CloseReason } from "../../net/close-reason.ts";
import type { Connection, ConnectionHandler } from "../../net/connection.ts";
import type { Identified } from "../../tailnet/identify.ts";
import type { InputBudget, Waiter } from "./input-budget.ts";
import type { UnfinishedInput } from "./unfinished-input.ts";
import type { Limits } from "./limits.ts";
import type { Protocol, ProtocolSession, SessionLink } from "./protocol.ts";
import { Rates } from "./rates.ts";
import type { SessionPort } from "./sessions.ts";
import type { Reader, SlowReaders } from "./slow-readers.ts";
import type { Unanswered } from "./unanswered.ts";

/** What a session starts with. */
export interface Newcomer {
  readonly id: SessionId;
  readonly socket: Socket;
  readonly identified: Extract<Identified, { kind: "known" }>;
  /** When it connected, in milliseconds of `now`: the time for a name runs from there. */
  readonly since: number;
}

/** What all sessions share. */
export interface SessionServices {
  readonly limits: Limits;
  readonly input: InputBudget;
  readonly unfinished: UnfinishedInput;
  readonly slowReaders: SlowReaders;
  readonly unanswered: Unanswered;
  /** Calls `settle` once for each command, whatever becomes of it. */
  readonly post: (command: Command, settle?: (decision: Decision) => void) => void;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

type SessionState =
  /** Connected, without a name. */
  | { readonly kind: "nameless"; readonly deadline: NodeJS.Timeout }
  /** Without a name, and waits for something that others do. */
  | { readonly kind: "waiting" }
  /** Has a name, but its protocol asks for more before it may talk. */
  | { readonly kind: "preparing"; readonly deadline: NodeJS.Timeout }
  | { readonly kind: "talking" }
  /** It was told that it ends. The connection has a moment to take that, then it closes. */
  | { readonly kind: "ending" }
  | { readonly kind: "closed" };

type Reading =
  | { readonly kind: "reading" }
  /** It was too fast. */
  | { readonly kind: "slowed"; readonly timer: NodeJS.Timeout }
  /** Too much of it, or of all, is under way. */
  | { readonly kind: "waiting" }
  /** The server ends: nothing more is read of it. */
  | { readonly kind: "stopped" };

const READING: Reading = { kind: "reading" };
const WAITING: Reading = { kind: "waiting" };
const STOPPED: Reading = { kind: "stopped" };
/** The least a command costs, in bytes: it is an object, however short its line. */
const LEAST = 256;

/** One session, of whatever protocol: its life, and its limits. Who it is, only the core knows. */
export class Session implements SessionPort, SessionLink, ConnectionHandler, Reader, Waiter {
  readonly id: SessionId;
  readonly connection: Connection;
  readonly #protocol: ProtocolSession;
  readonly #identity: Identity;
  readonly #services: SessionServices;
  readonly #onClosed: (session: SessionId, reason: CloseReason) => void;
  readonly #rates: Rates;
  readonly #setUpTimeout: number;
  #state: SessionState;
  #reading: Reading = READING;
  /** Bytes of its commands that are under way, and those of the message that is being read. */
  #underWay = 0;
  #messageBytes = 0;
  /** Bytes of a message whose end hasn't come, until when it must, and whose they count as. */
  #unfinished = 0;
  #messageDeadline: NodeJS.Timeout | null = null;
  #peer: string;

  constructor(
    { id, socket, identified, since }: Newcomer,
    protocol: Protocol,
    services: SessionServices,
    onClosed: (session: SessionId, reason: CloseReason) => void,
  ) {
    const { limits, now } = services;
    this.id = id;
    this.#identity = identified.identity;
    this.#services = services;
    this.#onClosed = onClosed;
    this.#rates = new Rates(limits.messagesPerSecond, now());
    this.#peer = identityKey(identified.identity);
    this.#setUpTimeout = limits.register * protocol.setUpFactor;
    this.#state = { kind: "nameless", deadline: this.#deadline(Math.max(0, since + this.#setUpTimeout - now())) };
    this.connection = protocol.connect(socket, this);
    this.#protocol = protocol.start(this, identified);
  }

  // What others ask of it.

  get queued(): number {
    return this.connection.queued + this.#protocol.held;
  }

  get unread(): number {
    return this.connection.queued;
  }

  get taken(): number {
    return this.connection.taken;
  }

  hear(notice: Notice): void {
    if (notice.kind === "registered") {
      this.#become("preparing");
      // All users of this machine are one identity, and shouldn't wait for one another.
      if (this.#identity.kind === "local") this.#peer = `local ${foldName(notice.name)}`;
    }
    const bytes = this.#protocol.hear(notice);
    if (notice.kind === "ended") this.#become("ending");
    // An answer costs the one who asked; what others say doesn't.
    if (notice.kind === "answer") this.#charge(0, bytes);
  }

  flush(): void {
    this.#protocol.flush();
    this.#services.slowReaders.look(this);
    if (this.#state.kind === "ending") this.connection.end();
  }

  stopReading(): void {
    if (this.#isOver()) return;
    if (this.#reading.kind === "slowed") clearTimeout(this.#reading.timer);
    this.#reading = STOPPED;
    this.connection.pause();
  }

  close(): void {
    this.#protocol.release();
    this.#become("ending");
    this.flush();
  }

  dropAsSlow(): void {
    this.connection.destroy("slow-reader");
  }

  // What its protocol asks of it.

  post(command: Command, settle?: (decision: Decision) => void): void {
    const bytes = this.#take();
    this.#services.post(command, (decision) => {
      settle?.(decision);
      this.#give(bytes);
    });
  }

  hold(): () => void {
    const bytes = this.#take();
    return () => this.#give(bytes);
  }

  charge(bytes: number): void {
    this.#charge(0, bytes);
  }

  admit(bytesForEach: number, readers: number): boolean {
    return this.#rates.admit(this.#services.now(), bytesForEach, readers);
  }

  ready(): void {
    if (this.#state.kind === "preparing") this.#become("talking");
  }

  wait(): void {
    if (this.#state.kind === "nameless") this.#become("waiting");
  }

  drop(): void {
    this.connection.destroy();
  }

  // What its connection tells.

  onMessage(message: Buffer): void {
    this.#endMessageDeadline();
    this.#messageBytes = Math.max(LEAST, message.length);
    this.#protocol.onMessage(message);
    this.#messageBytes = 0;
    // The protocol may have answered by itself.
    this.#services.slowReaders.look(this);
    this.#charge(1, message.length);
  }

  onUnfinished(bytes: number): void {
    const { input, unfinished, limits } = this.#services;
    const more = bytes - this.#unfinished;
    this.#unfinished = bytes;
    if (bytes === 0) this.#endMessageDeadline();
    else if (!this.#isOver()) this.#messageDeadline ??= this.#deadline(limits.message);
    const hasRoom = unfinished.note(this, this.#peer, bytes);
    if (more < 0) input.give(-more);
    else if (!input.take(more, this) || !hasRoom) this.#wait();
  }

  onTooLong(): void {
    this.#protocol.onTooLong();
  }

  onEnd(): void {
    this.post({ kind: "end", session: this.id, refusal: null });
  }

  onDrain(): void {
    this.#services.slowReaders.look(this);
    this.#protocol.onDrain();
  }

  onClose(reason: CloseReason): void {
    this.#become("closed");
    this.onUnfinished(0);
    if (this.#reading.kind === "slowed") clearTimeout(this.#reading.timer);
    this.#services.input.forget(this);
    this.#services.slowReaders.forget(this);
    this.post({ kind: "end", session: this.id, refusal: null });
    this.#onClosed(this.id, reason);
  }

  /** Reads on, unless something else keeps it from doing so. */
  goOn(): void {
    const { input, unfinished, limits } = this.#services;
    if (this.#reading.kind !== "waiting" || this.#underWay > limits.input / 2) return;
    if (!unfinished.mayGoOn(this) || !input.take(0, this)) return;
    this.#reading = READING;
    this.connection.resume();
    this.#charge(0, 0);
  }

  /** Counts the message that is being read as under way; gives its bytes. */
  #take(): number {
    const { input, limits, unanswered } = this.#services;
    const bytes = this.#messageBytes;
    unanswered.add();
    this.#underWay += bytes;
    if (!input.take(bytes, this) || this.#underWay > limits.input) this.#wait();
    return bytes;
  }

  #give(bytes: number): void {
    this.#underWay -= bytes;
    this.#services.unanswered.remove();
    this.#services.input.give(bytes);
    if (this.#reading.kind === "waiting") this.goOn();
  }

  #wait(): void {
    if (this.#isOver() || this.#reading.kind === "stopped") return;
    if (this.#reading.kind === "slowed") clearTimeout(this.#reading.timer);
    this.#reading = WAITING;
    this.connection.pause();
  }

  #charge(commands: number, bytes: number): void {
    const owed = this.#rates.charge(this.#services.now(), commands, bytes);
    // A session that waits is charged when it goes on, one that is slowed when its time is over.
    if (owed === 0 || this.#reading.kind !== "reading" || this.#isOver()) return;
    this.connection.pause();
    const timer = setTimeout(() => {
      this.#reading = READING;
      this.connection.resume();
      this.#charge(0, 0);
    }, owed);
    this.#reading = { kind: "slowed", timer };
  }

  #become(kind: Exclude<SessionState["kind"], "nameless">): void {
    if (this.#state.kind === "closed" || (this.#isOver() && kind !== "closed")) return;
    if (this.#state.kind === "nameless" || this.#state.kind === "preparing") clearTimeout(this.#state.deadline);
    if (kind === "ending" || kind === "closed") this.#protocol.stop();
    this.#state = kind === "preparing" ? { kind, deadline: this.#deadline(this.#setUpTimeout) } : { kind };
  }

  #endMessageDeadline(): void {
    if (this.#messageDeadline !== null) clearTimeout(this.#messageDeadline);
    this.#messageDeadline = null;
  }

  #isOver(): boolean {
    return this.#state.kind === "ending" || this.#state.kind === "closed";
  }

  #deadline(milliseconds: number): NodeJS.Timeout {
    return setTimeout(
      () => this.post({ kind: "end", session: this.id, refusal: { reason: "timed-out" } }),
      milliseconds,
    );
  }
}
