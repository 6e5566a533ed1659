import * as fc from "fast-check";
import { expect, test } from "vitest";
import { DOUBTS, idOf, OPEN_ROOM } from "../../client/index.ts";
import type {
  ChatEvent,
  ChatMessage,
  ClientState,
  Conversation,
  Device,
  Failure,
  Hold,
  Standing,
} from "../../client/index.ts";
import {
  askLine,
  readControlReply,
  readFirst,
  readFromAgent,
  readFromFace,
  readReply,
  replyLine,
  toldLine,
} from "./messages.ts";
import { REQUESTS, isRequestName } from "./requests.ts";

const name = fc.string({ maxLength: 64, unit: "grapheme" });
const text = fc.string({ maxLength: 500, unit: "grapheme" });
const whole = fc.integer({ min: 0 });
const names = fc.array(name, { maxLength: 5 });
const id = name.map((key) => idOf("sealed-room", key));

const conversation: fc.Arbitrary<Conversation> = fc.oneof(
  fc.constant(OPEN_ROOM),
  fc.record({ id, kind: fc.constant("classic-direct"), title: name }),
  fc.record({ id, kind: fc.constant("sealed-direct"), title: name, readers: names }),
  fc.record({ id, kind: fc.constant("sealed-room"), title: name, open: fc.boolean(), readers: names }),
);
const hold: fc.Arbitrary<Hold> = fc.record(
  {
    kind: fc.constantFrom("new-readers", "changed-key", "remapped-name", "removed-device", "removal-pending"),
    who: names,
    notSeen: names,
    compared: names,
    own: names,
  },
  { requiredKeys: ["kind", "who"] },
);
const failure: fc.Arbitrary<Failure> = fc.oneof(
  fc.record({ kind: fc.constant("refused"), error: fc.constant({ reason: "name-taken" } as const) }),
  fc.record({ kind: fc.constant("refused"), error: fc.record({ reason: fc.constant("other"), text }) }),
  fc.record({ kind: fc.constant("unknown"), why: fc.record({ kind: fc.constant("broken"), code: name }) }),
  fc.record({ kind: fc.constant("held"), hold }),
  fc.record({ kind: fc.constant("not-sent"), why: fc.constantFrom("offline", "ended", "busy") }),
);
const state: fc.Arbitrary<ClientState> = fc.oneof(
  fc.record({ kind: fc.constant("connecting"), attempt: whole }),
  fc.record({ kind: fc.constant("online"), operator: fc.boolean() }),
  fc.record({
    kind: fc.constant("waiting"),
    attempt: whole,
    delay: whole,
    loss: fc.record({ kind: fc.constant("unreachable"), code: name }),
  }),
  fc.record({ kind: fc.constant("ended"), cause: fc.record({ kind: fc.constant("kicked"), reason: text }) }),
);
const doubt = fc.constantFrom(...DOUBTS);
const message: fc.Arbitrary<ChatMessage> = fc.record(
  {
    id: name,
    conversation: id,
    place: fc.oneof(whole, fc.constant(Infinity)),
    at: whole,
    from: name,
    own: fc.boolean(),
    text,
    delivery: fc.oneof(
      fc.record({ kind: fc.constantFrom("sending", "taken", "stored", "delivered", "unknown") }),
      fc.record({ kind: fc.constant("failed"), failure }),
    ),
    sealed: fc.record(
      {
        number: fc.option(whole),
        device: name,
        readers: names,
        edited: fc.boolean(),
        replyTo: fc.option(fc.record({ id: name, from: name, text, doubt }, { requiredKeys: ["id", "from", "text"] })),
        body: fc.constantFrom("text", "deleted", "unknown-kind", "unreadable", "gap", "members"),
        doubt,
      },
      { requiredKeys: ["number", "device", "readers", "edited", "replyTo", "body"] },
    ),
  },
  { requiredKeys: ["id", "conversation", "place", "at", "from", "own", "text", "delivery"] },
);
const device: fc.Arbitrary<Device> = fc.record({
  id: name,
  label: name,
  isThis: fc.boolean(),
  lastSeen: fc.option(whole),
  isOnline: fc.option(fc.boolean()),
  status: fc.constantFrom("confirmed", "pending", "removed"),
  code: fc.option(name),
});
const standing: fc.Arbitrary<Standing> = fc.oneof(
  fc.record({ kind: fc.constantFrom("unknown", "confirmed", "removed") }),
  fc.record({ kind: fc.constant("pending"), code: name, name }),
);
/** The compiler asks for an example of each event that there is. */
const EVENTS: { readonly [Kind in ChatEvent["kind"]]: fc.Arbitrary<Extract<ChatEvent, { kind: Kind }>> } = {
  state: fc.record({ kind: fc.constant("state"), state }),
  message: fc.record({ kind: fc.constant("message"), conversation, message }),
  unreadable: fc.record({ kind: fc.constant("unreadable"), conversation, from: name }),
  conversation: fc.record({ kind: fc.constant("conversation"), conversation }),
  people: fc.record({
    kind: fc.constant("people"),
    people: fc.array(fc.record({ name, presence: fc.constantFrom("online", "away", "offline") }), { maxLength: 5 }),
  }),
  operator: fc.record({ kind: fc.constant("operator"), operator: fc.boolean() }),
  held: fc.record({ kind: fc.constant("held"), conversation, hold: fc.option(hold) }),
  standing: fc.record({ kind: fc.constant("standing"), standing }),
  "device-waits": fc.record({ kind: fc.constant("device-waits"), device }),
  "device-waits-no-more": fc.record({ kind: fc.constant("device-waits-no-more"), id: name }),
  kicked: fc.constant({ kind: "kicked" }),
  banned: fc.constant({ kind: "banned" }),
  notice: fc.record({ kind: fc.constant("notice"), text }),
  word: fc.record({ kind: fc.constant("word"), text }),
};

test("AG-2 whatever a chat tells comes through as it is", () => {
  fc.assert(
    fc.property(fc.oneof(...Object.values(EVENTS)), (event) => {
      expect(readFromAgent(toldLine({ event }))).toEqual({ event });
    }),
  );
  fc.assert(
    fc.property(fc.array(message, { maxLength: 5 }), fc.boolean(), (messages, complete) => {
      const answered = { kind: "answered", value: { messages, complete } };
      const line = readFromAgent(replyLine(7, answered));
      expect(line !== null && "reply" in line && readReply("page", line.reply)).toEqual(answered);
    }),
  );
});

test("AG-12 no line of either side throws, whatever it holds, and none but a request's own body is one", () => {
  const word = fc.oneof(fc.constantFrom(...Object.keys(REQUESTS), "attach", "stop", "status", "event"), fc.string());
  const value = fc.oneof(
    fc.json(),
    fc.jsonValue().map((json) => JSON.stringify(json)),
    fc.string(),
  );
  fc.assert(
    fc.property(word, value, fc.jsonValue(), (ask, line, body) => {
      readFirst(line);
      readFromAgent(line);
      readFromFace(line);
      const read = readFromFace(JSON.stringify({ id: 1, ask, body }));
      if (read?.kind === "chat") expect(isRequestName(ask)).toBe(true);
      if (isRequestName(ask)) readReply(ask, body);
      readControlReply("status", body);
    }),
    { numRuns: Number(process.env["FUZZ"] ?? 2000) },
  );
  expect(readFromFace(askLine(1, "toString", {}))).toBeNull();
  expect(readFromFace(askLine(1, "send", { conversation: "x", text: "hi", id: "short", options: {} }))).toBeNull();
});
