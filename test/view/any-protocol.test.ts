/** The chat's view-model over a client of no protocol: what no server of the classic one can do. */
import { describe, expect, test } from "vitest";
import { classicDirect, idOf, OPEN_ROOM, type Conversation, type Person } from "../../src/client/index.ts";
import type { Alert } from "../../src/view/chat/alerts.ts";
import type { Chat } from "../../src/view/chat/chat.ts";
import { createChat } from "../../src/view/chat/chat-model.ts";
import type { Settings } from "../../src/view/chat/snapshot.ts";
import { DEFAULT_SETTINGS } from "../../src/view/settings/table.ts";
import { FakeChatClient } from "../fakes/fake-chat-client.ts";

const SEALED: Conversation = {
  kind: "sealed-direct",
  id: idOf("sealed-direct", "bob"),
  title: "bob",
  readers: ["bob"],
};

describe("pages from before", () => {
  test("VW-21 they are asked for one after another until there is no more, and stand before what is there", async () => {
    const { chat, client } = start();
    client.stored.set(
      OPEN_ROOM.id,
      Array.from({ length: 250 }, (_, place) => client.message(OPEN_ROOM, "bob", `${place}`, place)),
    );
    client.hear("bob", "now");
    for (let page = 0; page < 5; page += 1) {
      chat.loadOlder();
      // Asked twice, it is one question.
      chat.loadOlder();
      await Promise.resolve();
      await Promise.resolve();
    }
    expect(client.asked).toEqual([1000, 150, 50]);
    const said = chat.getSnapshot().current.entries.flatMap((entry) => (entry.kind === "message" ? [entry.text] : []));
    expect(said).toEqual([...Array.from({ length: 250 }, (_, place) => `${place}`), "now"]);
    expect(chat.getSnapshot().current).toMatchObject({ older: "none", unread: 0 });
  });

  test("VW-22 the classic and the sealed conversation with one person are two", () => {
    const { chat, client } = start();
    client.hear("bob", "plain", classicDirect("bob"));
    client.hear("bob", "sealed", SEALED);
    const [, classic, sealed] = chat.getSnapshot().conversations;
    expect(classic?.entries).toMatchObject([{ text: "plain" }]);
    expect(sealed?.entries).toMatchObject([{ text: "sealed" }]);
    expect(sealed).toMatchObject({ title: "bob", serverReads: false });
  });

  test("VW-20 one message that makes the view fail is said, and those after it are shown", () => {
    const { chat, client } = start();
    const bad = Object.defineProperty(client.message(OPEN_ROOM, "bob", ""), "text", {
      get: () => {
        throw new RangeError("as a stack that overflows");
      },
    });
    client.tell({ kind: "message", conversation: OPEN_ROOM, message: bad });
    client.hear("bob", "after");
    const texts = chat.getSnapshot().current.entries.map(({ text }) => text);
    expect(texts.slice(-2)).toEqual(["A message came that can't be shown (RangeError).", "after"]);
  });
});

describe("people", () => {
  test("VW-23 who came and went is one line in the open room, and nothing when that is off", () => {
    const { chat, client } = start();
    const here = (...names: readonly string[]): void =>
      client.tell({ kind: "people", people: names.map((name) => ({ name, presence: "online" })) });
    here("alice", "bob");
    expect(notes(chat)).toHaveLength(1);
    here("alice", "Bob", "carol");
    here("alice", "dave");
    expect(notes(chat).slice(1)).toEqual(["carol came", "dave came; bob, carol left".replace("bob", "Bob")]);
    here("alice", ...Array.from({ length: 20 }, (_, nth) => `p${nth}`));
    expect(notes(chat).at(-1)).toBe("p0, p1, p2, p3, p4 and 15 others came; dave left");
    chat.submit("/set joins off");
    here("alice");
    expect(notes(chat).at(-1)).toBe("joins is off now.");
    expect(chat.getSnapshot().members).toEqual(["alice"]);
  });

  test("VW-25 /close forgets a conversation, and ALL stays", () => {
    const { chat, client } = start();
    client.tell({ kind: "people", people: [online("alice"), online("bob")] });
    expect(chat.submit("/query bob")).toBe("done");
    expect(chat.getSnapshot().current.title).toBe("bob");
    expect(chat.submit("/close")).toBe("done");
    expect(chat.getSnapshot().conversations.map(({ title }) => title)).toEqual(["ALL"]);
    expect(chat.submit("/close")).toBe("wrong");
  });

  test.each([
    ["nobody", "Nobody called nobody is here now. /who lists who is."],
    ["bad!name", "bad!name can't be anybody's name."],
    ["b\u0000b", "can't be anybody's name"],
  ])("VW-25 /query %j opens nothing, and says so", (words, note) => {
    const { chat, client } = start();
    client.tell({ kind: "people", people: [online("alice")] });
    expect(chat.submit(`/query ${words}`)).toBe("wrong");
    expect(notes(chat).at(-1)).toContain(note);
    expect(chat.getSnapshot().conversations.map(({ title }) => title)).toEqual(["ALL"]);
  });

  test("VW-25 a conversation with somebody who has gone can still be opened, and one that is waited for", () => {
    const { chat, client } = start();
    client.tell({ kind: "people", people: [online("alice")] });
    client.hear("bob", "hi", classicDirect("bob"));
    expect(chat.submit("/query bob")).toBe("done");
    expect(notes(chat).at(-1)).toContain("Nobody called bob is here now.");
    expect(chat.openNamed("carol")).toBe(true);
    expect(chat.getSnapshot().current.title).toBe("carol");
  });
});

test("VW-24 however many write, and under however many names, so few bells ring and programs run", () => {
  let now = 0;
  const { chat, client, alerts } = start({ notify: ["tell-me"] }, () => now);
  for (let nth = 0; nth < 2000; nth += 1) {
    now += 10;
    client.hear(`p${nth}`, "hi", classicDirect(`p${nth}`));
  }
  // Twenty seconds: a bell in two, five notifications in ten.
  expect(alerts.filter(({ bell }) => bell)).toHaveLength(10);
  expect(alerts.filter(({ notify }) => notify)).toHaveLength(10);
  expect(chat.getSnapshot().conversations).toHaveLength(500);
  now += 60_000;
  const rings = (): number => alerts.filter(({ bell }) => bell).length;
  const bob = (): void => client.hear("bob", "hi", classicDirect("bob"));
  const before = rings();
  bob();
  now += 60_000;
  bob();
  expect(rings()).toBe(before + 1);
  chat.openNextUnread();
  chat.openNamed("bob");
  chat.openNamed("ALL");
  now += 60_000;
  bob();
  expect(rings()).toBe(before + 2);
});

function start(
  settings: Partial<Settings> = {},
  now: () => number = () => 0,
): { readonly chat: Chat; readonly client: FakeChatClient; readonly alerts: readonly Alert[] } {
  const client = new FakeChatClient();
  const alerts: Alert[] = [];
  const chat = createChat({
    client,
    server: "chat-server",
    now,
    settings: { ...DEFAULT_SETTINGS, ...settings },
    troubles: [],
    saveSettings: () => null,
    alert: (alert) => {
      alerts.push(alert);
      return Promise.resolve(null);
    },
  });
  return { chat, client, alerts };
}

function notes(chat: Chat): readonly string[] {
  return chat.getSnapshot().current.entries.flatMap((entry) => (entry.kind === "note" ? [entry.text] : []));
}

function online(name: string): Person {
  return { name, presence: "online" };
}
