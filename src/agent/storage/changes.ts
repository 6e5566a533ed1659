/** `agent/storage`: what a device keeps, as types and ports. What one operation changes goes into one commit. */

import type { SavedGroup } from "../../mls/group-engine.ts";
import type { NamePin, Pin } from "../../mls/identity/pins.ts";
import type { Who } from "../../mls/identity/who.ts";
import type {
  EveryoneWish,
  Flight,
  GroupFacts,
  GroupStatus,
  HistoryEntry,
  Invitation,
  KeptIntent,
  KeptRotation,
  KeyPackage,
  OutboxRow,
  OwedDevice,
  OwnDevice,
  PendingRequest,
  SealKeyPair,
  Slot,
  StopCause,
} from "./kept.ts";

/** What this device is among its person's. */
export type OwnDeviceChange =
  /** Made, without a record; in place of the one that was there, as by `device-replaced`, whose user key goes, too. */
  | {
      readonly kind: "device-pending";
      readonly device: Omit<OwnDevice, "record">;
      readonly sealKey: SealKeyPair;
      readonly of: Who;
      readonly token: Uint8Array | null;
    }
  /** The token goes with it. */
  | { readonly kind: "device-confirmed"; readonly record: Uint8Array; readonly userSeed: Uint8Array }
  /** The record and user key that it made were never taken: it asks to be confirmed. */
  | { readonly kind: "device-unconfirmed"; readonly of: Who }
  /** The server says that there is somebody to confirm it. */
  | { readonly kind: "candidate-waits" }
  | { readonly kind: "device-was-removed" }
  /** The server has let it in as its person's: it isn't removed, or is back. */
  | { readonly kind: "device-let-in" }
  | { readonly kind: "token-kept"; readonly token: Uint8Array | null }
  | { readonly kind: "seal-key-kept"; readonly sealKey: SealKeyPair }
  | { readonly kind: "receipt-kept"; readonly receipt: string }
  /** The server is asked to have the key packages that are made with it in place of all that it has; until it has answered. */
  | { readonly kind: "renewal-begun" }
  | { readonly kind: "renewal-answered" }
  /** Whether its person wants to be in `#everyone`. */
  | { readonly kind: "everyone-kept"; readonly everyone: EveryoneWish }
  | { readonly kind: "invitation-made"; readonly invitation: Invitation }
  | { readonly kind: "invitation-used"; readonly id: Uint8Array; readonly device: Uint8Array }
  | { readonly kind: "invitation-dropped"; readonly id: Uint8Array };

/** What becomes of the user key. */
export type OwnKeyChange =
  | { readonly kind: "rotation-begun"; readonly rotation: KeptRotation }
  | { readonly kind: "rotation-dropped" }
  /** In place of what was: this device's or another one's rotation is the person's. Key packages are to be made anew. */
  | {
      readonly kind: "user-key-succeeded";
      readonly seed: Uint8Array;
      readonly record: Uint8Array;
      readonly statement: Uint8Array;
    }
  /** In place of those that were known; a new key's is kept with it. */
  | { readonly kind: "successions-kept"; readonly statements: readonly Uint8Array[] }
  | { readonly kind: "packages-renewed" };

/** The device itself, and its key packages. */
export type DeviceChange =
  /** Once. */
  | { readonly kind: "device-made"; readonly device: OwnDevice }
  /**
   * In place of one whose state is an older one: its groups are left as by one who was removed, its keys, requests and messages that wait go, which
   * may have been sent already. History stays.
   */
  | { readonly kind: "device-replaced"; readonly device: OwnDevice }
  | { readonly kind: "record-renewed"; readonly record: Uint8Array }
  | { readonly kind: "user-key-kept"; readonly seed: Uint8Array }
  | { readonly kind: "key-package-made"; readonly keyPackage: KeyPackage }
  | { readonly kind: "key-package-dropped"; readonly reference: Uint8Array };

