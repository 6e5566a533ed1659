import type { HistoryEntry, StopCause } from "../storage/kept.ts";

/** What a session tells, after it is on the disk. */
export type GroupEvent =
  | { readonly kind: "entry"; readonly number: number; readonly at: number; readonly entry: HistoryEntry }
  /** An own message is in the log. */
  | { readonly kind: "stored"; readonly messageId: Uint8Array; readonly number: number; readonly at: number }
  /** The server won't take an own message, for good; it is in the outbox no more. */
  | { readonly kind: "refused"; readonly messageId: Uint8Array; readonly why: string }
  | { readonly kind: "joined"; readonly number: number }
  | { readonly kind: "removed"; readonly number: number }
  | { readonly kind: "stopped"; readonly cause: StopCause };

/** Why messages wait although the server is there. The person has to look first. */
export type Hold =
  | { readonly kind: "new-readers"; readonly who: readonly string[] }
  | { readonly kind: "changed-key" | "remapped-name"; readonly who: readonly string[] };
