import type { WholeGroup } from "../../mls/group-engine.ts";
import type { NamePin, Pin } from "../../mls/identity/pins.ts";
import type { Who } from "../../mls/identity/who.ts";
import type { RoomPolicy } from "../../mls/room-policy.ts";
import type { KeptDoubt } from "./doubt.ts";

/** What an agent needs at its start. */
export interface Saved {
  readonly device: OwnDevice | null;
  /** Seed of the user key: null until this device made or was given one. */
  readonly userSeed: Uint8Array | null;
  readonly groups: readonly GroupRow[];
  /** References of those that can be used. */
  readonly keyPackages: readonly Omit<KeyPackage, "secret">[];
  readonly pins: readonly Pin[];
  readonly names: readonly NamePin[];
  readonly drafts: ReadonlyMap<string, string>;
  /** It asks to be confirmed, and has no record; null: it is its person's. */
  readonly candidate: Candidate | null;
  /** To which others seal for this device; null: of an earlier version, which had none. */
  readonly sealKey: SealKeyPair | null;
  /** The server has said so: another device of the person has put this one out. */
  readonly isRemoved: boolean;
  /** Kept before the server is asked, until it has answered. */
  readonly rotation: KeptRotation | null;
  /** That the present user key has followed another; null: it is the first that this device knows. */
  readonly statement: Uint8Array | null;
  /** How the present user key came about, as far as this device knows: what each key has signed of the next, the oldest first, at most 8. */
  readonly successions: readonly Uint8Array[];
  /** The server was to have new key packages in place of all, and hasn't answered: it may still have the old ones. */
  readonly isRenewalOpen: boolean;
  /** The server still has key packages with a record under the user key before. */
  readonly arePackagesDue: boolean;
  /** The last that the server gave with a hello. */
  readonly receipt: string | null;
  /** Null: that was never asked for. */
  readonly everyone: EveryoneWish | null;
  /** Of devices that this one invites, those that are over among them. */
  readonly invitations: readonly Invitation[];
  /** The devices that this one took the place of, the last first, at most 8: of some of them no server may know. */
  readonly formerDevices: readonly Uint8Array[];
  /** The server's incarnation that was seen last: another one was restored from a backup since. Null: none yet. */
  readonly incarnation: string | null;
  /** Groups that devices are owed a place in. */
  readonly owing: readonly Uint8Array[];
  /** Of each group whose people were known once, by its id in hex. */
  readonly facts: ReadonlyMap<string, GroupFacts>;
  /** Names, folded, of people who may be written to so that the server can read it. */
  readonly plainAllowed: ReadonlySet<string>;
}

export const ACCESSES = ["open", "invite", "listed"] as const;

/** What is shown of a group without loading its keys. */
export interface GroupFacts {
  readonly access: (typeof ACCESSES)[number];
  /** Whose devices are in it (`whoKey`), one's own among them. */
  readonly readers: readonly string[];
  /** Up to which number of the log everybody else has it. */
  readonly reached: number;
}

export interface OwnDevice {
  readonly id: Uint8Array;
  /** Of the signature key, one for all groups. */
  readonly seed: Uint8Array;
  /** The record as last signed. */
  readonly record: Uint8Array;
}

/** A new user key on its way: what the server is asked (`rotate-user-key`), and the secret of it (RFC 8032's seed). */
export interface KeptRotation {
  readonly seed: Uint8Array;
  /** The user key that it takes the place of. */
  readonly former: Uint8Array;
  readonly statement: Uint8Array;
  /** Device ids that the server knows; the statement may name others. */
  readonly removed: readonly Uint8Array[];
  /** The new record of this device. */
  readonly own: Uint8Array;
  readonly staying: readonly {
    readonly device: Uint8Array;
    readonly record: Uint8Array;
    readonly sealed: Uint8Array;
  }[];
}

