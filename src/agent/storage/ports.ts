/**
 * What a device keeps, whatever keeps it. A commit is all of its changes or none, and is on the disk when it resolves; what
 * belongs together goes into one. This folder knows no engine, no network and no clock.
 */
import type { Change } from "./changes.ts";
import type { HistoryRow, KeptGroup, KeyPackage, QueuedMessage, Saved } from "./kept.ts";

export interface AgentStore {
  load(): Promise<Saved>;
  /** Null for a group that isn't there. */
  group(id: Uint8Array): Promise<KeptGroup | null>;
  /** The secret of a key package, or null if it was used, dropped or never there. */
  keyPackage(reference: Uint8Array): Promise<KeyPackage | null>;
  /** All of the changes, in their order, or none. Rejects with an `AgentStoreError` when nothing was kept. */
  commit(changes: readonly Change[]): Promise<void>;
  /** Raises the counter that each hello carries (SEALED.md 9), and gives the new one: 1 at first. */
  raiseCounter(): Promise<number>;
  /**
   * The newest first, without edits and deletions that were carried out. At most `limit` (1 to 1,000) before that position, and fewer where
   * they come to more than 8 MiB.
   */
  history(
    conversation: string,
    page: { readonly before: number | null; readonly limit: number },
  ): Promise<readonly HistoryRow[]>;
  /** The message with that id of that device, in whatever group of the conversation. */
  message(conversation: string, device: Uint8Array, messageId: Uint8Array): Promise<HistoryRow | null>;
  /** What waits to be sent in all groups, the oldest first; at most 10,000. */
  outbox(): Promise<readonly QueuedMessage[]>;
  /** A conversation's history behind a number (`HistoryRow.shown`), the oldest first. */
  since(
    conversation: string,
    options: { readonly number: number; readonly limit: number },
  ): Promise<readonly HistoryRow[]>;
  /** That device's messages in a group behind `from`, up to `to`: the newest of them, the newest first. */
  sentBetween(
    group: Uint8Array,
    options: { readonly device: Uint8Array; readonly from: number; readonly to: number; readonly limit: number },
  ): Promise<readonly HistoryRow[]>;
  /** What all conversations have got behind that place, carried-out edits and deletions among it, the oldest first. */
  news(after: number, limit: number): Promise<readonly HistoryRow[]>;
  /** The place of the last row, 0 where there is none. */
  lastPlace(): Promise<number>;
  /** Rows with all these words or their beginnings, the newest first. Of a text with no words: none. */
  search(
    words: string,
    options: { readonly conversation: string | null; readonly limit: number },
  ): Promise<readonly HistoryRow[]>;
  /** Overwrites in the files what commits have replaced or deleted. The SQLite store does it by itself when it is idle, too. */
  tidy(): Promise<void>;
  close(): Promise<void>;
}
