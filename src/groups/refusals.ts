import type { DeviceId, GroupId, PublicKey } from "./ids.ts";

/** The closed list of the delivery service's "no". What the peer may read is in it; the cause goes to the log. */
export type GroupRefusal =
  /** No such group, or none that this device may know of. */
  | { readonly reason: "unknown-group" }
  | { readonly reason: "not-a-member-of-group" }
  /** The group has gone on: read up to `head`, then try again. */
  | { readonly reason: "stale-epoch"; readonly epoch: number; readonly head: number }
  /** A message before this one is missing: `expected` is the counter that comes next. */
  | { readonly reason: "gap"; readonly expected: number }
  /** The counter was used with another message id, or a hello's counter came again: this device's state was copied or restored. */
  | { readonly reason: "rolled-back" }
  /** What was asked for is forgotten; the log begins at `first`. */
  | { readonly reason: "too-old"; readonly first: number }
  | { readonly reason: "group-ended"; readonly successor: GroupId | null }
  /** The room's name, `#everyone` or the pair has a group already. */
  | { readonly reason: "place-taken"; readonly group: GroupId }
  | { readonly reason: "group-exists" }
  | { readonly reason: "unknown-device"; readonly device: DeviceId }
  | { readonly reason: "device-removed" }
  /** The record, the key and the connection don't belong together, or the id belongs to another device. */
  | { readonly reason: "wrong-device" }
  /** The owner has another user key: this device must be confirmed by one of the owner's. */
  | { readonly reason: "other-user-key"; readonly userKey: PublicKey }
  /** This owner has none, so that the device that asks is the first. */
  | { readonly reason: "no-user-key" }
  /** A bare name's user key is replaced by nobody but the administrator. */
  | { readonly reason: "name-has-key" }
  /** The same device has come by another connection. */
  | { readonly reason: "replaced" }
  /** Nothing comes of its waiting on this connection: it is to ask again. */
  | { readonly reason: "timed-out" }
  | { readonly reason: "no-key-package"; readonly device: DeviceId }
  /** By the room's policy, or since the observer finds that the commit isn't what it says. */
  | { readonly reason: "not-allowed" }
  | { readonly reason: "invalid-handshake" }
  | { readonly reason: "not-your-turn" }
  | { readonly reason: "too-large" }
  | { readonly reason: "too-many"; readonly of: Countable };

/** What can be too many. */
export type Countable = "devices" | "groups" | "members" | "key-packages" | "waiting-for-a-turn";
