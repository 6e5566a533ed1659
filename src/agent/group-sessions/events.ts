import type { Who } from "../../mls/identity/who.ts";
import type { GroupFacts, HistoryEntry, StopCause } from "../storage/kept.ts";
import type { Person } from "./person.ts";

/** What a session tells, after it is on the disk. */
export type GroupEvent =
  | { readonly kind: "entry"; readonly number: number; readonly at: number; readonly entry: HistoryEntry }
  /** An own message is in the log. */
  | { readonly kind: "stored"; readonly messageId: Uint8Array; readonly number: number; readonly at: number }
  /** The server won't take an own message, for good; it is in the outbox no more. */
  | { readonly kind: "refused"; readonly messageId: Uint8Array; readonly why: string }
  | { readonly kind: "joined"; readonly number: number }
  /** Who is in it now (`whoKey`, and each leaf), and who may come in. */
  | {
      readonly kind: "members";
      readonly access: GroupFacts["access"];
      readonly readers: readonly string[];
      readonly members: readonly Person[];
    }
  | { readonly kind: "removed"; readonly number: number }
  | { readonly kind: "stopped"; readonly cause: StopCause };

/** Why messages wait although the server is there. The person has to look first. */
export type Hold =
  | { readonly kind: "new-readers"; readonly who: readonly string[] }
  /**
   * `shown`: each key that isn't the pinned one, or whose person's name led to another first. `known`: the one that was pinned then, over which
   * alone a yes to it counts.
   */
  | {
      readonly kind: "changed-key" | "remapped-name";
      readonly who: readonly string[];
      readonly shown: readonly {
        readonly who: Who;
        readonly userKey: Uint8Array;
        readonly known: Uint8Array | null;
      }[];
    }
  /** Their person has removed a device that is still in, or is in again. */
  | { readonly kind: "removed-device"; readonly who: readonly string[] }
  /** The server has ordered their removal a while ago, and they are still in. */
  | { readonly kind: "removal-pending"; readonly who: readonly string[] };
