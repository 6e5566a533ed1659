/** Schemas of what a chat client tells and is told (src/client). Every text and list has a bound. */
import * as v from "valibot";
import { DOUBTS } from "../../client/message.ts";
import type { ConversationId, Refusal } from "../../client/index.ts";

/** UTF-16 units of what people wrote; the longest text of a message is far below. */
const LONGEST_TEXT = 256 * 1024;
const MOST = 20_000;

export const text = v.pipe(v.string(), v.maxLength(LONGEST_TEXT));
/** A name, an id, a title, a reason. */
export const word = v.pipe(v.string(), v.maxLength(4096));
const words = v.pipe(v.array(word), v.maxLength(MOST));
const whole = v.pipe(v.number(), v.safeInteger());

export const conversationId: v.GenericSchema<ConversationId> = v.custom<ConversationId>(
  (id) => typeof id === "string" && id.length <= 1024,
);

export const conversation = v.variant("kind", [
  v.object({ kind: v.picklist(["open-room", "classic-direct"]), id: conversationId, title: word }),
  v.object({ kind: v.literal("sealed-direct"), id: conversationId, title: word, readers: words }),
  v.object({ kind: v.literal("sealed-room"), id: conversationId, title: word, open: v.boolean(), readers: words }),
]);

/** Each reason that needs no further words: the compiler points here when there is one more. */
const PLAIN_REASONS = {
  "invalid-name": true,
  "name-taken": true,
  "name-has-key": true,
  "too-many-names": true,
  "you-are-banned": true,
  "recipient-not-found": true,
  "too-many-messages": true,
  "too-long": true,
  "not-operator": true,
  "timed-out": true,
  "server-full": true,
  "too-slow": true,
  "no-open-room": true,
  "rolled-back": true,
  replaced: true,
  "device-removed": true,
  "no-such-device": true,
  "device-confirmed": true,
  "wrong-passphrase": true,
  "device-not-confirmed": true,
  "not-a-member": true,
  "identity-unavailable": true,
  "storage-failed": true,
  "own-disk-failed": true,
  "room-name-taken": true,
  "room-name-reserved": true,
  "no-such-room": true,
  "no-such-message": true,
  "no-device": true,
  "not-met": true,
  "other-number": true,
  "own-user-only": true,
  "not-allowed": true,
  "not-in-conversation": true,
  "conversation-ended": true,
  "device-returning": true,
  unsupported: true,
} as const satisfies Record<PlainReason, true>;

type PlainReason = Exclude<
  Refusal["reason"],
  "operator-immune" | "target-not-found" | "not-banned" | "not-understood" | "other" | "own-device"
>;

type PlainRefusal = { [R in PlainReason]: { readonly reason: R } }[PlainReason];

function isPlain(value: unknown): value is PlainRefusal {
  const reason: unknown = typeof value === "object" && value !== null && "reason" in value ? value.reason : null;
  return typeof reason === "string" && Object.hasOwn(PLAIN_REASONS, reason);
}

const refusal: v.GenericSchema<Refusal> = v.union([
  v.custom<PlainRefusal>(isPlain),
  v.object({ reason: v.literal("operator-immune"), action: v.picklist(["kick", "ban"]) }),
  v.object({ reason: v.picklist(["target-not-found", "not-banned"]), target: text }),
  v.object({ reason: v.picklist(["not-understood", "other", "own-device"]), text }),
]);

export const connectionEnd = v.variant("kind", [
  v.object({ kind: v.picklist(["left", "closed", "silent", "not-padserve", "oversized", "forgotten"]) }),
  v.object({ kind: v.picklist(["kicked", "banned"]), reason: v.exactOptional(text) }),
  v.object({ kind: v.literal("refused"), error: refusal }),
  v.object({ kind: v.picklist(["unreachable", "broken"]), code: word }),
  v.object({
    kind: v.literal("agent"),
    why: v.picklist(["stopped", "died", "silent", "unusable", "another-server"]),
    text,
  }),
]);

export const state = v.variant("kind", [
  v.object({ kind: v.literal("connecting"), attempt: whole }),
  v.object({ kind: v.literal("online"), operator: v.boolean() }),
  v.object({ kind: v.literal("waiting"), attempt: whole, delay: whole, loss: connectionEnd }),
  v.object({ kind: v.literal("ended"), cause: connectionEnd }),
]);

const hold = v.object({
  kind: v.picklist(["new-readers", "changed-key", "remapped-name", "removed-device", "removal-pending"]),
  who: words,
  notSeen: v.exactOptional(words),
  compared: v.exactOptional(words),
  own: v.exactOptional(words),
});

const failure = v.variant("kind", [
  v.object({ kind: v.literal("refused"), error: refusal }),
  v.object({ kind: v.literal("unknown"), why: connectionEnd }),
  v.object({ kind: v.literal("held"), hold }),
  v.object({
    kind: v.literal("not-sent"),
    why: v.picklist(["offline", "ended", "invalid-recipient", "too-long", "busy", "sealed-only"]),
  }),
]);

