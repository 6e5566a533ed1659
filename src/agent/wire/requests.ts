/**
 * What a face asks of the chat that it is attached to: the methods of `SealedChat` by name, each with what it takes and gives.
 * `again`: whether it is asked again of the next agent when this one has died before the answer: what only reads, and what comes
 * to the same when it is done twice. `if-sealed`: where the conversation keeps messages by their ids.
 */
import * as v from "valibot";
import * as values from "./values.ts";

const { text, word, conversationId, outcome, replyOf } = values;

/** Of a message, 16 bytes in base64url: made by the face, so that it can ask again whether it was written. */
const id = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{22}$/));
const limit = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(10_000));
const named = v.object({ name: word });
const inConversation = v.object({ conversation: conversationId });
const none = v.object({});
const ids = v.pipe(v.array(word), v.minLength(1), v.maxLength(64));
/** Up to 30 days. */
const minutes = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(43_200));
const filed = v.object({ file: word, passphrase: word });
const moderated = v.object({ name: word, reason: v.exactOptional(text) });

export const REQUESTS = {
  send: {
    again: "if-sealed",
    asks: v.object({
      conversation: conversationId,
      text,
      id,
      options: v.object({
        replyTo: v.exactOptional(word),
        acceptMembers: v.exactOptional(v.boolean()),
        shown: v.exactOptional(v.pipe(v.array(word), v.maxLength(1_000))),
      }),
    }),
    gives: outcome,
  },
  edit: {
    again: "if-sealed",
    asks: v.object({ conversation: conversationId, message: word, text, id }),
    gives: outcome,
  },
  remove: { again: "if-sealed", asks: v.object({ conversation: conversationId, message: word, id }), gives: outcome },
  rooms: { again: "yes", asks: none, gives: replyOf(values.rooms) },
  createRoom: {
    again: "no",
    asks: v.object({ name: word, access: v.picklist(["open", "invite"]) }),
    gives: replyOf(values.conversation),
  },
  join: { again: "no", asks: named, gives: replyOf(values.conversation) },
  leave: { again: "no", asks: inConversation, gives: outcome },
  invite: { again: "no", asks: v.object({ conversation: conversationId, person: word }), gives: outcome },
  members: { again: "yes", asks: inConversation, gives: replyOf(values.members) },
  direct: { again: "yes", asks: v.object({ person: word }), gives: replyOf(values.conversation) },
  allowPlain: { again: "yes", asks: v.object({ person: word }), gives: replyOf(values.conversation) },
  safetyNumber: { again: "yes", asks: v.object({ person: word }), gives: replyOf(values.safety) },
  confirmNumber: { again: "yes", asks: v.object({ person: word, number: word }), gives: outcome },
  caughtUp: { again: "yes", asks: inConversation, gives: outcome },
  acceptReaders: { again: "yes", asks: inConversation, gives: outcome },
  search: {
    again: "yes",
    asks: v.object({ words: text, conversation: v.nullable(conversationId), limit }),
    gives: replyOf(values.messages),
  },
  since: {
    again: "yes",
    asks: v.object({ conversation: conversationId, number: v.number(), limit }),
    gives: replyOf(values.messages),
  },
  devices: { again: "yes", asks: none, gives: replyOf(values.devices) },
  confirmDevice: { again: "no", asks: v.object({ code: word }), gives: replyOf(values.device) },
  dismissDevice: { again: "yes", asks: v.object({ id: word }), gives: outcome },
  removeDevices: { again: "no", asks: v.object({ ids }), gives: replyOf(values.removal) },
  inviteDevice: { again: "no", asks: v.object({ minutes }), gives: replyOf(values.invitation) },
  resetDevices: { again: "no", asks: none, gives: outcome },
  newDevice: { again: "no", asks: none, gives: outcome },
  ownNumber: { again: "yes", asks: none, gives: replyOf(word) },
  exportDevice: { again: "no", asks: filed, gives: outcome },
  importDevice: { again: "no", asks: filed, gives: replyOf(values.imported) },
  page: {
    again: "yes",
    asks: v.object({ conversation: conversationId, before: v.nullable(v.number()), limit }),
    gives: replyOf(values.page),
  },
  people: { again: "yes", asks: none, gives: replyOf(values.people) },
  info: { again: "yes", asks: none, gives: replyOf(values.publicInfo) },
  help: { again: "yes", asks: none, gives: replyOf(values.help) },
  kick: { again: "no", asks: moderated, gives: outcome },
  ban: { again: "no", asks: moderated, gives: outcome },
  unban: { again: "no", asks: named, gives: outcome },
  bans: { again: "yes", asks: none, gives: replyOf(values.bans) },
  serverInfo: { again: "yes", asks: none, gives: replyOf(values.serverInfo) },
} as const;

export type RequestName = keyof typeof REQUESTS;
export type Asks<Name extends RequestName> = v.InferOutput<(typeof REQUESTS)[Name]["asks"]>;
export type Gives<Name extends RequestName> = v.InferOutput<(typeof REQUESTS)[Name]["gives"]>;

export function isRequestName(name: string): name is RequestName {
  return Object.hasOwn(REQUESTS, name);
}