/** Of the suite's HPKE, 32 bytes each. */
export interface SealKeyPair {
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

export interface Candidate {
  /** Whose it asks to be. */
  readonly who: Who;
  /** Secret of the token that it was invited by; null: it is confirmed by its code. */
  readonly token: Uint8Array | null;
  /** The server has said once that there is somebody to confirm it. */
  readonly hasWaited: boolean;
}

export interface Invitation {
  /** Random. */
  readonly id: Uint8Array;
  readonly secret: Uint8Array;
  /** Milliseconds since 1970. */
  readonly until: number;
  /** The device that has shown the secret, and no other can any more; null: none yet. */
  readonly device: Uint8Array | null;
}

export interface KeyPackage {
  readonly reference: Uint8Array;
  readonly secret: Uint8Array;
  readonly lastResort: boolean;
  /** Milliseconds since 1970. */
  readonly madeAt: number;
}

/**
 * - `joining`: an external commit or the creation of the group may or may not be in the log; it has a candidate and a request
 * - `active`: this device is a member, and may write
 * - `removed`: a commit has removed it
 * - `stopped`: something that only a person can decide; `stopped` says what
 */
export const GROUP_STATUSES = ["joining", "active", "removed", "stopped"] as const;
export type GroupStatus = (typeof GROUP_STATUSES)[number];

/**
 * - `rolled-back`: the server has another message under this device's number: the device was copied or restored. After another one has
 *   taken its place: it waits to be brought back
 * - `invalid-commit`: the log has a commit that can't be processed; reported
 * - `log-broken`: the log's entries don't follow one another, or don't end in what the server says
 * - `closed`: the server has closed the group; a successor follows
 */
export const STOP_CAUSES = ["rolled-back", "invalid-commit", "log-broken", "closed"] as const;
export type StopCause = (typeof STOP_CAUSES)[number];

export interface GroupRow {
  readonly id: Uint8Array;
  /** What its history and drafts are under; a successor goes on under the same. */
  readonly conversation: string;
  readonly status: GroupStatus;
  readonly stopped: StopCause | null;
  /** Number of the last log entry processed, and the log's hash chain up to it. */
  readonly cursor: number;
  readonly hash: Uint8Array;
  /** The last number of this device's own that the log has. */
  readonly sent: number;
  /** When a commit of fresh keys is due, milliseconds since 1970. */
  readonly updateDue: number;
  /** The group in which its conversation goes on, once what waited here waits there. */
  readonly successor: Uint8Array | null;
}

/** `candidate`: joined by a commit that isn't known to be in the log yet; it becomes `active` with it, or goes. */
export const SLOTS = ["active", "candidate"] as const;
export type Slot = (typeof SLOTS)[number];

export interface KeptGroup {
  readonly row: GroupRow;
  readonly active: WholeGroup | null;
  readonly candidate: WholeGroup | null;
  readonly request: PendingRequest | null;
  readonly intent: KeptIntent | null;
  readonly flight: Flight | null;
  /** What waits to be sent, oldest first, the one in flight among them; at most 1,000. */
  readonly outbox: readonly OutboxRow[];
  /** Whom the writer has been shown as readers of the conversation, in whichever of its groups (`whoKey`). */
  readonly readers: ReadonlySet<string>;
  /** By device id in hex: the last number seen of each sender. */
  readonly senders: ReadonlyMap<string, number>;
  /** Devices that were in the group before it and are still to be added. */
  readonly owed: readonly OwedDevice[];
  /** It took another group's place, or was to. */
  readonly isSuccessor: boolean;
}

/** `left`: it doesn't come into `#everyone` by itself any more, until somebody asks for that. */
export const EVERYONE_WISHES = ["wanted", "left"] as const;
export type EveryoneWish = (typeof EVERYONE_WISHES)[number];

export interface OwedDevice {
  readonly deviceId: Uint8Array;
  /** Its signature key: nobody else's comes in under its id. */
  readonly deviceKey: Uint8Array;
}

/** `join`: an external commit, resync included. */
export const REQUEST_KINDS = ["commit", "join", "create"] as const;
type RequestKind = (typeof REQUEST_KINDS)[number];

/** A commit or join on its way: kept before it leaves, sent again under the same id until it is answered (SEALED.md 12). */
export interface PendingRequest {
  readonly requestId: Uint8Array;
  readonly kind: RequestKind;
  /** The epoch that it is made in. */
  readonly epoch: number;
  /** The log's number when it was made. */
  readonly after: number;
  /** Empty for the group's creation. */
  readonly commit: Uint8Array;
  readonly welcome: Uint8Array | null;
  readonly groupInfo: Uint8Array;
  /** For whom the Welcome is: what the server needs to hand it out, in the order of the caller. */
  readonly welcomed: readonly Uint8Array[];
}

/** What a commit is to do, said so that it can be worked out afresh on whatever the winner of a race has made of the group. */
export type Intent =
  /** Devices that are in the group already are passed over. At most 64. */
  | { readonly kind: "add"; readonly devices: readonly NewDevice[] }
  /** By device id. Those that are gone are passed over. At most 64. */
  | { readonly kind: "remove"; readonly devices: readonly Uint8Array[] }
  | { readonly kind: "update" }
  /**
   * The statement that a user key has followed another goes with the commit: with the removal of those devices that are still in, else with
   * fresh keys and the record under the new key. Nothing to do where they are out and the own leaf has that record, unless it is said `again`:
   * for those who have come since.
   */
  | {
      readonly kind: "succeed";
      readonly statement: Uint8Array;
      readonly devices: readonly Uint8Array[];
      readonly again: boolean;
    }
  /** In place of `instead` only: what others have made of the policy since then is not undone. */
  | { readonly kind: "policy"; readonly policy: RoomPolicy; readonly instead: RoomPolicy };

export interface NewDevice {
  readonly deviceId: Uint8Array;
  readonly keyPackage: Uint8Array;
}

/** Kept with the first commit made of it, until one is in the log, nothing of it is left to do, or it is refused (SEALED.md 12). */
export interface KeptIntent {
  readonly intent: Intent;
  /** Milliseconds since 1970. */
  readonly madeAt: number;
}

/** The one message of a group that is on its way. Sealed under the state that was saved with it. */
export interface Flight {
  readonly messageId: Uint8Array;
  readonly number: number;
  readonly epoch: number;
  readonly sealed: Uint8Array;
}

/** Content, not ciphertext: it is sealed when its turn comes (SEALED.md 11). */
export interface OutboxRow {
  readonly messageId: Uint8Array;
  readonly content: Uint8Array;
  /** What the search finds it by, or null. */
  readonly text: string | null;
  readonly writtenAt: number;
  /** Stored once, and sent again: who could read it then (`whoKey`), and nobody else may now. Missing: it was never stored. */
  readonly audience?: readonly string[] | undefined;
}

/** A message that waits, and where. */
export interface QueuedMessage {
  readonly group: Uint8Array;
  readonly message: OutboxRow;
}

export interface HistoryRow {
  /** Its place in the whole history, by when it came; rises. */
  readonly place: number;
  /**
   * Where it stands in its conversation: by when it was said, in microseconds since 1970, and behind what came before it; only what an
   * imported file has brought stands before that. Each entry that is shown has its own.
   */
  readonly position: number;
  readonly conversation: string;
  readonly group: Uint8Array;
  readonly number: number;
  /** Its number as people see it, which rises over the groups that a conversation goes on in, and stays where a message comes again. */
  readonly shown: number;
  /** The server's time, milliseconds since 1970. */
  readonly at: number;
  readonly entry: HistoryEntry;
  /** Who could read it (`whoKey`); of messages only. */
  readonly readers: readonly string[];
  readonly amended: Amended | null;
}

/**
 * What became of a message by one that came later. `applied`: it was an edit or deletion itself, and has been carried out: it is no
 * part of the history that is shown. Of a deleted one the content is gone.
 */
export const AMENDED = ["edited", "deleted", "applied"] as const;
export type Amended = (typeof AMENDED)[number];

/** The message of the same person's that a message edits or deletes. */
export interface Amends {
  readonly how: "edit" | "deletion";
  readonly device: Uint8Array;
  readonly messageId: Uint8Array;
}

/** What a content says to whoever keeps it: what the search finds it by, or null; which message it changes. */
export interface Digest {
  readonly text: string | null;
  readonly amends: Amends | null;
}

/**
 * - `message`: `deviceLabel`: what its person calls the device; `missed`: how many of this sender's messages, just before it, never came
 *   (the server dropped them); `doubt`: whether it is their word at all, by what was known when it came
 * - `members`: who came and went with a commit (`whoKey`); `devices`: which of it were devices of people who were there before, or still are
 * - `device-removed`: `who` has removed devices of their own, with another one (`by`: what it is called), and has a new user key since; `devices`:
 *   what those are called that this very commit removed
 * - `gap`: entries that this device can't have: it was away too long, or joined anew
 * - `unreadable`: an entry that didn't open, and why
 * - `continued`: from here on in another group, and why the one before ended. What others wrote there behind what this device has read is
 *   missing unless they send it again
 * - `withheld`: so many own messages weren't sent again in this group, since somebody is in it who couldn't read them when they were sent
 * - `imported`: what stands before it came from a file, which was written then (milliseconds since 1970, null: it doesn't say); what was said between
 *   that and when this device came in is missing
 */
export const REMOVAL_CAUSES = ["ordered", "wanted"] as const;
export type RemovalCause = (typeof REMOVAL_CAUSES)[number];

export type HistoryEntry =
  | {
      readonly kind: "message";
      readonly who: string;
      readonly device: Uint8Array;
      readonly deviceLabel: string;
      readonly messageId: Uint8Array;
      readonly content: Uint8Array;
      readonly text: string | null;
      readonly amends: Amends | null;
      readonly missed: number;
      readonly doubt?: KeptDoubt | undefined;
    }
  | {
      readonly kind: "members";
      readonly came: readonly string[];
      readonly went: readonly string[];
      readonly by: string;
      readonly devices: readonly { readonly who: string; readonly label: string; readonly how: "came" | "went" }[];
      /**
       * Why others' leaves went: the server had ordered it (they left, or were put out), or this device's person wanted it. Missing: not known, as where
       * a moderator's device has committed it.
       */
      readonly why?: RemovalCause | undefined;
    }
  | {
      readonly kind: "device-removed";
      readonly who: string;
      readonly by: string;
      readonly devices: readonly string[];
    }
  | { readonly kind: "gap"; readonly from: number; readonly to: number }
  | { readonly kind: "unreadable"; readonly why: string }
  | { readonly kind: "continued"; readonly why: StopCause }
  | { readonly kind: "withheld"; readonly count: number }
  | { readonly kind: "imported"; readonly exportedAt: number | null };
