/**
 * `groups`: the delivery service's rules, pure: it orders and keeps bytes that it can't read. All that lasts is rows and logs;
 * what memory doesn't hold is read before a decision.
 */

import type { SessionId } from "../core/events.ts";
import type { DeviceId, GroupId, MessageId, PublicKey, RequestId } from "./ids.ts";
import type { Receipt } from "./receipts.ts";
import type { Owner, Place, RemovalReason, SealKey } from "./rows.ts";

/** What a device asks for. Each comes from a connection that has proved to be that device's. */
export type DeviceCommand =
  | SendMessage
  | CommitHandshake
  | CreateGroup
  | PublishPackages
  | TakePackages
  | { readonly kind: "acknowledge"; readonly device: DeviceId; readonly group: GroupId; readonly number: number }
  | { readonly kind: "welcome-done"; readonly device: DeviceId; readonly group: GroupId }
  | { readonly kind: "leave"; readonly device: DeviceId; readonly group: GroupId }
  | { readonly kind: "report-commit"; readonly device: DeviceId; readonly group: GroupId; readonly number: number }
  | ConfirmDevice
  | RotateUserKey
  | KeepSuccessions
  /** Another device of the same owner: one that waits is forgotten, one that is known to be no more is removed. */
  | { readonly kind: "dismiss-device" | "retire-device"; readonly device: DeviceId; readonly other: DeviceId };

/** `record` (base64url) was verified: it names this owner and `other`, with `key`, under `userKey`. */
export interface ConfirmDevice {
  readonly kind: "confirm-device";
  readonly device: DeviceId;
  readonly other: DeviceId;
  readonly owner: Owner;
  readonly key: PublicKey;
  readonly userKey: PublicKey;
  readonly record: string;
  readonly sealed: string;
}

/** Records (base64url) were verified: they name this owner and their devices, with the keys given, under `userKey`. */
export interface RotateUserKey {
  readonly kind: "rotate-user-key";
  readonly device: DeviceId;
  readonly owner: Owner;
  readonly former: PublicKey;
  readonly userKey: PublicKey;
  readonly removed: readonly DeviceId[];
  /** Base64url. */
  readonly statement: string;
  readonly own: { readonly key: PublicKey; readonly record: string };
  readonly staying: readonly {
    readonly device: DeviceId;
    /** Null: there is no such device, or none that the record is of. Only a rotation that was done already may name it. */
    readonly key: PublicKey | null;
    readonly record: string;
    readonly sealed: string;
  }[];
}

/** Statements (base64url) were verified: the oldest first, each leads to the next, the last to `userKey`. */
export interface KeepSuccessions {
  readonly kind: "keep-successions";
  readonly device: DeviceId;
  readonly userKey: PublicKey;
  readonly statements: readonly string[];
}

export interface SendMessage {
  readonly kind: "send";
  readonly device: DeviceId;
  readonly group: GroupId;
  readonly epoch: number;
  readonly counter: number;
  readonly message: MessageId;
  readonly bytes: Uint8Array;
}

export interface CommitHandshake {
  readonly kind: "commit";
  readonly device: DeviceId;
  readonly group: GroupId;
  readonly request: RequestId;
  /** The epoch that it was made in. */
  readonly epoch: number;
  readonly commit: Uint8Array;
  /** For those it adds. */
  readonly welcome: Uint8Array | null;
  /** Of the epoch that it makes. */
  readonly groupInfo: Uint8Array;
  /** What the observer found; null: the handshake, the group info or the Welcome isn't what it should be. */
  readonly found: Findings | null;
}

/** What an observer finds in a commit (RFC 9420, section 12.2, and the room's policy are checked by it). */
export interface Findings {
  readonly kind: "add" | "remove" | "update" | "policy" | "external-join" | "resync";
  readonly epoch: number;
  readonly committer: FoundDevice;
  /** Whether the policy names the committer's owner as a moderator. */
  readonly byModerator: boolean;
  readonly added: readonly FoundDevice[];
  readonly removed: readonly FoundDevice[];
  /** References of the key packages that the Welcome is for. */
  readonly welcomed: readonly string[];
  /** The access that the policy gives from now on. */
  readonly access: "open" | "invite" | "listed";
}

