import * as v from "valibot";
import { count, deviceId, groupId, key } from "./values.ts";

/** Refusals that carry nothing but their reason. */
const PLAIN = [
  // The connection and who it is.
  "unknown-request",
  "malformed",
  "version",
  "hello-first",
  "wrong-proof",
  "wrong-device",
  "device-removed",
  "no-user-key",
  "rolled-back",
  "replaced",
  "not-registered",
  "already-registered",
  "invalid-name",
  "name-taken",
  "name-has-key",
  "not-a-member",
  "identity-unavailable",
  "server-full",
  "timed-out",
  "too-many-requests",
  "storage-failed",
  // The open room, direct messages that the server can read, moderation.
  "no-open-room",
  "invalid-text",
  "recipient-not-found",
  "too-many-messages",
  "not-operator",
  // Groups.
  "device-needed",
  "unknown-group",
  "not-a-member-of-group",
  "group-exists",
  "not-allowed",
  "invalid-handshake",
  "not-your-turn",
  "too-large",
] as const;

/** The closed list of reasons a server may refuse with. The cause behind one is in the server's log. */
export const refusal = v.variant("reason", [
  v.object({ reason: v.picklist(PLAIN) }),
  v.object({ reason: v.literal("you-are-banned"), because: v.optional(v.pipe(v.string(), v.maxBytes(1024))) }),
  v.object({ reason: v.literal("too-many-names"), of: v.optional(v.picklist(["identity", "local"])) }),
  v.object({ reason: v.literal("operator-immune"), action: v.picklist(["kick", "ban"]) }),
  v.object({ reason: v.picklist(["target-not-found", "not-banned"]), target: v.pipe(v.string(), v.maxLength(64)) }),
  v.object({ reason: v.literal("other-user-key"), userKey: key }),
  v.object({ reason: v.literal("stale-epoch"), epoch: count, head: count }),
  v.object({ reason: v.literal("gap"), expected: count }),
  v.object({ reason: v.literal("too-old"), first: count }),
  v.object({ reason: v.literal("group-ended"), successor: v.nullable(groupId) }),
  v.object({ reason: v.literal("place-taken"), group: groupId }),
  v.object({ reason: v.picklist(["unknown-device", "no-key-package"]), device: deviceId }),
  v.object({
    reason: v.literal("too-many"),
    of: v.picklist(["devices", "groups", "members", "key-packages", "waiting-for-a-turn"]),
  }),
]);
export type Refusal = v.InferOutput<typeof refusal>;
