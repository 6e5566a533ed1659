/**
 * What a device keeps, whatever keeps it. A commit is all of its changes or none, and is on the disk when it resolves; what
 * belongs together goes into one. This folder knows no engine, no network and no clock.
 */
import type { Change } from "./changes.ts";
import type { HistoryRow, KeptGroup, KeyPackage, Saved } from "./kept.ts";

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
  /** The newest first; at most `limit` (1 to 1,000) before that place. */
  history(
    conversation: string,
    page: { readonly before: number | null; readonly limit: number },
  ): Promise<readonly HistoryRow[]>;
  /** Rows with all these words or their beginnings, the newest first. Of a text with no words: none. */
  search(
    words: string,
    options: { readonly conversation: string | null; readonly limit: number },
  ): Promise<readonly HistoryRow[]>;
  /** Overwrites in the files what commits have replaced or deleted. The SQLite store does it by itself when it is idle, too. */
  tidy(): Promise<void>;
  close(): Promise<void>;
}
