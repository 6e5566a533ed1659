/** The chat's view-model over a fake world of chats that seal. */
import { expect, test } from "vitest";
import type { Chat } from "../../src/view/chat/chat.ts";
import type { Alert } from "../../src/view/chat/alerts.ts";
import { createChat } from "../../src/view/chat/chat-model.ts";
import type { Conversation, Entry } from "../../src/view/chat/snapshot.ts";
import type { ChatPorts } from "../../src/view/chat/ports.ts";
import { OPEN_ROOM, type Hold } from "../../src/client/index.ts";
import { titleInList, whoReads } from "../../src/view/chat/who-reads.ts";
import { tellNews } from "../../src/cli/chatting/news.ts";
import { DEFAULT_SETTINGS } from "../../src/view/settings/table.ts";
import { FakeSealedWorld, type FakeSealedChat } from "../helpers/fake-sealed-world.ts";

test("VW-30 it begins in #everyone, with what was said before above what is noted now; ALL is listed", async () => {
  const { alice, bob, everyone } = meet();
  for (let nth = 0; nth < 150; nth += 1) await bob.send(everyone, `${nth}`);
  const { chat } = await open(alice);
  const { current, conversations } = chat.getSnapshot();
  expect(current.title).toBe("#everyone");
  expect(conversations.map(({ title, serverReads }) => [title, serverReads])).toEqual([
    ["#everyone", false],
    ["ALL", true],
  ]);
  expect(said(current)).toEqual(Array.from({ length: 100 }, (_, nth) => `${nth + 50}`));
  expect(current.entries.at(-1)?.kind).toBe("note");
  chat.loadOlder();
  await settled();
  expect(said(chat.getSnapshot().current)).toHaveLength(150);
});