/** A group as this device is in it. */
export type GroupChange =
  /** A group that isn't there, or that this device is out of (`joining`, `removed`), from this place of its log on. Own numbers go on. */
  | {
      readonly kind: "group-added";
      readonly group: Uint8Array;
      readonly conversation: string;
      readonly status: GroupStatus;
      readonly cursor: number;
      readonly hash: Uint8Array;
      readonly updateDue: number;
    }
  /** `stopped` comes with its cause and no other does. With `removed` the group's keys go. */
  | {
      readonly kind: "group-status";
      readonly group: Uint8Array;
      readonly status: GroupStatus;
      readonly stopped: StopCause | null;
    }
  | { readonly kind: "group-saved"; readonly slot: Slot; readonly saved: SavedGroup }
  /** The candidate, which must be there, becomes the active state; what was active goes. */
  | { readonly kind: "candidate-promoted"; readonly group: Uint8Array }
  | { readonly kind: "candidate-dropped"; readonly group: Uint8Array }
  /** Only from where it is. */
  | {
      readonly kind: "cursor-moved";
      readonly group: Uint8Array;
      readonly from: number;
      readonly to: number;
      readonly hash: Uint8Array;
    }
  | { readonly kind: "update-due"; readonly group: Uint8Array; readonly at: number }
  /** One for each group at most. */
  | { readonly kind: "request-made"; readonly group: Uint8Array; readonly request: PendingRequest }
  | { readonly kind: "request-settled"; readonly group: Uint8Array; readonly requestId: Uint8Array }
  /** In place of an earlier one. A group that is removed or stopped has none. */
  | { readonly kind: "intent-kept"; readonly group: Uint8Array; readonly intent: KeptIntent }
  | { readonly kind: "intent-dropped"; readonly group: Uint8Array }
  /** Who is in the group as it is now, and who may come in. */
  | {
      readonly kind: "members-known";
      readonly group: Uint8Array;
      readonly access: GroupFacts["access"];
      readonly readers: readonly string[];
    }
  /** It only rises. */
  | { readonly kind: "group-reached"; readonly group: Uint8Array; readonly number: number }
  | { readonly kind: "sender-seen"; readonly group: Uint8Array; readonly device: Uint8Array; readonly number: number };

/** Messages that wait, and those on their way. */
export type OutboxChange =
  /** At most 1,000 wait in a group; none in one that has a successor. */
  | { readonly kind: "message-written"; readonly group: Uint8Array; readonly message: OutboxRow }
  /** Only if it isn't in flight. */
  | { readonly kind: "message-withdrawn"; readonly group: Uint8Array; readonly messageId: Uint8Array }
  /** In place of what was in flight before; its message must be in the outbox, its number the next. */
  | { readonly kind: "flight-begun"; readonly group: Uint8Array; readonly flight: Flight }
  /** Refused: the message waits again, and its number was not used. */
  | { readonly kind: "flight-ended"; readonly group: Uint8Array }
  /** The log has it: it leaves the outbox, and its number is used. */
  | {
      readonly kind: "flight-stored";
      readonly group: Uint8Array;
      readonly messageId: Uint8Array;
      readonly number: number;
    };

/** A conversation whose group can't go on. */
export type SuccessionChange =
  /**
   * The conversation of a group that can't go on goes on in `successor`: what waits in the one waits in the other, with own messages that
   * lie behind `behind` in its log before them, unless their content is gone; each of those is bound to who could read it, but for deletions,
   * which say nothing. The group's keys go. Once for each group.
   */
  | {
      readonly kind: "group-succeeded";
      readonly group: Uint8Array;
      readonly successor: Uint8Array;
      readonly device: Uint8Array;
      readonly behind: number;
    }
  | { readonly kind: "devices-owed"; readonly group: Uint8Array; readonly devices: readonly OwedDevice[] }
  /** Those that are owed nothing any more. */
  | { readonly kind: "owed-settled"; readonly group: Uint8Array; readonly devices: readonly Uint8Array[] }
  | { readonly kind: "readers-shown"; readonly group: Uint8Array; readonly readers: readonly string[] };

/** Whom this device knows. */
export type PeopleChange =
  /** A name, folded. */
  | { readonly kind: "plain-allowed"; readonly name: string }
  | { readonly kind: "pin-kept"; readonly pin: Pin }
  | { readonly kind: "name-pinned"; readonly pin: NamePin };

/** One thing that changes in what a device keeps. Where it says so, a change that doesn't fit what is there refuses its whole commit. */
export type Change =
  | OwnKeyChange
  | OwnDeviceChange
  | DeviceChange
  | GroupChange
  | OutboxChange
  | SuccessionChange
  | PeopleChange
  /**
   * A message that the conversation has from that device already is dropped: it was sent again in a successor group. One that amends a
   * message of the same person's does so.
   */
  | {
      readonly kind: "history-kept";
      readonly conversation: string;
      readonly group: Uint8Array;
      readonly number: number;
      readonly at: number;
      readonly entry: HistoryEntry;
      /** Who could read it (`whoKey`); of messages only. */
      readonly readers?: readonly string[];
      /** From a file: it stands by when it was said, behind what its group has of before it. */
      readonly isImported?: boolean;
    }
  /** The server's incarnation. */
  | { readonly kind: "server-seen"; readonly incarnation: string }
  /** An empty one is deleted. */
  | { readonly kind: "draft-kept"; readonly conversation: string; readonly text: string };
