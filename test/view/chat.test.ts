/** The chat's view-model over the real server; no terminal. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openTcp, type Open } from "../../src/client/transport/index.ts";
import { messagesIn, startChat } from "../helpers/chat.ts";
import { startRelay } from "../helpers/relay.ts";
import { startTestServer, type TestServer } from "../helpers/server.ts";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.stop());

describe("messages", () => {
  test("VW-1 an own message stands there at once, and is marked as taken when the server has proven it", async () => {
    await using alice = await startChat(server.port, "alice");
    expect(alice.chat.submit("hello")).toBe("done");
    expect(messagesIn(alice.chat, "ALL")).toMatchObject([{ text: "hello", own: true, delivery: { kind: "sending" } }]);
    await alice.until(({ current }) =>
      current.entries.some((e) => e.kind === "message" && e.delivery.kind === "taken"),
    );
    expect(messagesIn(alice.chat, "ALL")).toMatchObject([{ text: "hello", delivery: { kind: "taken" } }]);
  });

  test("VW-1 one that is refused says why, and one that the connection leaves open is unknown", async () => {
    await using alice = await startChat(server.port, "alice");
    alice.chat.submit("/msg nobody hi");
    const { conversations } = await alice.until(({ conversations: all }) =>
      all.some(
        (one) =>
          one.title === "nobody" && one.entries.some((e) => e.kind === "message" && e.delivery.kind === "refused"),
      ),
    );
    expect(conversations.map(({ title }) => title)).toEqual(["ALL", "nobody"]);
    await alice.noted("To nobody: hi");
    expect(messagesIn(alice.chat, "nobody")).toMatchObject([
      { delivery: { why: expect.stringContaining("Nobody by that name") } },
    ]);
    await alice.noted("To nobody: Nobody by that name is here");
    alice.chat.submit("are you there?");
    await server.stop();
    await alice.until(({ link }) => link.kind === "lost");
    expect(messagesIn(alice.chat, "ALL")).toMatchObject([{ delivery: { kind: "unknown" } }]);
  });

  test("VW-2 a broadcast is in the open room, a direct message in a conversation of its own", async () => {
    await using alice = await startChat(server.port, "alice");
    const bob = await server.join("bob");
    bob.broadcast("to all");
    bob.direct("alice", "to you");
    await alice.until(({ conversations }) => conversations.length === 2);
    expect(alice.said("ALL")).toEqual(["to all"]);
    expect(alice.said("bob")).toEqual(["to you"]);
  });

  test("VW-3 what comes while another conversation is current is unread; opening it reads it and draws the line", async () => {
    await using alice = await startChat(server.port, "alice");
    const bob = await server.join("bob");
    bob.direct("alice", "one");
    bob.direct("alice", "two");
    const { conversations } = await alice.until(({ conversations: [, direct] }) => direct?.unread === 2);
    expect(conversations[1]).toMatchObject({ title: "bob", unread: 2, highlights: 2 });
    alice.chat.openNextUnread();
    const { current } = alice.chat.getSnapshot();
    expect(current).toMatchObject({ title: "bob", unread: 0, highlights: 0, unreadFrom: current.entries[0]?.key });
    alice.chat.submit("three");
    expect(alice.chat.getSnapshot().current.unreadFrom).toBeNull();
  });

  test("VW-3 the unread line is gone when its conversation was left", async () => {
    await using alice = await startChat(server.port, "alice");
    const bob = await server.join("bob");
    bob.direct("alice", "one");
    await alice.until(({ conversations: [, direct] }) => direct?.unread === 1);
    alice.chat.openNamed("BOB");
    expect(alice.chat.getSnapshot().current).toMatchObject({ title: "bob", unreadFrom: expect.any(Number) });
    alice.chat.openNamed("ALL");
    alice.chat.openNamed("bob");
    expect(alice.chat.getSnapshot().current.unreadFrom).toBeNull();
  });

  test("VW-4 an emote is told in the third person, and a name in a text is a mention", async () => {
    await using alice = await startChat(server.port, "alice");
    const bob = await server.join("bob");
    bob.broadcast("/me waves at Alice.");
    await alice.until(({ current }) => current.entries.some(({ kind }) => kind === "message"));
    expect(messagesIn(alice.chat, "ALL")).toMatchObject([{ emote: true, text: "waves at Alice.", mention: true }]);
    alice.chat.submit("/me waves back");
    expect(await bob.line()).toBe("BROADCAST SENT");
    expect(await bob.message()).toMatchObject({ text: "/me waves back" });
  });
});

test("VW-18 a text that is too long for one message is not sent, and stays with its writer", async () => {
  await using alice = await startChat(server.port, "alice");
  expect(alice.chat.submit("ü".repeat(20_000))).toBe("kept");
  expect((await alice.noted("bytes too long for one message")).text).toMatch(/^That is \d+ bytes/);
  expect(alice.said("ALL")).toEqual([]);
  expect(alice.chat.submit("ü".repeat(16_000))).toBe("done");
  await alice.until(({ current }) =>
    current.entries.some((entry) => entry.kind === "message" && entry.delivery.kind === "taken"),
  );
});

describe("what is asked and ordered", () => {
  test("VW-5 who is here is known, sorted, and asked for again as time passes", async () => {
    await using alice = await startChat(server.port, "alice");
    await alice.until(({ members }) => members?.length === 1);
    await server.join("Zoe");
    await server.join("bob");
    alice.tick();
    expect((await alice.until(({ members }) => members?.length === 3)).members).toEqual(["alice", "bob", "Zoe"]);
  });

  test("VW-5 who speaks and was not known is looked up at once", async () => {
    await using alice = await startChat(server.port, "alice");
    await alice.until(({ members }) => members?.length === 1);
    const bob = await server.join("bob");
    bob.broadcast("hi");
    await alice.until(({ members }) => members?.includes("bob") === true);
  });

  test("VW-5 however much somebody unknown says, there is one question at a time", async () => {
    let questions = 0;
    const open: Open = async (address, signal) => {
      const socket = await openTcp(address, signal);
      const write = socket.write.bind(socket);
      socket.write = (chunk: string) => {
        if (chunk === "LIST\n") questions += 1;
        return write(chunk);
      };
      return socket;
    };
    await using alice = await startChat(server.port, "alice", { open });
    await alice.until(({ members }) => members?.length === 1);
    const bob = await server.join("bob");
    for (let n = 0; n < 10; n += 1) bob.broadcast(`line ${n}`);
    await alice.until(({ members }) => members?.length === 2 && alice.said("ALL").length === 10);
    // The first, one for bob's first line, and one for those that came before its answer.
    expect(questions).toBeGreaterThan(1);
    expect(questions).toBeLessThanOrEqual(3);
  });

  test("VW-6 commands and classic words ask and order the same, and the answers are notes", async () => {
    await using alice = await startChat(server.port, "alice");
    await server.join("bob");
    for (const [written, answer] of [
      ["/who", "Here: alice, bob"],
      ["INFO", "Server: "],
      ["SERVERHELP", "The server's own commands:\nLIST - "],
      ["SERVERINFO", "Server: "],
      ["/bans", "Nobody is banned."],
      ["/kick bob", "bob was kicked."],
      ["BAN bob", "bob is banned."],
      ["LISTBANS", "Banned: bob"],
      ["/unban bob", "bob is no longer banned."],
      ["/kick bob", "bob is not here."],
    ] as const) {
      expect(alice.chat.submit(written)).toBe("done");
      await alice.noted(answer);
    }
  });

  test("VW-6 what is not in the shape of a command is noted, and not kept as something still to be sent", async () => {
    await using alice = await startChat(server.port, "alice");
    expect(alice.chat.submit("/msg bob")).toBe("wrong");
    await alice.noted("Usage: /msg NAME TEXT");
    expect(alice.chat.submit("/etc/passwd is a file")).toBe("wrong");
    await alice.noted("to send it as a message, write //etc/passwd is a file");
    expect(alice.chat.submit("//etc/passwd is a file")).toBe("done");
    expect(alice.said("ALL")).toEqual(["/etc/passwd is a file"]);
    expect(alice.chat.say("/quit")).toBe(true);
    expect(alice.said("ALL")).toEqual(["/etc/passwd is a file", "/quit"]);
  });

  test("VW-7 help tells operators' commands to operators only", async () => {
    await using alice = await startChat(server.port, "alice");
    await using bob = await startChat(server.port, "bob");
    for (const { chat } of [alice, bob]) chat.submit("/help");
    expect((await alice.noted("/msg NAME TEXT")).text).toContain("/kick NAME");
    expect((await bob.noted("/msg NAME TEXT")).text).not.toContain("kick");
    bob.chat.submit("/help keys");
    expect((await bob.noted("alt-1 … alt-9: ")).text).toContain("ctrl-r: ");
    bob.chat.submit("/help kick");
    await bob.noted("/kick NAME [REASON]: ");
  });

  test("VW-26 who is kicked or banned for a reason is told it, over a protocol that has no place for one, too", async () => {
    await using alice = await startChat(server.port, "alice");
    await using bob = await startChat(server.port, "bob");
    alice.chat.submit("/msg bob hello");
    await bob.until(() => bob.said("alice").length === 1);
    alice.chat.submit("/kick bob too loud");
    await bob.chat.ended();
    expect(bob.said("alice")).toEqual(["hello", "You are being kicked: too loud"]);
    await alice.noted("bob was kicked.");
    await using carol = await startChat(server.port, "carol");
    carol.chat.submit("/kick alice for nothing");
    await carol.noted("Only operators may do that.");
    expect(alice.said("carol")).toEqual([]);
  });

  test("VW-8 who is ignored is not heard, until ignored no more; it is kept", async () => {
    await using alice = await startChat(server.port, "alice", { settings: { bell: "all" } });
    const [bob, carol] = [await server.join("bob"), await server.join("carol")];
    alice.chat.submit("/ignore Bob");
    bob.broadcast("unheard");
    expect(await bob.line()).toBe("BROADCAST SENT");
    carol.broadcast("heard");
    await alice.until(() => alice.said("ALL").length === 1);
    expect(alice.said("ALL")).toEqual(["heard"]);
    expect(alice.alerts.map(({ from }) => from)).toEqual(["carol"]);
    alice.chat.submit("/ignore");
    await alice.noted("You ignore bob.");
    alice.chat.submit("/ignore bob");
    expect(alice.saved.map(({ ignored }) => ignored)).toEqual([["bob"], []]);
  });

  test("VW-9 an automatic answer reads nothing: the unread line stays above the first message", async () => {
    await using alice = await startChat(server.port, "alice");
    const bob = await server.join("bob");
    alice.chat.submit("/away at lunch");
    bob.direct("alice", "one");
    expect(await bob.message()).toMatchObject({ text: "[away] at lunch" });
    bob.direct("alice", "two");
    await alice.until(({ conversations: [, direct] }) => direct?.unread === 2);
    alice.chat.openNamed("bob");
    const { current } = alice.chat.getSnapshot();
    expect(current.unreadFrom).toBe(current.entries[0]?.key);
  });

  test("VW-9 while away each who writes is told once, and two who are away don't answer each other for ever", async () => {
    await using alice = await startChat(server.port, "alice");
    await using bob = await startChat(server.port, "bob");
    alice.chat.submit("/away at lunch");
    bob.chat.submit("/away asleep");
    bob.chat.submit("/msg alice one");
    await bob.until(() => bob.said("alice").length === 2);
    bob.chat.submit("/msg alice two");
    await alice.until(() => alice.said("bob").filter((text) => text === "two").length === 1);
    expect(bob.said("alice")).toEqual(["one", "[away] at lunch", "two"]);
    alice.chat.submit("/away");
    expect(alice.chat.getSnapshot().away).toBeNull();
  });

  test("VW-10 a search finds the newest words and goes further back; writing ends it", async () => {
    await using alice = await startChat(server.port, "alice");
    for (const text of ["apple one", "pear", "Apple two"]) alice.chat.submit(text);
    alice.chat.submit("/search apple");
    const keyed = (text: string) => messagesIn(alice.chat, "ALL").find((message) => message.text === text);
    expect(alice.chat.getSnapshot().current.search).toEqual({ words: "apple", at: expect.any(Number) });
    expect(keyed("Apple two")).toMatchObject({ key: alice.chat.getSnapshot().current.search?.at });
    alice.chat.submit("/search");
    expect(keyed("apple one")).toMatchObject({ key: alice.chat.getSnapshot().current.search?.at });
    alice.chat.submit("/search");
    await alice.noted('Nothing older has "apple" here.');
    alice.chat.submit("pear again");
    expect(alice.chat.getSnapshot().current.search).toBeNull();
    alice.chat.submit("/clear");
    expect(alice.chat.getSnapshot().current.entries).toEqual([]);
  });

  test("VW-11 settings are told, changed and kept; what can't be is said", async () => {
    await using alice = await startChat(server.port, "alice", { trouble: "the disk is full" });
    alice.chat.submit("/set");
    await alice.noted("bell direct (off, direct, all): ");
    expect(alice.chat.submit("/set bell all")).toBe("done");
    expect(alice.chat.getSnapshot().settings.bell).toBe("all");
    expect(alice.saved).toMatchObject([{ bell: "all" }]);
    await alice.noted("bell is all now. It could not be saved for next time: the disk is full");
    expect(alice.chat.submit("/set bell loud")).toBe("wrong");
    await alice.noted("bell can be off, direct, all, not loud.");
    expect(alice.chat.submit("/set volume 11")).toBe("wrong");
  });
});

describe("being noticed", () => {
  test("VW-12 direct messages and mentions ring and notify, others only when all do; a failure is noted", async () => {
    const settings = { bell: "direct", notify: ["tell-me"] } as const;
    await using alice = await startChat(server.port, "alice", { settings, trouble: "tell-me can't be run" });
    const bob = await server.join("bob");
    bob.broadcast("just so");
    bob.broadcast("alice: look");
    bob.direct("alice", "psst");
    await alice.until(({ conversations }) => conversations.length === 2);
    expect(alice.alerts).toEqual([
      { bell: true, notify: true, from: "bob", to: "ALL", text: "alice: look" },
      { bell: true, notify: true, from: "bob", to: "alice", text: "psst" },
    ]);
    await alice.noted("tell-me can't be run");
    alice.chat.submit("/set bell all");
    bob.broadcast("once more");
    await alice.until(() => alice.said("ALL").includes("once more"));
    expect(alice.alerts.at(-1)).toMatchObject({ bell: true, notify: false, text: "once more" });
  });
});

describe("the connection", () => {
  test("VW-13 a lost connection is told once; what is written meanwhile stays with the writer; it comes back by itself", async () => {
    const { port } = server;
    await using alice = await startChat(port, "alice");
    await server.stop();
    await alice.until(({ link }) => link.kind === "lost");
    expect(alice.chat.submit("still here?")).toBe("kept");
    expect(alice.said("ALL")).toEqual([]);
    server = await startTestServer({ config: { port } });
    await alice.until(({ link }) => link.kind === "online");
    await alice.noted("Connected again");
    const notes = alice.chat
      .getSnapshot()
      .current.entries.filter((e) => e.kind === "note" && e.text.includes("Trying again"));
    expect(notes).toHaveLength(1);
    expect(alice.chat.submit("here again")).toBe("done");
  });

  test("VW-13 a name that is still held by our own ghost is explained and asked for again", async () => {
    await using relay = await startRelay(server.port);
    await using alice = await startChat(relay.port, "alice");
    relay.cut();
    await alice.noted("Your name is still taken, most likely by your own old connection");
    relay.bury();
    await alice.noted("Connected again");
  });

  test("VW-14 who is kicked reads why, and the chat is over", async () => {
    const boss = await server.join("boss");
    await using alice = await startChat(server.port, "alice");
    boss.say("KICK alice");
    await alice.chat.ended();
    expect(alice.chat.getSnapshot().link).toEqual({
      kind: "ended",
      text: "An operator kicked you. You may come back.",
    });
    await alice.noted("An operator kicked you.");
    expect(alice.chat.submit("hello?")).toBe("kept");
  });

  test("VW-17 what went wrong before it began is told in the chat", async () => {
    await using alice = await startChat(server.port, "alice", { troubles: ["settings.json is no JSON object"] });
    await alice.noted("settings.json is no JSON object");
  });

  test("VW-14 /quit leaves", async () => {
    await using alice = await startChat(server.port, "alice");
    alice.chat.submit("/quit");
    await alice.chat.ended();
    expect(alice.chat.getSnapshot().link).toEqual({ kind: "ended", text: "Goodbye." });
  });
});

describe("completion", () => {
  test("VW-15 names are completed, who spoke last first, and commands as far as one may use them", async () => {
    await using alice = await startChat(server.port, "alice");
    await using carol = await startChat(server.port, "carol");
    const bill = await server.join("bill");
    await server.join("Bob");
    alice.tick();
    await alice.until(({ members }) => members?.length === 4);
    expect(alice.chat.complete("b")).toEqual({ length: 1, candidates: ["bill: ", "Bob: "] });
    expect(alice.chat.complete("hi B")).toEqual({ length: 1, candidates: ["bill ", "Bob "] });
    bill.broadcast("I am new");
    await alice.until(() => alice.said("ALL").length === 1);
    expect(alice.chat.complete("/msg b").candidates).toEqual(["bill ", "Bob "]);
    expect(alice.chat.complete("ali").candidates).toEqual([]);
    expect(alice.chat.complete("/ki").candidates).toEqual(["/kick "]);
    expect(carol.chat.complete("/ki").candidates).toEqual([]);
  });
});