test("VW-54 a /to that comes to nothing says where one still writes, and whether the server reads it", async () => {
  const { alice } = meet();
  const { chat } = await open(alice);
  chat.submit("/to zoe");
  await settled();
  expect(notesOf(chat).at(-1)).toMatch(/zoe.* You still write to #everyone\.$/);
  chat.submit("/to ALL");
  chat.submit("/to zoe");
  await settled();
  expect(notesOf(chat).at(-1)).toMatch(/zoe.* You still write to ALL, which the server reads\.$/);
});

test("VW-31 what is written while the server is away waits, and goes out by itself", async () => {
  const { world, alice } = meet();
  const { chat } = await open(alice);
  world.setOnline(false);
  expect(chat.submit("into the dark")).toBe("done");
  expect(lastMessage(chat)).toMatchObject({ text: "into the dark", own: true, delivery: { kind: "sending" } });
  world.setOnline(true);
  await settled();
  expect(lastMessage(chat)).toMatchObject({ text: "into the dark", delivery: { kind: "stored" } });
  expect(said(chat.getSnapshot().current)).toEqual(["into the dark"]);
});

test("VW-55 what is refused before it stands in the conversation is shown with its words and what to do", async () => {
  const { alice } = meet();
  const { chat } = await open(alice);
  alice.send = () => Promise.resolve({ kind: "refused", error: { reason: "not-in-conversation" } });
  expect(chat.submit("is anybody here?")).toBe("done");
  await settled();
  const told = notesOf(chat).filter((text) => text.includes("is anybody here?"));
  expect(told).toEqual([expect.stringMatching(/^To #everyone: You are not in .* \/join.* This was not sent: /)]);
  alice.send = () => Promise.resolve({ kind: "not-sent", why: "busy" });
  chat.submit("and now?");
  await settled();
  expect(notesOf(chat).at(-1)).toMatch(/^To #everyone: .* This was not sent: and now\?$/);
});

test("VW-37 while the agent doesn't answer what is written stays with its writer, and what it had been given is shown", async () => {
  const { alice } = meet();
  const { chat } = await open(alice);
  const given = Promise.withResolvers<never>();
  alice.send = () => given.promise;
  chat.submit("just before");
  const loss = { kind: "agent", why: "silent", text: "Your agent doesn't answer. pad agent stop ends it." } as const;
  alice.tellEvent({ kind: "state", state: { kind: "waiting", attempt: 0, delay: 0, loss } });
  expect(chat.getSnapshot().link).toEqual({ kind: "lost", text: loss.text, takes: false });
  expect(notesOf(chat)).toContain("To #everyone, not taken yet: just before");
  expect(notesOf(chat)).toContain(loss.text);
  expect(chat.submit("into the ice")).toBe("kept");
  expect(chat.submit("/msg bob into the ice")).toBe("done");
  alice.tellEvent({ kind: "state", state: { kind: "online", operator: false } });
  expect(chat.submit("thawed")).toBe("done");
});

test("VW-26 who is banned is listed with the reasons that were given, each in a line of its own", async () => {
  const { alice } = meet();
  const { chat } = await open(alice);
  let value = [{ name: "eve", reason: null as string | null }];
  Object.defineProperty(alice, "bans", { value: () => Promise.resolve({ kind: "answered", value }) });
  chat.submit("/bans");
  await settled();
  expect(notesOf(chat).at(-1)).toBe("Banned: eve");
  value = [...value, { name: "mallory", reason: "spam\n13:12 bob: \u202ehi\u001b[2J" }];
  chat.submit("/bans");
  await settled();
  expect(notesOf(chat).at(-1)).toBe("Banned:\neve\nmallory: spam 13:12 bob: <U+202E>hi␛[2J");
});

test("VW-40 what came while no window was open is unread, with a line above it; what was seen isn't, and one's own never", async () => {
  const { alice, bob, everyone } = meet();
  const marks = new Map<string, number>();
  const seen = { of: (id: string) => marks.get(id) ?? 0, mark: (id: string, at: number) => void marks.set(id, at) };
  await bob.send(everyone, "one");
  let isThere = true;
  const first = await open(alice, { seen: { ...seen, mark: (id, at) => void (isThere && seen.mark(id, at)) } });
  first.chat.submit("/to bob");
  await settled();
  await first.chat.leave();
  isThere = false;
  const talk = await bob.direct("alice");
  if (talk.kind !== "answered") throw new Error(talk.kind);
  await bob.send(everyone, "two");
  await bob.send(talk.value.id, "psst");
  await alice.send(everyone, "from a script");
  const { chat } = await open(alice, { seen });
  await settled();
  const { current, conversations } = chat.getSnapshot();
  expect(said(current)).toEqual(["one", "two", "from a script"]);
  expect(current.entries.find(({ key }) => key === current.unreadFrom)).toMatchObject({ text: "two" });
  expect(current.unread).toBe(0);
  expect(conversations.find(({ title }) => title === "bob")).toMatchObject({ unread: 1, highlights: 1 });
  chat.openNextUnread();
  await settled();
  expect(said(chat.getSnapshot().current)).toEqual(["psst"]);
  const again = await open(alice, { seen });
  expect(again.chat.getSnapshot().conversations.map(({ unread }) => unread)).toEqual([0, 0, 0]);
  expect(again.chat.getSnapshot().current.unreadFrom).toBeNull();
});

test("VW-38 why something waits is said as long as it does", async () => {
  const { alice } = meet();
  const { chat } = await open(alice);
  alice.hold("#everyone", { kind: "new-readers", who: ["carol"] });
  chat.submit("for whom?");
  await settled();
  expect(notesOf(chat).filter((text) => text.startsWith("Not sent yet"))).toHaveLength(1);
  chat.submit("/accept");
  await settled();
  expect(notesOf(chat).filter((text) => text.startsWith("Not sent yet"))).toEqual([]);
  expect(chat.submit("/accept dave")).toBe("wrong");
  expect(notesOf(chat).at(-1)).toBe("Nothing of yours waits here, so there is nothing of dave to accept.");
});

test("VW-39 of two conversations with one person the list says which the server reads", async () => {
  const { alice } = meet();
  const { chat } = await open(alice);
  chat.submit("/to bob");
  await settled();
  chat.submit("/plain bob");
  await settled();
  const { conversations, current } = chat.getSnapshot();
  expect(conversations.map((one) => titleInList(one, conversations))).toEqual([
    "#everyone",
    "ALL",
    "bob",
    "bob (plain)",
  ]);
  expect(notesOf(chat).at(-1)).toMatch(/the server can read what you and bob write\. .*closed lock.*\/to bob/);
  chat.submit("/to bob");
  await settled();
  expect(chat.getSnapshot().current.kind).toBe("sealed-direct");
  expect(current.kind).toBe("classic-direct");
});

test("VW-30 the open room of a server that was found later stands behind the first conversation, and stays", async () => {
  const { alice } = meet();
  const openRoom = alice.conversations.find(({ kind }) => kind === "open-room");
  if (openRoom === undefined) throw new Error("no open room");
  const without = alice.conversations.filter((one) => one !== openRoom);
  Object.defineProperty(alice, "conversations", { value: without });
  const { chat } = await open(alice);
  expect(chat.submit("/to nobody")).toBe("done");
  alice.tellEvent({ kind: "conversation", conversation: openRoom });
  expect(chat.getSnapshot().conversations[1]?.title).toBe("ALL");
  chat.submit("/close ALL");
  expect(chat.getSnapshot().conversations[1]?.title).toBe("ALL");
});

test("VW-31 whoever was shown as a reader before somebody began to write holds nothing back; who comes while they write does", async () => {
  const { world, alice } = meet();
  const { chat } = await open(alice);
  world.join("carol");
  alice.hold("#everyone", { kind: "new-readers", who: ["carol"] });
  chat.began();
  chat.submit("seen");
  await settled();
  expect(lastMessage(chat)).toMatchObject({ text: "seen", delivery: { kind: "stored" } });
  chat.began();
  world.join("dave");
  alice.hold("#everyone", { kind: "new-readers", who: ["dave"] });
  chat.submit("unseen");
  await settled();
  expect(lastMessage(chat)).toMatchObject({ text: "unseen", delivery: { kind: "sending" } });
  chat.submit("/accept");
  await settled();
  // A room of more people than the line names, into which somebody came in sight.
  world.join("erin");
  alice.hold("#everyone", { kind: "new-readers", who: ["erin"] });
  chat.began();
  chat.submit("seen, too");
  await settled();
  expect(lastMessage(chat)).toMatchObject({ text: "seen, too", delivery: { kind: "stored" } });
});

test("VW-31 new readers hold it until /accept; a changed key needs its owner's name", async () => {
  const { world, alice } = meet();
  const { chat } = await open(alice);
  world.join("carol");
  alice.hold("#everyone", { kind: "new-readers", who: ["carol"] });
  chat.submit("for whom?");
  await settled();
  expect(chat.getSnapshot().current.held).toContain("new here, and would read it: carol");
  chat.submit("/accept");
  await settled();
  expect(chat.getSnapshot().current.held).toBeNull();
  expect(lastMessage(chat)).toMatchObject({ text: "for whom?", delivery: { kind: "stored" } });
  alice.hold("#everyone", { kind: "changed-key", who: ["bob"] });
  chat.submit("secret");
  await settled();
  chat.submit("/accept");
  chat.submit("/accept carol");
  await settled();
  expect(lastMessage(chat)).toMatchObject({ text: "secret", delivery: { kind: "sending" } });
  chat.submit("/accept bob");
  await settled();
  expect(lastMessage(chat)).toMatchObject({ text: "secret", delivery: { kind: "stored" } });
});

test("VW-31 a window that opens later learns of a hold with its first message", async () => {
  const { world, alice } = meet();
  alice.hold("#everyone", { kind: "new-readers", who: ["carol"] });
  const { chat } = await open(alice);
  expect(chat.getSnapshot().current.held).toBeNull();
  chat.submit("hi from the screen");
  await settled();
  expect(chat.getSnapshot().current.held).toContain("new here, and would read it: carol");
  chat.submit("/accept");
  await settled();
  expect(world.group("#everyone").log.at(-1)).toMatchObject({ text: "hi from the screen" });
});

test("VW-31 what is held can be taken back before it went out", async () => {
  const { world, alice } = meet();
  const { chat } = await open(alice);
  alice.hold("#everyone", { kind: "new-readers", who: ["carol"] });
  chat.submit("never mind");
  chat.submit("/delete");
  chat.submit("/accept");
  await settled();
  expect(world.group("#everyone").log.filter(({ body }) => body === "text")).toEqual([]);
});

test("VW-32 of a message that was taken back before it went out nothing stays; lines, which can't unprint it, say that it was", async () => {
  const { alice, everyone } = meet();
  const { chat } = await open(alice);
  const told: string[] = [];
  tellNews(chat, ({ text }) => told.push(text));
  alice.hold("#everyone", { kind: "new-readers", who: ["carol"] });
  chat.submit("typed here");
  chat.submit("/delete");
  await settled();
  told.length = 0;
  void alice.send(everyone, "by a script");
  const { current } = chat.getSnapshot();
  const script = current.entries.findLast(({ kind, text }) => kind === "message" && text === "by a script");
  expect(script).toMatchObject({ sealed: { isFromHere: false } });
  await alice.remove(everyone, script?.kind === "message" ? (script.sealed?.id ?? "") : "");
  await settled();
  expect(chat.getSnapshot().current.entries.filter((entry) => entry.kind === "message" && entry.own)).toEqual([]);
  expect(told.filter((text) => text.includes("alice"))).toEqual([
    "alice (#everyone): by a script",
    "alice took a message back.",
  ]);
});

test("VW-32 changed and deleted messages are shown in their place, and who came is nobody's message", async () => {
  const { world, alice, bob, everyone } = meet();
  const { chat, alerts } = await open(alice);
  await bob.send(everyone, "alice: one");
  const id = world.group("#everyone").log.at(-1)?.id ?? "";
  await bob.edit(everyone, id, "two");
  expect(lastMessage(chat)).toMatchObject({ text: "two", sealed: { edited: true } });
  await bob.remove(everyone, id);
  expect(lastMessage(chat)).toMatchObject({ sealed: { body: "deleted" } });
  chat.openNamed("ALL");
  world.join("alice-two");
  expect(chat.getSnapshot().conversations[0]).toMatchObject({ unread: 0, highlights: 0 });
  expect(alerts).toBe(0);
});

test("VW-33 rooms and their commands, and messages by their place from the end", async () => {
  const { world, alice, bob } = meet();
  const { chat } = await open(alice);
  chat.submit("/create #ops invite");
  await settled();
  expect(chat.getSnapshot().current).toMatchObject({ title: "#ops", isOpen: false });
  chat.submit("/invite bob");
  chat.submit("first");
  chat.submit("second");
  chat.submit("/edit ^2 changed");
  chat.submit("/delete");
  await settled();
  const log = world.group("#ops").log.filter(({ body }) => body !== "members");
  expect(log.map(({ text, body, edited }) => [text, body, edited])).toEqual([
    ["changed", "text", true],
    ["", "deleted", false],
  ]);
  await bob.send(bob.named("#ops")?.id ?? alice.conversations[0]!.id, "a question");
  chat.submit("/reply an answer");
  await settled();
  expect(lastMessage(chat)).toMatchObject({
    text: "an answer",
    sealed: { replyTo: { from: "bob", text: "a question" } },
  });
  for (const command of ["/members", "/rooms", "/devices", "/readers"]) chat.submit(command);
  await settled();
  const notes = chat
    .getSnapshot()
    .current.entries.filter(({ kind }) => kind === "note")
    .map(({ text }) => text);
  expect(notes.some((text) => text.includes("bob: a name only, the server says so; on laptop"))).toBe(true);
  expect(notes.some((text) => text.includes("#ops: by invitation, 2 in it, you are in it"))).toBe(true);
  expect(notes.some((text) => text.includes("laptop (this one): confirmed"))).toBe(true);
  expect(notes.some((text) => text.includes("could be read by alice, bob"))).toBe(true);
  chat.submit("/leave");
  await settled();
  expect(world.group("#ops").members).toEqual(["bob"]);
  expect(chat.submit("/edit")).toBe("wrong");
  chat.submit("/to #nowhere");
  await settled();
  expect(chat.getSnapshot().current.entries.at(-1)?.text).toContain("You are not in #nowhere.");
});

test("VW-33 without a chat that seals, each of its commands says so", async () => {
  const { alice } = meet();
  const { chat } = await open(alice, { isClassic: true });
  for (const command of [
    "/create #ops",
    "/join #ops",
    "/leave",
    "/invite bob",
    "/plain bob",
    "/edit x",
    "/delete",
    "/reply x",
    "/accept",
    "/verify bob",
  ]) {
    expect(chat.submit(command)).toBe("wrong");
    expect(chat.getSnapshot().current.entries.at(-1)?.text).toContain("can't seal");
  }
  expect(chat.submit("/readers")).toBe("done");
});

test("VN-5 the number that was shown is what is the same; the other's own words are checked, and a changed key is warned of", async () => {
  const { alice, bob } = meet();
  const { chat } = await open(alice);
  const told = async (command: string) => {
    expect(chat.submit(command)).toBe("done");
    await settled();
    return chat.getSnapshot().current.entries.at(-1);
  };
  expect((await told("/verify bob same"))?.text).toBe("Look at the number first: /verify bob");
  const shown = await told("/verify Bob");
  const bobs = await bob.safetyNumber("alice");
  if (bobs.kind !== "answered") throw new Error("no number");
  expect(shown?.text.replaceAll(/\D/g, "")).toBe(bobs.value.number);
  expect(shown?.text).toContain("Not compared yet.");
  expect(shown?.text).toContain("/verify bob same");
  expect((await told(`/verify bob ${"1".repeat(60)}`))?.text).toContain("not the number of the two of you");
  expect((await told("/verify bob same"))?.text).toContain("Remembered");
  expect((await told("/members"))?.text).toContain("bob: a name only, you have compared keys");
  expect((await told("/verify bob"))?.text).toContain("You have compared it");

  alice.changedKeys.add("bob");
  expect((await told("/verify bob same"))?.text).toContain("not the number of the two of you");
  const changed = await told("/verify bob");
  expect(changed).toMatchObject({ kind: "note", tone: "trouble" });
  expect(changed?.text).toContain("CAREFUL");
  expect((await told("/verify bob same"))?.text).toContain("Remembered");
  expect((await told("/verify nobody"))?.text).toContain("Nobody called nobody");
});

test("VW-34 who comes into no room before is told what a name is worth here as soon as they are in one, once", async () => {
  const { world, alice, everyone } = meet();
  await alice.leave(everyone);
  const { chat } = await open(alice);
  const worth = () => {
    const all = chat.getSnapshot().conversations.flatMap(({ entries }) => entries);
    return all.filter(({ text }) => text.includes("No tailnet vouches for names here"));
  };
  expect(worth()).toEqual([]);
  world.enter(world.group("#everyone"), "alice", "alice");
  await settled();
  world.join("carol");
  await settled();
  expect(worth()).toHaveLength(1);
});

test("VW-34 who will read is told before one writes", async () => {
  const { alice } = meet();
  const { chat } = await open(alice);
  const { current, conversations } = chat.getSnapshot();
  expect(whoReads(current, "alice")).toBe("bob, whoever joins");
  expect(whoReads({ ...current, readerNames: ["alice", "b", "c", "d", "e"], isOpen: false }, "alice")).toBe("4 others");
  expect(whoReads({ ...current, readerNames: ["alice"], isOpen: false }, "alice")).toBe("nobody else yet");
  expect(whoReads(conversations[1] ?? current, "alice")).toBe("server reads");
  expect(current.readers).toBe("alice, bob, and whoever this server lets in and joins");
  expect(current.entries.some(({ text }) => text.includes("No tailnet vouches for names here"))).toBe(true);
});

test("VW-35 what another window writes is one's own, and lines tell it; what was typed here they don't", async () => {
  const { alice, everyone } = meet();
  const { chat } = await open(alice);
  const told: string[] = [];
  tellNews(chat, ({ text }) => told.push(text));
  told.length = 0;
  chat.submit("from here");
  await alice.send(everyone, "from there");
  await settled();
  expect(said(chat.getSnapshot().current)).toEqual(["from here", "from there"]);
  expect(told).toEqual(["alice (#everyone): from there"]);
});

test("VW-35 lines tell what waits, what has gone out then, and what was changed", async () => {
  const { world, alice, bob, everyone } = meet();
  const { chat } = await open(alice);
  const told: string[] = [];
  tellNews(chat, ({ text }) => told.push(text));
  world.setOnline(false);
  told.length = 0;
  chat.submit("later");
  world.setOnline(true);
  await bob.send(everyone, "hi");
  const last = world.group("#everyone").log.at(-1)?.id ?? "";
  await bob.edit(everyone, last, "hello");
  await bob.remove(everyone, last);
  await settled();
  expect(told.filter((text) => !text.startsWith("Connected"))).toEqual([
    'To #everyone, "later": waits for the server, and goes out when it is back.',
    'To #everyone, "later": sent now.',
    "bob (#everyone): hi",
    "bob changed a message: hello",
    "bob took a message back.",
  ]);
});

test("VW-56 whose key is in doubt has a mark in lines, alerts, answers and found messages", async () => {
  const { world, alice } = meet();
  const alerts: string[] = [];
  const alert = async ({ from }: Alert) => {
    alerts.push(from);
    return await Promise.resolve(null);
  };
  const { chat } = await open(alice, { alert });
  const told: string[] = [];
  tellNews(chat, ({ text }) => told.push(text));
  told.length = 0;
  chat.submit("/set bell all");
  const { id } = world.append(world.group("#everyone"), { from: "bob", text: "new account", doubt: "changed-key" });
  world.append(world.group("#everyone"), { from: "carol", text: "really?", replyTo: id });
  chat.submit("/clear");
  chat.submit("/search account");
  await settled();
  expect(told.filter((text) => text.includes("account"))).toEqual([
    "bob (key changed, not confirmed) (#everyone): new account",
    "carol (#everyone): (to bob (key changed, not confirmed): new account) really?",
    'With "account", the newest last:',
    expect.stringMatching(/ bob \(key changed, not confirmed\): new account/),
  ]);
  expect(alerts[0]).toBe("bob (key changed, not confirmed)");
});

test("VW-57 a hold by a device that its person has removed says what is so, and no word accepts it", async () => {
  const { world, alice } = meet();
  const { chat } = await open(alice);
  alice.hold("#everyone", { kind: "removed-device", who: ["bob"] });
  chat.submit("secret");
  await settled();
  for (const words of ["/accept", "/accept bob"]) chat.submit(words);
  await settled();
  expect(chat.getSnapshot().current.held).toMatch(
    /^Not sent yet: bob removed a device, and that device is still in here, or in again.*ask bob, by another way, to remove it once more/,
  );
  chat.submit("/delete");
  await settled();
  expect(world.group("#everyone").log.some(({ text }) => text === "secret")).toBe(false);
});

test("VW-58 a key or device of one's own person that holds is told as that, and beside others' as well", async () => {
  const { alice } = meet();
  const { chat } = await open(alice);
  const held = async (hold: Hold): Promise<string> => {
    alice.tellEvent({ kind: "held", conversation: alice.conversations[0] ?? OPEN_ROOM, hold });
    await settled();
    return chat.getSnapshot().current.held ?? "";
  };
  const ours = "Not sent: another device of yours shows a key that this one doesn't have.";
  const look = "Look at your devices: /devices. If you know the one that is new: /accept alice takes its key";
  const own = await held({ kind: "changed-key", who: ["alice"], own: ["alice"] });
  expect(own.startsWith(`${ours} ${look}`)).toBe(true);
  expect(own).not.toMatch(/verify|Ask them/);
  const both = await held({ kind: "changed-key", who: ["bob", "alice"], own: ["alice"], compared: ["bob"] });
  expect(both.startsWith(`${ours} Not sent: the key of bob is not the one that you have compared.`)).toBe(true);
  expect(both).toContain("/verify bob.");
  expect(await held({ kind: "removed-device", who: ["alice"], own: ["alice"] })).toMatch(
    /^Not sent yet: you removed a device.* remove it once more \(pad devices remove\)/,
  );
});

test("VW-59 a room that one has left can be opened and read, also in a window that came later, and says that one isn't in it", async () => {
  const { world, alice } = meet();
  const made = await alice.createRoom("ops", "invite");
  if (made.kind !== "answered") throw new Error("no room");
  await alice.send(made.value.id, "the last word");
  await alice.leave(made.value.id);
  const { chat } = await open(alice);
  chat.submit("/to #ops");
  await settled();
  const { current } = chat.getSnapshot();
  expect([current.title, said(current)]).toEqual(["#ops", ["the last word"]]);
  expect(current.entries.at(-1)?.text).toMatch(/^You are not in #ops now: .* \/join #ops comes in again/);
  expect([current.readers, whoReads(current, "alice")]).toEqual(["nobody now", "nobody now"]);
  expect(world.group("#ops").members).toEqual([]);
  chat.submit("/to #nowhere");
  await settled();
  expect(chat.getSnapshot().current.title).toBe("#ops");
  expect(chat.getSnapshot().current.entries.at(-1)?.text).toBe(
    "You are not in #nowhere. /join #nowhere comes in, /rooms lists what there is.",
  );
});

test("VW-33 /readers and /members say nothing of who left last, and in a room that one has left that this device isn't in it", async () => {
  const { alice } = meet();
  const { chat } = await open(alice);
  chat.submit("/create #ops invite");
  await settled();
  chat.submit("the last word");
  chat.submit("/leave");
  await settled();
  chat.submit("/readers");
  chat.submit("/members");
  await settled();
  expect(notesOf(chat).slice(-2)).toEqual([
    expect.stringMatching(/^What is written here .*\nThe last message, by alice, could be read by alice\.$/),
    "This device is not in #ops now, and can't tell who is.",
  ]);
});

test("VW-35 lines say which conversation a note is of, where it is another than the one that is written to", async () => {
  const { alice } = meet();
  const { chat } = await open(alice);
  chat.submit("/to bob");
  await settled();
  const told: [string, boolean | undefined][] = [];
  tellNews(chat, ({ text, elsewhere }) => told.push([text, elsewhere]));
  told.length = 0;
  alice.hold("#everyone", { kind: "new-readers", who: ["carol"] });
  const [everyone] = alice.conversations;
  if (everyone === undefined) throw new Error("no room");
  alice.tellEvent({ kind: "held", conversation: everyone, hold: { kind: "new-readers", who: ["carol"] } });
  chat.submit("/help nothing");
  expect(told).toEqual([
    [expect.stringMatching(/^#everyone: Not sent yet: new here/), true],
    [expect.stringMatching(/^(?!bob)/), false],
  ]);
});

test("VW-36 a person is written to sealed; who has no device the classic way, and nobody loses a text", async () => {
  const { world, alice } = meet();
  world.classic.push("dave");
  const { chat } = await open(alice);
  chat.submit("/msg bob psst");
  chat.submit("/to bob");
  await settled();
  expect(chat.getSnapshot().current).toMatchObject({ title: "bob", kind: "sealed-direct", serverReads: false });
  expect(said(chat.getSnapshot().current)).toEqual(["psst"]);
  chat.submit("/to dave");
  await settled();
  expect(chat.getSnapshot().current).toMatchObject({ title: "dave", serverReads: true });
  chat.submit("/msg nobody a long text");
  await settled();
  expect(chat.getSnapshot().current.entries.at(-1)?.text).toBe(
    "Nobody called nobody is known here. This was not sent to nobody: a long text",
  );
  chat.submit("/plain bob");
  await settled();
  expect(chat.getSnapshot().current).toMatchObject({ title: "bob", serverReads: true });
});

function meet() {
  const world = new FakeSealedWorld();
  const [alice, bob] = [world.join("alice"), world.join("bob")];
  const everyone = bob.named("#everyone")?.id;
  if (everyone === undefined) throw new Error("no room");
  void alice.acceptReaders(everyone);
  return { world, alice, bob, everyone };
}

async function open(
  client: FakeSealedChat,
  { isClassic = false, ...more }: Partial<ChatPorts> & { readonly isClassic?: boolean } = {},
) {
  let alerts = 0;
  const chat = createChat({
    client,
    ...(isClassic ? {} : { sealed: client }),
    server: "chat",
    now: () => client.world.now,
    settings: DEFAULT_SETTINGS,
    troubles: [],
    saveSettings: () => null,
    alert: () => {
      alerts += 1;
      return Promise.resolve(null);
    },
    ...more,
  });
  await settled();
  return {
    chat,
    get alerts() {
      return alerts;
    },
  };
}

/** All that the fake world answers has been heard. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

function said({ entries }: Conversation): readonly string[] {
  return entries.flatMap((entry) =>
    entry.kind === "message" && (entry.sealed?.body ?? "text") === "text" ? [entry.text] : [],
  );
}

function lastMessage(chat: Chat): Entry | undefined {
  return chat.getSnapshot().current.entries.findLast(({ kind }) => kind === "message");
}

function notesOf(chat: Chat): readonly string[] {
  return chat.getSnapshot().current.entries.flatMap((entry) => (entry.kind === "note" ? [entry.text] : []));
}