/** A leaf's record, as far as the server must know it. */
export interface FoundDevice {
  readonly device: DeviceId;
  readonly key: PublicKey;
  readonly owner: Owner;
}

export interface CreateGroup {
  readonly kind: "create-group";
  readonly device: DeviceId;
  readonly group: GroupId;
  readonly place: Place;
  readonly groupInfo: Uint8Array;
  /** From where it comes, as in `ask-confirmation`: groups of bare names are shared out between these. */
  readonly source: string;
  /** What the observer found in the group info; null: it is none of a new group with this device alone. */
  readonly found: {
    readonly group: GroupId;
    readonly epoch: number;
    readonly members: readonly FoundDevice[];
    readonly access: "open" | "invite" | "listed";
    /** Whom the policy lists; for a direct conversation these are the two. */
    readonly listed: readonly Owner[];
  } | null;
}

export interface PublishPackages {
  readonly kind: "publish-packages";
  readonly device: DeviceId;
  /** Verified to be this device's, and not expired. Instead of all that wait, when `replace`. */
  readonly packages: readonly OfferedPackage[];
  readonly lastResort: OfferedPackage | null;
  readonly replace: boolean;
}

export interface OfferedPackage {
  readonly reference: string;
  readonly bytes: Uint8Array;
}

export interface TakePackages {
  readonly kind: "take-packages";
  readonly device: DeviceId;
  /** The group they are for: the taker is a member and may add there. */
  readonly group: GroupId;
  readonly of: readonly DeviceId[];
}

/** What the server itself does. */
export type ServerCommand =
  /** A connection has proved to be a device's. Its owner is who the tailnet says is behind the connection. */
  | {
      readonly kind: "device-online";
      readonly session: SessionId;
      readonly device: DeviceId;
      readonly owner: Owner;
      readonly key: PublicKey;
      readonly userKey: PublicKey;
      /** Verified: it names this device, this owner, both keys. Base64url. */
      readonly record: string;
      readonly counter: number;
      /** Verified to be signed by the device's key; null: none is told of. */
      readonly sealKey?: SealKey | null;
      /** Verified to be this server's own, for this owner and user key; null: none, or one that isn't. */
      readonly receipt?: Receipt | null;
    }
  /** A device asks to be confirmed. Its owner is who the tailnet says is behind the connection; its seal key was verified. */
  | {
      readonly kind: "ask-confirmation";
      readonly session: SessionId;
      readonly device: DeviceId;
      readonly owner: Owner;
      readonly key: PublicKey;
      readonly label: string;
      readonly sealKey: SealKey;
      readonly token: string | null;
      /** From where it asks, as one word: places to wait are shared out between these. Of a bare name anybody on the machine may ask. */
      readonly source: string;
      readonly fresh: boolean;
    }
  /** The owner begins anew with this device, which has proved to hold its key. Verified as for `device-online`. */
  | {
      readonly kind: "reset-user-key";
      readonly session: SessionId;
      readonly device: DeviceId;
      readonly owner: Owner;
      readonly key: PublicKey;
      readonly userKey: PublicKey;
      readonly record: string;
      readonly counter: number;
      readonly sealKey: SealKey;
    }
  /** Devices that have waited for too long are forgotten, and confirmations that nobody came for. */
  | { readonly kind: "forget-waiting" }
  | { readonly kind: "order-removal"; readonly owner: Owner; readonly why: RemovalReason }
  /** An owner is banned, or isn't any more. Live: a start says it again. */
  | { readonly kind: "bar-owner" | "unbar-owner"; readonly owner: Owner }
  /** Which of these are there, and which were unseen for too long. */
  | { readonly kind: "look-at-devices"; readonly devices: readonly DeviceId[] }
  | { readonly kind: "remove-device"; readonly device: DeviceId; readonly why: RemovalReason }
  /** The owner's user key and all its devices go: the next first device of that owner begins anew. */
  | { readonly kind: "release-owner"; readonly owner: Owner }
  /** The connection of a device is gone. */
  | { readonly kind: "device-offline"; readonly session: SessionId }
  /** What all members have, or what is too old, is forgotten. */
  | { readonly kind: "forget-old"; readonly group: GroupId; readonly what: "messages" | "commits" };

/** `session`: the connection that it comes by; its answers keep the order of its questions. */
export type GroupCommand = (DeviceCommand & { readonly session: SessionId }) | ServerCommand;
