/**
 * What a group session stands on. The session knows no socket and no protocol: who plugs it in hands it a delivery service,
 * which may lose answers, repeat and reorder pushes, and lie; what it says is checked against the log's hash chain and MLS.
 */
import type { ShownDevice } from "../../mls/identity/pins.ts";
import type { Who } from "../../mls/identity/who.ts";
import type { Followed, SeenCommit } from "../device/follow-commit.ts";
import type { Block } from "../device/known-people.ts";
import type { Change } from "../storage/changes.ts";
import type { KeptDoubt } from "../storage/doubt.ts";
import type { PendingRequest } from "../storage/kept.ts";
import type { AgentStore } from "../storage/ports.ts";

/** One entry of a group's log. Numbers begin at 1 and have no gaps. */
export interface LogEntry {
  readonly number: number;
  /** The server's time, milliseconds since 1970. */
  readonly at: number;
  /** Id of the device that wrote it, 16 bytes. */
  readonly device: Uint8Array;
  readonly kind: "commit" | "message";
  /** In which it was made. */
  readonly epoch: number;
  /** The device's own number and message id; 0 and sixteen zero bytes for a commit. */
  readonly counter: number;
  readonly messageId: Uint8Array;
  readonly bytes: Uint8Array;
  /** The log's hash up to and with it, as the server says: held against one's own, and taken behind a gap, where there is none. */
  readonly hash?: Uint8Array;
}

/** The server's no, or that nobody answered. `offline` may mean that the request was carried out. */
export type Refusal =
  | { readonly kind: "offline" }
  /** The epoch is over: what is missing is in the log. */
  | { readonly kind: "stale-epoch" }
  /** That number has another message id: this device was copied or restored. */
  | { readonly kind: "rolled-back" }
  /** Another number is this device's next. */
  | { readonly kind: "number-gap"; readonly expected: number }
  /** Entries that were asked for are kept no longer. */
  | { readonly kind: "too-old" }
  | { readonly kind: "not-a-member" }
  | { readonly kind: "closed" }
  /** For good, and why, for people. */
  | { readonly kind: "refused"; readonly why: string };

export interface Stored {
  readonly kind: "stored";
  readonly number: number;
}

export interface Page {
  readonly kind: "page";
  /** From the one asked for on, without gaps behind `forgotten`; at most 256. */
  readonly entries: readonly LogEntry[];
  /** The log's last number. */
  readonly head: number;
  /** Up to this number messages may be missing: the server keeps them no longer. */
  readonly forgotten: number;
  /** The log's hash at `head`, for who has nothing to chain it from; null: not known. */
  readonly hash: Uint8Array | null;
}

/** What an external join starts from (RFC 9420, 3.3). */
export interface JoinInfo {
  readonly kind: "join-info";
  /** GroupInfo of the current epoch, with tree. */
  readonly groupInfo: Uint8Array;
  readonly epoch: number;
  /** The log's last number and hash at that time. */
  readonly number: number;
  readonly hash: Uint8Array;
}

/** Each request may be made again under its id, and gets the answer that it got first. */
export interface DeliveryService {
  read(group: Uint8Array, after: number): Promise<Page | Refusal>;
  send(message: OutgoingMessage): Promise<Stored | Refusal>;
  /** Commit, Welcomes and GroupInfo of the next epoch together; for a creation, the first GroupInfo alone. */
  commit(group: Uint8Array, request: PendingRequest): Promise<Stored | Refusal>;
  /** `orAdded`: this device was never there, and a member may add it instead: `added`, a Welcome waits for it. */
  joinInfo(
    group: Uint8Array,
    wish?: { readonly orAdded: boolean },
  ): Promise<JoinInfo | { readonly kind: "added" } | Refusal>;
  /** The log has a commit that can't be processed (SEALED.md 15). Its answer changes nothing here. */
  reportInvalid(group: Uint8Array, number: number): Promise<void>;
}

export interface OutgoingMessage {
  readonly group: Uint8Array;
  readonly epoch: number;
  readonly counter: number;
  readonly messageId: Uint8Array;
  readonly bytes: Uint8Array;
}

/** The machine's clock and randomness. Time is for stamps and for what is due, never for whether a commit is valid. */
export interface System {
  /** Milliseconds since 1970. */
  now(): number;
  /** From 0 up to but not 1. */
  random(): number;
  /** Cryptographically random. */
  randomBytes(length: number): Uint8Array;
  wait(milliseconds: number): Promise<void>;
}

/** What is known of a group's people beforehand: pins (`knownPeople`). */
export interface Trust {
  /** Why nothing is to be sent to this device, or null. */
  blocks(device: ShownDevice): Block | null;
  /** Why a message of this device may not be its person's word, or null. */
  doubts(device: ShownDevice): KeptDoubt | null;
  /** The user key that is pinned as theirs. */
  keyOf(who: string): Uint8Array | null;
  /**
   * Stores what `compute` returns before the next change of any group is computed, so that each sees all before it. Rejects with what `compute`
   * or the store throws.
   */
  change(store: Pick<AgentStore, "commit">, compute: () => readonly Change[]): Promise<readonly Change[]>;
  /** What a commit says of people's user keys; within a `change`. */
  follow(commit: SeenCommit): Followed;
  /** Pins of those who are seen for the first time; within a `change`. */
  firstUses(shown: readonly { readonly who: Who; readonly userKey: Uint8Array }[]): readonly Change[];
}
