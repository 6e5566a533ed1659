import { expect, test } from "vitest";
import { append, deliver, emptyConversation, SCROLLBACK, update } from "./conversations.ts";
import type { Conversation, Entry } from "./snapshot.ts";

function said(key: number): Entry {
  const delivery = { kind: "sending" } as const;
  return {
    kind: "message",
    key,
    at: 0,
    from: "bob",
    text: `${key}`,
    own: true,
    emote: false,
    mention: false,
    delivery,
  };
}

test("VW-16 a conversation keeps the newest entries", () => {
  let room: Conversation = {
    ...emptyConversation("ALL"),
    entries: Array.from({ length: SCROLLBACK }, (_, key) => said(key)),
  };
  room = append(append(room, said(SCROLLBACK)), said(SCROLLBACK + 1));
  expect(room.entries).toHaveLength(SCROLLBACK);
  expect([room.entries[0]?.key, room.entries.at(-1)?.key]).toEqual([2, SCROLLBACK + 1]);
});

test("VW-1 the end of a message that is no longer kept changes nothing", () => {
  const room = append(emptyConversation("ALL"), said(5));
  expect(deliver(room, 4, { kind: "taken" })).toBe(room);
  expect(deliver(room, 5, { kind: "taken" }).entries).toMatchObject([{ key: 5, delivery: { kind: "taken" } }]);
});

test("VW-2 a conversation is the same in any case, and a new one comes last", () => {
  const [room, bob] = [emptyConversation("ALL"), emptyConversation("bob")];
  const all = update([room, bob], "BOB", (one) => ({ ...one, unread: 1 }));
  expect(all).toEqual([room, { ...bob, unread: 1 }]);
  expect(update(all, "carol", (one) => one).map(({ id }) => id)).toEqual(["ALL", "bob", "carol"]);
});
