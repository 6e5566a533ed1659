import type { Ban, Claim, Fact, KeptRight, SessionId } from "./events.ts";
import type { Notice } from "./notices.ts";

/** All that a store remembers, in no particular order. */
export interface Saved {
  readonly claims: readonly Claim[];
  readonly bans: readonly Ban[];
  readonly tailscaledSeen: boolean;
  /** Whose the right of the first operator is; null: it is kept for nobody. */
  readonly keptRight: KeptRight | null;
}

/** One append-only log: a group's messages, a device's key packages. 1 to 128 characters. */
export type LogId = string;

/** The numbers of a log count up by one from 1. */
export interface LogEntry {
  readonly number: number;
  readonly body: Uint8Array;
}

/** A new entry at the end of a log. The number must be the next one: the store refuses a batch that leaves a gap or repeats one. */
export interface Append extends LogEntry {
  readonly log: LogId;
  /** A lasting entry outlives trims of entries that aren't: commits are kept longer than messages. */
  readonly lasting: boolean;
}

/** A log's entries up to and including number `through` are forgotten; `lasting`: the lasting ones too. The numbering goes on. */
export interface Trim {
  readonly log: LogId;
  readonly through: number;
  readonly lasting: boolean;
}

/** What one transaction keeps: the facts in their order, then the appends in theirs, then the trims. */
export interface Batch<F = Fact> {
  readonly facts: readonly F[];
  readonly appends: readonly Append[];
  readonly trims: readonly Trim[];
}

/** Entries of a log with numbers above `after`: at most `limit` of them and, behind the first, at most `bytes` of bodies. */
export interface Range {
  readonly log: LogId;
  readonly after: number;
  readonly limit: number;
  readonly bytes: number;
}

/** Where facts and logs outlive the process. Every implementation passes the contract suite in `test/contracts/store.ts`. */
export interface Store<S = Saved, F = Fact> {
  load(): Promise<S>;
  /** All of the batch or nothing; durable when it resolves. Rejects when nothing was kept. */
  commit(batch: Batch<F>): Promise<void>;
  /** What the commits asked for before it have kept, in rising order. A log that was never written has no entries. */
  read(range: Range): Promise<readonly LogEntry[]>;
  close(): Promise<void>;
}

/** One notice for one session or for many; what is the same for many can be encoded once. */
export interface Delivery<N = Notice> {
  readonly to: readonly SessionId[];
  /** One of `to` that does not hear it: whoever said it. Many deliveries can share one `to` this way. */
  readonly except: SessionId | null;
  readonly notice: N;
}

/** Where notices leave the core. Called at most once in a turn for live chat and once for what a commit released. */
export interface Outbox<N = Notice> {
  deliver(deliveries: readonly Delivery<N>[]): void;
}

export interface Clock {
  /** Milliseconds since 1970. May jump, also backwards: only for stamps that people read. */
  wall(): number;
}

/** Runs `turn` once, later, after what the present turn of the event loop still reads from its sockets. */
export type NextTurn = (turn: () => void) => void;

/** Runs `write` once, in a few seconds: what is lazy gathers until then. */
export type WriteBehind = (write: () => void) => void;
