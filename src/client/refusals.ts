/** Why a server says no, whatever protocol it says it in: a closed list. */
export type Refusal =
  | { [R in PlainReason]: { readonly reason: R } }[PlainReason]
  /** `because`: what the operator said of it, where the server tells. */
  | { readonly reason: "you-are-banned"; readonly because?: string }
  /** `local`: all that the users of the server's machine may have together; missing: the server doesn't say. */
  | { readonly reason: "too-many-names"; readonly of?: "identity" | "local" }
  | { readonly reason: "operator-immune"; readonly action: "kick" | "ban" }
  | { readonly reason: "target-not-found"; readonly target: string }
  | { readonly reason: "not-banned"; readonly target: string }
  /** This server has no such command. */
  | { readonly reason: "unsupported" }
  /** The server found fault with what this client sent; `text` is its own words. */
  | { readonly reason: "not-understood"; readonly text: string }
  /** Words of the server's that are on nobody's list. */
  | { readonly reason: "other"; readonly text: string }
  /** What this person's own device has found, whatever the server says; `text` is its words. */
  | { readonly reason: "own-device"; readonly text: string };

/** The reasons that need no further words. */
type PlainReason =
  | "invalid-name"
  | "name-taken"
  /** It belongs to a device that seals, and this session has no proof of its user key. */
  | "name-has-key"
  | "recipient-not-found"
  | "too-many-messages"
  | "too-long"
  | "not-operator"
  | "timed-out"
  | "server-full"
  /** Its messages were read too slowly. */
  | "too-slow"
  /** This server has none: all is sealed. */
  | "no-open-room"
  /** This device's state was copied, or comes from a backup: it must not go on. */
  | "rolled-back"
  /** The same device has come by another connection. */
  | "replaced"
  | "device-removed"
  /** None of the person's devices is meant by that, or none that waits shows that code. */
  | "no-such-device"
  /** The device is confirmed already: what was asked is for those that aren't. */
  | "device-confirmed"
  /** The file doesn't open with it. */
  | "wrong-passphrase"
  /** One of the person's other devices has to confirm this one first. */
  | "device-not-confirmed"
  | "not-a-member"
  | "identity-unavailable"
  | "storage-failed"
  /** This person's own device couldn't keep it. */
  | "own-disk-failed"
  /** A room of that name is there already. */
  | "room-name-taken"
  /** Of a room nobody could tell it from the open room, or from `#everyone`. */
  | "room-name-reserved"
  | "no-such-room"
  | "no-such-message"
  /** They have no device that anything could be sealed to. */
  | "no-device"
  /** Nothing of theirs has been seen yet, so no key of theirs is known here. */
  | "not-met"
  /** The number that was compared is not the one of the keys that are known here now. */
  | "other-number"
  /** Several users share this agent, and only the one that it runs as may do that. */
  | "own-user-only"
  /** The room's rules don't allow it. */
  | "not-allowed"
  /** This device is not, or no more, in the conversation. */
  | "not-in-conversation"
  /** Nothing can be written there any longer; a successor may follow. */
  | "conversation-ended"
  /** This device has taken the place of one that was copied or restored, and isn't back in that conversation yet. */
  | "device-returning";
