import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { emptyConversation } from "../../view/chat/conversations.ts";
import type { Entry, Message, Sealed } from "../../view/chat/snapshot.ts";
import { paintedEntry, type Look } from "./entry.ts";
import { rulesAt } from "./strip.ts";
import { idOf } from "../../client/index.ts";

const LOOK: Look = { width: 80, times: false, colours: "none", me: "alice", showsReaders: false, waiting: " (waits for the server)" }; // prettier-ignore

test.each<[Partial<Message>, Partial<Sealed>, string]>([
  [{ own: true, delivery: { kind: "sending" } }, {}, "alice: hi (waits for the server)"],
  [{ own: true, delivery: { kind: "stored" } }, {}, "alice: hi ✓"],
  [{ own: true, delivery: { kind: "delivered" } }, {}, "alice: hi ✓✓"],
  [{ delivery: { kind: "delivered" } }, {}, "alice: hi"],
  [{}, { edited: true }, "alice: hi (edited)"],
  [{ text: "" }, { body: "deleted" }, "alice: (deleted)"],
  [{ from: "bob", text: "came in" }, { body: "members" }, "-- bob came in"],
  [{ from: "", text: "3 entries are missing here" }, { body: "gap" }, "-- 3 entries are missing here"],
  [{ text: "a picture" }, { body: "unknown-kind" }, "alice: a picture"],
  [{}, { replyTo: { id: "x", from: "bob", text: "two\nlines" } }, "alice: (to bob: two lines) hi"],
  [{ from: "bob" }, { doubt: "changed-key" }, "bob (key changed, not confirmed): hi"],
  [{ from: "bob", emote: true }, { doubt: "removed-device" }, "* bob (from a device that they removed) hi"],
  [
    {},
    { replyTo: { id: "x", from: "bob", text: "two", doubt: "changed-key" } },
    "alice: (to bob (key changed, not confirmed): two) hi",
  ],
])("TU-19 %j %j", (message, sealed, row) => {
  expect(paintedEntry(entry(1, message, sealed), LOOK).map(stripVTControlCharacters)).toEqual([row]);
});

test("TU-19 who could read a message is told below it", () => {
  const rows = paintedEntry(entry(1, {}, { readers: ["alice", "b\u202eob"] }), { ...LOOK, showsReaders: true });
  expect(rows.map(stripVTControlCharacters)[1]).toBe("  could be read by b<U+202E>ob; written on laptop");
});

test("TU-19 a line stands where readers changed, unless an entry says it already", () => {
  const bob = { readers: ["alice", "bob"] };
  const carol = { readers: ["alice", "carol"] };
  expect(rules([entry(1, {}, bob), entry(2, {}, bob)])).toEqual([]);
  expect(rules([entry(1, {}, bob), note(2), entry(3, {}, carol)])).toEqual([
    "carol can read from here; bob can't from here",
  ]);
  expect(
    rules([entry(1, {}, bob), entry(2, { text: "carol" }, { ...carol, body: "members" }), entry(3, {}, carol)]),
  ).toEqual([]);
});

function rules(entries: readonly Entry[]): readonly string[] {
  const room = emptyConversation({
    kind: "sealed-room",
    id: idOf("sealed-room", "x"),
    title: "#x",
    open: true,
    readers: [],
  });
  const strip = { conversation: { ...room, entries }, look: LOOK };
  return rulesAt(strip, entries.length - 1).map((rule) => stripVTControlCharacters(rule).replaceAll("─", "").trim());
}

function entry(key: number, message: Partial<Message>, sealed: Partial<Sealed>): Entry {
  return {
    key,
    place: key,
    at: 0,
    kind: "message",
    from: "alice",
    text: "hi",
    own: false,
    emote: false,
    mention: false,
    delivery: { kind: "delivered" },
    ...message,
    sealed: {
      id: `m${key}`,
      number: key,
      device: "laptop",
      readers: ["alice"],
      edited: false,
      replyTo: null,
      body: "text",
      isFromHere: false,
      ...sealed,
    },
  };
}

function note(key: number): Entry {
  return { key, place: key, at: 0, kind: "note", text: "by the way", tone: "plain" };
}