export const outcome = v.union([v.object({ kind: v.literal("taken") }), failure]);

/** Of a question. */
export function replyOf<Value extends v.GenericSchema>(value: Value) {
  return v.union([v.object({ kind: v.literal("answered"), value }), failure]);
}

const delivery = v.variant("kind", [
  v.object({ kind: v.picklist(["sending", "taken", "stored", "delivered", "unknown"]) }),
  v.object({ kind: v.literal("failed"), failure }),
]);

const doubt = v.exactOptional(v.picklist(DOUBTS));

const sealedFacts = v.object({
  number: v.nullable(whole),
  device: word,
  readers: words,
  edited: v.boolean(),
  replyTo: v.nullable(v.object({ id: word, from: word, text, doubt })),
  body: v.picklist(["text", "deleted", "unknown-kind", "unreadable", "gap", "members", "brought-in"]),
  doubt,
});

const message = v.object({
  id: word,
  conversation: conversationId,
  /** JSON has no Infinity, and makes null of it. */
  place: v.pipe(
    v.nullable(v.number()),
    v.transform((place) => place ?? Infinity),
  ),
  at: v.number(),
  from: word,
  own: v.boolean(),
  text,
  delivery,
  sealed: v.exactOptional(sealedFacts),
});
export const messages = v.pipe(v.array(message), v.maxLength(MOST));

export const page = v.object({ messages, complete: v.boolean() });

const person = v.object({ name: word, presence: v.picklist(["online", "away", "offline"]) });
export const people = v.pipe(v.array(person), v.maxLength(MOST));

export const bans = v.pipe(v.array(v.object({ name: word, reason: v.nullable(text) })), v.maxLength(MOST));

export const publicInfo = v.object({ host: v.nullable(word), addresses: words, ids: v.nullable(words) });
export const serverInfo = v.object({ host: word, addresses: words });
export const help = v.pipe(v.array(v.object({ usage: text, text, operator: v.boolean() })), v.maxLength(MOST));

export const rooms = v.pipe(
  v.array(
    v.object({
      title: word,
      access: v.picklist(["open", "invite"]),
      status: v.picklist(["member", "not-a-member", "removed", "closed", "returning"]),
      conversation: v.nullable(conversation),
      people: v.nullable(whole),
    }),
  ),
  v.maxLength(MOST),
);

/** How far it is known who somebody is. */
const whose = {
  name: word,
  identity: word,
  kind: v.picklist(["person", "machine", "address", "name"]),
  level: v.picklist(["unverified", "compared"]),
  tailnet: v.picklist(["known", "absent", "unknown"]),
};

export const safety = v.object({ ...whose, number: v.pipe(v.string(), v.regex(/^\d{60}$/)), isChanged: v.boolean() });

export const members = v.pipe(
  v.array(
    v.object({
      ...whose,
      devices: words,
      isSelf: v.boolean(),
    }),
  ),
  v.maxLength(MOST),
);

export const device = v.object({
  id: word,
  label: word,
  isThis: v.boolean(),
  lastSeen: v.nullable(v.number()),
  isOnline: v.nullable(v.boolean()),
  status: v.picklist(["confirmed", "pending", "removed"]),
  code: v.nullable(word),
});
export const devices = v.pipe(v.array(device), v.maxLength(MOST));
export const removal = v.object({ kind: v.picklist(["removed", "waiting"]), devices: words });
export const imported = v.object({ kind: v.picklist(["confirmed", "kept"]) });
export const invitation = v.object({ token: word, until: v.number() });

export const standing = v.variant("kind", [
  v.object({ kind: v.picklist(["unknown", "confirmed", "removed"]) }),
  v.object({ kind: v.literal("pending"), code: v.nullable(word), name: word, trouble: v.exactOptional(text) }),
]);

export const event = v.variant("kind", [
  v.object({ kind: v.literal("state"), state }),
  v.object({ kind: v.literal("message"), conversation, message }),
  v.object({ kind: v.literal("unreadable"), conversation, from: word }),
  v.object({ kind: v.literal("conversation"), conversation }),
  v.object({ kind: v.literal("people"), people }),
  v.object({ kind: v.literal("operator"), operator: v.boolean() }),
  v.object({ kind: v.literal("held"), conversation, hold: v.nullable(hold) }),
  v.object({ kind: v.literal("standing"), standing }),
  v.object({ kind: v.literal("device-waits"), device }),
  v.object({ kind: v.literal("device-waits-no-more"), id: word }),
  v.object({ kind: v.picklist(["kicked", "banned"]) }),
  v.object({ kind: v.literal("notice"), text }),
  v.object({ kind: v.literal("word"), text }),
]);
