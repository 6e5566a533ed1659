import type { Ban, Claim, Fact, SessionId } from "./events.ts";
import type { Notice } from "./notices.ts";

/** All that a store remembers, in no particular order. */
export interface Saved {
  readonly claims: readonly Claim[];
  readonly bans: readonly Ban[];
  readonly tailscaledSeen: boolean;
}

/** Where facts outlive the process. Every implementation passes the contract suite in `src/store`. */
export interface Store {
  load(): Promise<Saved>;
  /** All of the facts, in their order, or none; durable when it resolves. Rejects when nothing was kept. */
  commit(facts: readonly Fact[]): Promise<void>;
  close(): Promise<void>;
}

/** One notice for one session or for many; what is the same for many can be encoded once. */
export interface Delivery {
  readonly to: readonly SessionId[];
  /** One of `to` that does not hear it: whoever said it. Many deliveries can share one `to` this way. */
  readonly except: SessionId | null;
  readonly notice: Notice;
}

/** Where notices leave the core. Called at most once in a turn for live chat and once for what a commit released. */
export interface Outbox {
  deliver(deliveries: readonly Delivery[]): void;
}

export interface Clock {
  /** Milliseconds since 1970. May jump, also backwards: only for stamps that people read. */
  wall(): number;
}

/** Runs `turn` once, later, after what the present turn of the event loop still reads from its sockets. */
export type NextTurn = (turn: () => void) => void;
