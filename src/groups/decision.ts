import type { SessionId } from "../core/events.ts";
import type { Append, LogEntry as StoredEntry, Trim } from "../core/ports.ts";
import type { DeviceId, GroupId } from "./ids.ts";
import type { LogEntry, Sha256 } from "./log-entry.ts";
import type { GroupRefusal } from "./refusals.ts";
import type { ConfirmationRow, PendingRow, Row } from "./rows.ts";

/** What a command leads to: what must be kept in one transaction, and then who hears what. */
export interface Accepted {
  readonly rows: readonly Row[];
  readonly appends: readonly Append[];
  readonly trims: readonly Trim[];
  readonly pushes: readonly Push[];
  /** What is gone with the process. */
  readonly live?: readonly LiveEvent[];
  /** What the asking device hears. */
  readonly reply: Reply;
}

export type Decision = Accepted | { readonly refusal: GroupRefusal };

/** A device's connection (`replaced`: the one that it had before, which ends), or an owner's ban. */
export type LiveEvent =
  | {
      readonly kind: "device-came";
      readonly device: DeviceId;
      readonly session: SessionId;
      readonly replaced: SessionId | null;
    }
  | { readonly kind: "device-gone"; readonly session: SessionId }
  /** The same for a device that asks to be confirmed. */
  | {
      readonly kind: "asking-came";
      readonly device: DeviceId;
      readonly session: SessionId;
      readonly replaced: SessionId | null;
    }
  /** A connection ends, and is told why. */
  | { readonly kind: "session-ended"; readonly session: SessionId; readonly refusal: GroupRefusal }
  /** By the owner's key. */
  | { readonly kind: "owner-barred" | "owner-unbarred"; readonly owner: string };

/** What devices hear that didn't ask. Said after the commit; to those of `to` who are there. */
export interface Push {
  readonly to: readonly DeviceId[];
  readonly except: DeviceId | null;
  readonly push:
    | { readonly kind: "entry"; readonly group: GroupId; readonly entry: LogEntry }
    | { readonly kind: "welcome"; readonly group: GroupId }
    /** All that are to be removed there now; none: no more. Times in milliseconds since 1970, see `RemovalDue`. */
    | {
        readonly kind: "removal-due";
        readonly group: GroupId;
        readonly devices: readonly DeviceId[];
        readonly since: number;
        readonly until: number;
      }
    | { readonly kind: "group-ended"; readonly group: GroupId }
    | { readonly kind: "packages-low"; readonly left: number }
    /** To the device itself, whether it asks or is there. */
    | { readonly kind: "confirmed"; readonly device: DeviceId; readonly confirmation: ConfirmationRow }
    | { readonly kind: "device-waits"; readonly device: DeviceId; readonly waiting: PendingRow }
    /** Which devices its person has, or which wait. */
    | { readonly kind: "devices" };
}

export type Reply =
  | { readonly kind: "done" }
  | { readonly kind: "stored"; readonly number: number; readonly at: number }
  | { readonly kind: "created"; readonly group: GroupId }
  | { readonly kind: "packages"; readonly packages: readonly TakenPackage[] }
  | {
      readonly kind: "online";
      readonly packages: number;
      readonly lastResort: boolean;
      /** What others are told of this person's devices is another than before. */
      readonly isNews: boolean;
    }
  /** What waits for a device that asks; null: it waits. */
  | { readonly kind: "confirmation"; readonly confirmation: ConfirmationRow | null };

export interface TakenPackage {
  readonly device: DeviceId;
  readonly reference: string;
  readonly keyPackage: Uint8Array;
}

/** What a decision may know beside the state. */
export interface Context {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly sha256: Sha256;
  /** What `rangesOf` asked for, in its order. */
  readonly read: readonly (readonly StoredEntry[])[];
  /** Who alone may commit in the command's group now, see turns.ts; null: anybody. */
  readonly turn: DeviceId | null;
}

export function refuse(refusal: GroupRefusal): Decision {
  return { refusal };
}

/** A decision that keeps and tells nothing but its reply. */
export function reply(given: Reply): Accepted {
  return { rows: [], appends: [], trims: [], pushes: [], reply: given };
}
