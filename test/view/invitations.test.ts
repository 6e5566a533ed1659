import { expect, test } from "vitest";
import { idOf } from "../../src/client/conversation.ts";
import type { ChatMessage, Conversation } from "../../src/client/index.ts";
import type { Chat } from "../../src/view/chat/chat.ts";
import { createChat } from "../../src/view/chat/chat-model.ts";
import { DEFAULT_SETTINGS } from "../../src/view/settings/table.ts";
import { FakeSealedWorld } from "../helpers/fake-sealed-world.ts";

test("VW-41 whoever looks elsewhere hears in one line where they were brought and by whom, however often, and nothing in the room itself", () => {
  const { bob, chat } = begun();
  bring(bob, "ops", "alice");
  expect(notesOf(chat).at(-1)).toBe("alice has brought you into #ops: /to #ops opens it.");
  for (let nth = 1; nth < 300; nth += 1) bring(bob, `room${nth}`, "mallory");
  const notes = notesOf(chat).filter((text) => text.includes("brought"));
  expect(notes).toEqual([
    "You have been brought into #ops (alice), #room1 (mallory), #room2 (mallory), #room3 (mallory), #room4 (mallory) and 295 more: /to and a room's name opens it, /rooms lists them.",
  ]);
  chat.submit("hello");
  bring(bob, "later", "alice");
  expect(notesOf(chat).findLast((text) => text.includes("brought"))).toBe(
    "alice has brought you into #later: /to #later opens it.",
  );
  chat.open(idOf("sealed-room", "room:later"));
  expect(chat.getSnapshot().current.title).toBe("#later");
  const before = notesOf(chat).length;
  bring(bob, "later", "alice");
  expect(notesOf(chat)).toHaveLength(before);
});

test("VW-41 the inviter's name and the room's are made visible, and whoever is ignored brings nobody a line", () => {
  const { bob, chat } = begun();
  bring(bob, "o\u{1b}[2Jps", "al\u{202e}ice\u{1b}]0;x\u{7}");
  const [note = ""] = notesOf(chat).slice(-1);
  expect(note).toContain("has brought you into");
  // oxlint-disable-next-line no-control-regex -- none is to be there
  expect(note).not.toMatch(/[\u{0}-\u{1f}\u{202e}]/u);
  chat.submit("/ignore mallory");
  bring(bob, "spam", "mallory");
  expect(notesOf(chat).join()).not.toContain("spam");
});

type Told = ReturnType<typeof begun>["bob"];

function begun() {
  const world = new FakeSealedWorld();
  const bob = world.join("bob");
  const chat = createChat({
    client: bob,
    sealed: bob,
    server: "chat",
    now: () => world.now,
    settings: DEFAULT_SETTINGS,
    troubles: [],
    saveSettings: () => null,
    alert: async () => await Promise.resolve(null),
  });
  return { bob, chat };
}

function bring(bob: Told, room: string, from: string): void {
  const id = idOf("sealed-room", `room:${room}`);
  const conversation: Conversation = {
    id,
    kind: "sealed-room",
    title: `#${room}`,
    open: false,
    readers: ["bob", from],
  };
  const sealed = { number: 3, device: "", readers: [], edited: false, replyTo: null, body: "brought-in" } as const;
  const message: ChatMessage = {
    id: `entry:${room}`,
    conversation: id,
    place: 1,
    at: 0,
    from,
    own: false,
    text: "has brought you in: you read from here on",
    delivery: { kind: "delivered" },
    sealed,
  };
  bob.tellEvent({ kind: "conversation", conversation });
  bob.tellEvent({ kind: "message", conversation, message });
}

function notesOf(chat: Chat): readonly string[] {
  return chat.getSnapshot().current.entries.flatMap((entry) => (entry.kind === "note" ? [entry.text] : []));
}
