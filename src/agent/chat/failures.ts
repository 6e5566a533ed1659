import type { Failure, Outcome, Refusal } from "../../client/index.ts";
import type { CommitOutcome } from "../group-sessions/commit.ts";
import type { Failed } from "../runtime/rooms.ts";
import { AgentStoreError } from "../storage/errors.ts";

export const OFFLINE: Failure = { kind: "not-sent", why: "offline" };
export const TAKEN: Outcome = { kind: "taken" };

export function refusedFor(error: Refusal): Failure {
  return { kind: "refused", error };
}

/** Why a person's wish came to nothing, as faces know it. */
export function failureOf({ why }: Pick<Failed, "why">): Failure {
  const known = WHY.get(why);
  return known ?? refusedFor({ reason: "other", text: why });
}

const WHY: ReadonlyMap<string, Failure> = new Map<string, Failure>([
  ["offline", OFFLINE],
  ["busy", { kind: "not-sent", why: "busy" }],
  ["outrun", { kind: "not-sent", why: "busy" }],
  ["stale-epoch", { kind: "not-sent", why: "busy" }],
  ["unsettled", { kind: "unknown", why: { kind: "closed" } }],
  ["place-taken", refusedFor({ reason: "room-name-taken" })],
  ["no-such-room", refusedFor({ reason: "no-such-room" })],
  ["unknown-group", refusedFor({ reason: "no-such-room" })],
  ["no-such-conversation", refusedFor({ reason: "not-in-conversation" })],
  ["not-a-member", refusedFor({ reason: "not-in-conversation" })],
  ["not a member", refusedFor({ reason: "not-in-conversation" })],
  ["not-a-member-of-group", refusedFor({ reason: "not-in-conversation" })],
  ["removed", refusedFor({ reason: "not-in-conversation" })],
  ["stopped", refusedFor({ reason: "conversation-ended" })],
  ["closed", refusedFor({ reason: "conversation-ended" })],
  ["group-ended", refusedFor({ reason: "conversation-ended" })],
  ["nobody-of-this-name", refusedFor({ reason: "recipient-not-found" })],
  ["recipient-not-found", refusedFor({ reason: "recipient-not-found" })],
  ["no-device", refusedFor({ reason: "no-device" })],
  ["no-key-package", refusedFor({ reason: "no-device" })],
  ["not-allowed", refusedFor({ reason: "not-allowed" })],
  ["malformed", refusedFor({ reason: "invalid-name" })],
  ["invalid-name", refusedFor({ reason: "invalid-name" })],
  ["too-large", refusedFor({ reason: "too-long" })],
  ["rolled-back", refusedFor({ reason: "rolled-back" })],
  [
    "not-let-in",
    refusedFor({
      reason: "own-device",
      text: "the conversation of the two of you is there already, and a device of theirs has to let this one in, which it does by itself as soon as it is online. If your key is another one than they know, since you began anew, they are asked first whether it is yours: tell them so, by another way",
    }),
  ],
  ["device-returning", refusedFor({ reason: "device-returning" })],
  ["storage-failed", refusedFor({ reason: "storage-failed" })],
  ["no-such-device", refusedFor({ reason: "no-such-device" })],
  ["device-not-confirmed", refusedFor({ reason: "device-not-confirmed" })],
  ["other-user-key", refusedFor({ reason: "device-not-confirmed" })],
  [
    "former-user-key",
    refusedFor({
      reason: "other",
      text: "your devices have a new key, which this one doesn't have yet: remove that device from another one of yours, or begin anew on this one (pad devices new)",
    }),
  ],
  ["name-has-key", refusedFor({ reason: "name-has-key" })],
  ["device-removed", refusedFor({ reason: "device-removed" })],
  [
    "own-device",
    refusedFor({
      reason: "own-device",
      text: "this is the device that you are on: remove it from another one of yours (pad devices remove)",
    }),
  ],
  [
    "too-many",
    refusedFor({ reason: "own-device", text: "too many devices are to be removed at once: name some of them" }),
  ],
  [
    "too many groups",
    refusedFor({
      reason: "other",
      text: "no more conversations can be made, by you or on this server at all. Leave rooms that you have made and that nobody needs (pad rooms leave), or ask the server's administrator for more (padserve serve --groups-per-person)",
    }),
  ],
  [
    "unreadable-record",
    refusedFor({
      reason: "own-device",
      text: "this device's own record can't be read, so it can make no new key: remove that device from another one of yours",
    }),
  ],
  [
    "wrong-seal-key",
    refusedFor({ reason: "own-device", text: "the server shows a key for that device which isn't the device's own" }),
  ],
  [
    "no-usable-key-package",
    refusedFor({
      reason: "own-device",
      text: "none of their devices has been here for three months: one has to come first",
    }),
  ],
  ["changed-key", refusedFor({ reason: "own-device", text: "their key isn't the one that is known here" })],
  ["remapped-name", refusedFor({ reason: "own-device", text: "that name meant somebody else before" })],
]);

export function outcomeOf(outcome: CommitOutcome | Failed): Outcome {
  switch (outcome.kind) {
    case "done":
    case "nothing-to-do":
      return TAKEN;
    case "refused":
    case "failed":
      return failureOf(outcome);
    case "unsettled":
    case "offline":
    case "outrun":
    case "not-a-member":
    case "stopped":
      return failureOf({ why: outcome.kind });
  }
}

/** What our own disk refused. Anything else is a fault of ours, and not hidden. */
export function failureOfStore(error: unknown): Failure {
  if (!(error instanceof AgentStoreError)) throw error;
  // The one conflict that a face can make: too much waits in one conversation.
  return error.code === "conflict" ? { kind: "not-sent", why: "busy" } : refusedFor({ reason: "own-disk-failed" });
}
