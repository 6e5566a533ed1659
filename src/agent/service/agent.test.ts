import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { FakeAgents, SERVER } from "../../../test/agent/fake-agent.ts";
import { scratchFolder } from "../../../test/helpers/program.ts";
import { OPEN_ROOM } from "../../client/index.ts";
import type { ChatEvent, Conversation, SealedChat } from "../../client/index.ts";
import { agentStatus, stopAgent } from "../face/control.ts";

test("AG-1 a face that comes late is whole: who one is, the state, the conversations and what is said from now on", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  agents.world.join("bob");
  const first = await agents.face();
  await first.createRoom("ops", "invite");
  const late = await agents.face();
  expect(late.me).toBe("alice");
  expect(late.state).toEqual({ kind: "online", operator: false });
  expect(late.conversations.map(({ title }) => title)).toEqual(["#everyone", "ALL", "#ops"]);
  expect(late.conversations).toEqual(agents.chats.get("alice")?.conversations);
  expect(late.named("#OPS")).toEqual(late.conversations[2]);
  expect(late.named("all")).toEqual(OPEN_ROOM);
  expect(late.named("nobody")).toBeNull();
  expect(late.longestText(OPEN_ROOM.id)).toBe(16_384);
  expect(agents.starts).toBe(1);
});

test("AG-60 who comes when as many are attached as the agent takes is told just that", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  const face = await agents.face();
  const sockets = Array.from({ length: 300 }, () => connect(agents.place.socket));
  await Promise.all(sockets.map(async (socket) => await once(socket, "data")));
  expect(await agents.attach()).toMatchObject({
    kind: "failed",
    why: "busy",
    text: expect.stringContaining("Close some"),
  });
  for (const socket of sockets) socket.destroy();
  await face.close();
});

test("AG-61 what a person is to know while nobody looks is told to the next face, once", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  await (await agents.face()).close();
  const chat = agents.chats.get("alice");
  while ((await facesOf(agents)) > 0) await setImmediate();
  for (let count = 1; count <= 9; count += 1) chat?.notice(`notice ${count}`);
  const [one, other] = [await agents.face(), await agents.face()];
  const [first, second] = [heard(one), heard(other)];
  await one.people();
  await other.people();
  expect(notices(first)).toEqual([2, 3, 4, 5, 6, 7, 8, 9].map((count) => `notice ${count}`));
  expect(notices(second)).toEqual([]);
});

test("AG-2 all faces of a chat see what one of them does, in the same order", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  const [one, other] = [await agents.face(), await agents.face()];
  const [seen, seenByOther] = [heard(one), heard(other)];
  const everyone = room(one, "#everyone");
  expect(await one.send(everyone.id, "hello")).toEqual({ kind: "taken" });
  await one.close();
  await agents.face();
  expect(texts(seen)).toEqual(texts(seenByOther));
  expect(texts(seenByOther)).toContain("hello");
  // A message that waits has no place yet: JSON has no word for that.
  agents.world.setOnline(false);
  void other.send(everyone.id, "later");
  await until(other, () => texts(seenByOther).includes("later"));
  expect(seenByOther.findLast((event) => event.kind === "message")).toMatchObject({ message: { place: Infinity } });
});

test("AG-3 every method of the chat comes through with what it takes and gives", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  agents.world.join("bob");
  const face = await agents.face();
  const chat = agents.chats.get("alice");
  const everyone = room(face, "#everyone");
  const made = await face.createRoom("ops", "open");
  if (made.kind !== "answered") throw new Error("no room");
  expect(made.value.title).toBe("#ops");
  expect(await face.rooms()).toEqual(await chat?.rooms());
  expect(await face.invite(made.value.id, "bob")).toEqual({ kind: "taken" });
  expect(await face.invite(made.value.id, "zoe")).toEqual({
    kind: "refused",
    error: { reason: "recipient-not-found" },
  });
  expect(await face.members(made.value.id)).toEqual(await chat?.members(made.value.id));
  expect(await face.leave(made.value.id)).toEqual({ kind: "taken" });
  expect((await face.join("ops")).kind).toBe("answered");
  expect(await face.direct("bob")).toMatchObject({ kind: "answered", value: { kind: "sealed-direct" } });
  expect(await face.allowPlain("carl")).toMatchObject({ kind: "answered", value: { kind: "classic-direct" } });
  await face.send(everyone.id, "one");
  await face.send(everyone.id, "two", { acceptMembers: true });
  const page = await face.page(everyone.id, null, 10);
  expect(page).toEqual(await chat?.page(everyone.id, null, 10));
  const said = page.kind === "answered" ? page.value.messages.at(-1) : undefined;
  expect(await face.edit(everyone.id, said?.id ?? "", "two!")).toEqual({ kind: "taken" });
  expect(await face.search("two", null, 5)).toEqual(await chat?.search("two", null, 5));
  expect(await face.remove(everyone.id, said?.id ?? "")).toEqual({ kind: "taken" });
  expect(await face.since(everyone.id, 0, 100)).toEqual(await chat?.since(everyone.id, 0, 100));
  expect(await face.acceptReaders(everyone.id)).toEqual({ kind: "taken" });
  expect(await face.devices()).toEqual(await chat?.devices());
  expect(await face.people()).toEqual(await chat?.people());
  expect(await face.info()).toEqual(await chat?.info());
  expect(await face.help()).toEqual({ kind: "refused", error: { reason: "unsupported" } });
  expect(await face.kick("bob", "because")).toEqual({ kind: "refused", error: { reason: "not-operator" } });
  expect(await face.ban("bob")).toEqual({ kind: "refused", error: { reason: "not-operator" } });
  expect(await face.unban("bob")).toEqual({ kind: "refused", error: { reason: "not-operator" } });
  expect(await face.bans()).toEqual({ kind: "refused", error: { reason: "not-operator" } });
  expect(await face.serverInfo()).toEqual({ kind: "refused", error: { reason: "not-operator" } });
});

test("AG-3 what a face asks of its person's devices comes through, and what they are is told to those who come later", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  const face = await agents.face();
  const events = heard(face);
  const chat = agents.chats.get("alice");
  chat?.stand({ kind: "pending", code: "KQ3F-7M2A-0T9X-WB41", name: "alice" });
  chat?.deviceAsks({ id: "phone", label: "phone", code: "0T9X-WB41-KQ3F-7M2A" });
  await until(face, () => events.some(({ kind }) => kind === "device-waits"));
  expect(face.standing).toEqual(chat?.standing);

  const late = await agents.face();
  const told = heard(late);
  await late.people();
  expect([late.standing, told.find(({ kind }) => kind === "device-waits")]).toEqual([
    chat?.standing,
    { kind: "device-waits", device: chat?.waitingDevices[0] },
  ]);

  expect(await face.confirmDevice("nonsense")).toEqual({ kind: "refused", error: { reason: "no-such-device" } });
  expect(await face.confirmDevice("0t9x wb41 kq3f 7m2a")).toMatchObject({ value: { id: "phone", code: null } });
  expect(await face.dismissDevice("phone")).toEqual({ kind: "refused", error: { reason: "no-such-device" } });
  expect(await face.removeDevices(["phone"])).toMatchObject({ value: { kind: "removed" } });
  expect(await face.inviteDevice(60)).toMatchObject({ kind: "answered", value: { token: "pdt1-abcd-efgh" } });
  expect(await face.ownNumber()).toEqual(await chat?.ownNumber());
  expect(await face.exportDevice("/home/alice/pad", "correct horse")).toEqual({ kind: "taken" });
  expect(await face.importDevice("/home/alice/pad", "battery staple")).toMatchObject({ kind: "refused" });
  expect(await face.importDevice("/home/alice/pad", "correct horse")).toEqual({
    kind: "answered",
    value: { kind: "confirmed" },
  });
  expect(await face.newDevice()).toEqual({ kind: "refused", error: { reason: "device-confirmed" } });
  expect(await face.resetDevices()).toEqual({ kind: "taken" });
  await until(late, () => late.standing.kind === "confirmed");
});

test("AG-4 fifty faces that come at once have one agent and one device between them", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  const faces = await Promise.all(Array.from({ length: 50 }, async () => await agents.face()));
  expect(agents.starts).toBe(1);
  expect(agents.opened).toHaveLength(1);
  expect(faces.every(({ me }) => me === "alice")).toBe(true);
  const status = await agentStatus(agents.state);
  expect(status).toMatchObject({ kind: "answered", value: { faces: 50, devices: [{ faces: 50, name: "alice" }] } });
});

test("AG-5 the socket and its folder are this user's alone, whatever the folder was; a stale socket is replaced", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  chmodSync(agents.place.folder, 0o755);
  // As a killed agent leaves it: a socket that nobody listens on.
  writeFileSync(agents.place.socket, "");
  await agents.start();
  expect(statSync(agents.place.folder).mode & 0o777).toBe(0o700);
  expect(statSync(agents.place.socket).mode & 0o777).toBe(0o600);
  expect((await agents.face()).me).toBe("alice");
});

test("AG-6 a path that is too long for a socket is replaced by one in a private folder, and a folder of another's is refused", async () => {
  const long = join(scratchFolder(), "a".repeat(80), "state");
  await using agents = new FakeAgents(long);
  const { socketFolder, socket, folder } = agents.place;
  expect(socketFolder).not.toBe(folder);
  expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(103);
  agents.know("alice");
  expect((await agents.face()).me).toBe("alice");
  expect(statSync(socketFolder).mode & 0o777).toBe(0o700);
  await agents.end();
  chmodSync(socketFolder, 0o777);
  const attached = await agents.attach({ start: false });
  expect(attached).toMatchObject({ kind: "failed", why: "folder" });
});

test("AG-28 a socket that somebody deletes or replaces is made anew, and whoever is attached stays", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  await agents.start({ watchEvery: 1 });
  const face = await agents.face();
  for (const harm of [() => rmSync(agents.place.socket), () => writeFileSync(`${agents.place.socket}.new`, "")]) {
    harm();
    if (existsSync(`${agents.place.socket}.new`)) renameSync(`${agents.place.socket}.new`, agents.place.socket);
    while ((await agentStatus(agents.state)).kind !== "answered") await setImmediate();
    expect(statSync(agents.place.socket).mode & 0o777).toBe(0o600);
  }
  expect((await face.people()).kind).toBe("answered");
  expect(await agentStatus(agents.state)).toMatchObject({ value: { faces: 1 } });
  expect(agents.starts).toBe(1);
});

test("AG-28 an agent whose folder is taken away ends", async () => {
  await using agents = new FakeAgents();
  const started = await agents.start({ watchEvery: 1 });
  if (started.kind !== "running") throw new Error("not running");
  rmSync(agents.place.folder, { recursive: true });
  await started.ended;
  expect((await agents.start()).kind).toBe("running");
});

test("AG-29 what is held is told to each face that comes, and that it goes on, also over the end of an agent", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  await agents.face();
  const everyone = agents.chats.get("alice")?.named("#everyone");
  if (everyone === undefined || everyone === null) throw new Error("no #everyone");
  await agents.end();
  const hold = { kind: "new-readers", who: ["bob"] } as const;
  agents.held = [{ conversation: everyone, hold }];
  const late = await agents.face();
  const events = heard(late);
  await setImmediate();
  expect(holds(events)).toEqual([hold]);
  // With the next agent nothing is.
  agents.held = [];
  await agents.end();
  await until(late, () => holds(events).length > 1);
  expect(holds(events)).toEqual([hold, null]);
});

test("AG-30 a face that comes while the server is away has it tried at once", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  await agents.face();
  expect(agents.hurried).toEqual([]);
  agents.world.setOnline(false);
  await agents.face();
  expect(agents.hurried).toEqual(["alice"]);
});

test("AG-7 a second agent is told that there is one; a folder of another machine is refused and left alone", async () => {
  await using agents = new FakeAgents();
  await agents.start();
  expect(await agents.start()).toEqual({ kind: "there-already" });
  await agents.end();
  expect(existsSync(agents.place.socket)).toBe(false);
  const elsewhere = await agents.start({ machine: "another" });
  expect(elsewhere).toMatchObject({ kind: "failed" });
  expect(elsewhere.kind === "failed" && elsewhere.text).toContain("another machine");
  expect((await agents.start()).kind).toBe("running");
});

test("AG-8 an agent that ends is followed by the next: faces wait, go on, and what they asked for is done once", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  agents.world.join("bob");
  const face = await agents.face();
  const events = heard(face);
  const everyone = room(face, "#everyone");
  await face.send(everyone.id, "before");
  agents.world.setOnline(false);
  const waiting = face.send(everyone.id, "over the gap");
  await until(face, () => texts(events).includes("over the gap"));
  await agents.end();
  await until(face, () => face.state.kind === "waiting" && agents.starts === 2);
  agents.world.append(agents.world.group("#everyone"), { from: "bob", text: "meanwhile" });
  agents.world.setOnline(true);
  expect(await waiting).toEqual({ kind: "taken" });
  const page = await face.page(everyone.id, null, 100);
  const written = page.kind === "answered" ? page.value.messages.map(({ text }) => text) : [];
  expect(written.filter((text) => text === "over the gap")).toHaveLength(1);
  await until(face, () => texts(events).includes("meanwhile"));
  expect(texts(events).filter((text) => text === "before")).toHaveLength(2);
  expect(agents.starts).toBe(2);
});

test("AG-9 stopped on purpose, the agent takes its faces along; a handover leaves them to the next", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  const face = await agents.face();
  expect((await stopAgent(agents.state, "handover")).kind).toBe("answered");
  await until(face, () => agents.starts === 2 && face.state.kind === "online");
  expect((await stopAgent(agents.state, "always")).kind).toBe("answered");
  expect(await face.ended()).toMatchObject({ kind: "agent", why: "stopped" });
  expect(await face.send(OPEN_ROOM.id, "too late")).toEqual({ kind: "not-sent", why: "ended" });
  expect(await stopAgent(agents.state, "always")).toEqual({ kind: "not-running" });
  expect(agents.starts).toBe(2);
});

test("AG-10 it ends when no face is there and nothing waits, and not before", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  agents.waiting = 1;
  const started = await agents.start({ idle: 0 });
  if (started.kind !== "running") throw new Error("not running");
  const face = await agents.face();
  await face.close();
  // It looks, and something waits: it stays, and looks again.
  while (agents.looked === 0) await setImmediate();
  const again = await agents.face();
  expect(agents.starts).toBe(1);
  agents.waiting = 0;
  await again.close();
  await started.ended;
  expect(existsSync(agents.place.socket)).toBe(false);
});

test("AG-11 of another version: an unused agent makes room, one that is used and speaks as we do serves, one that doesn't is told", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  await agents.start({ version: "0.0.9" });
  const face = await agents.face();
  expect(agents.starts).toBe(2);
  await face.close();
  await agents.end();
  await agents.start({ version: "0.0.9" });
  // Somebody who doesn't mind uses it.
  const user = connect(agents.place.socket);
  user.write(`${JSON.stringify({ padserve: "face", protocol: 1, version: "0.0.9", pid: 1 })}\n`);
  user.write(`${JSON.stringify({ id: 1, ask: "attach", body: { server: SERVER, name: "alice", suggested: [] } })}\n`);
  await once(user, "data");
  while ((await facesOf(agents)) === 0);
  expect((await agents.face()).me).toBe("alice");
  expect(agents.starts).toBe(3);
  user.destroy();
});

test("AG-11 one of another protocol is asked to make room in words that never change; while it is used, that is told", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  let isUsed = true;
  const asked: unknown[] = [];
  // As an agent of years to come.
  const other = createServer((socket) => {
    socket.write(`${JSON.stringify({ padserve: "agent", protocol: 99, version: "9.0.0", pid: 1, mood: "new" })}\n`);
    createInterface(socket).on("line", (line) => {
      const said: unknown = JSON.parse(line);
      if (typeof said !== "object" || said === null || !("ask" in said)) return;
      asked.push(said);
      socket.write(`${JSON.stringify({ id: 1, reply: { kind: isUsed ? "in-use" : "stopping" } })}\n`);
      if (!isUsed) other.close();
      if (!isUsed) socket.end();
    });
  });
  other.listen(agents.place.socket);
  await once(other, "listening");
  chmodSync(agents.place.folder, 0o700);
  const failed = await agents.attach();
  expect(failed).toMatchObject({ kind: "failed", why: "other-version", text: expect.stringContaining("9.0.0") });
  expect(asked).toEqual([{ id: 1, ask: "stop", body: { when: "unused" } }]);
  isUsed = false;
  expect((await agents.face()).me).toBe("alice");
  expect(agents.starts).toBe(1);
});

test("AG-12 lines that are none end their connection, and nobody else's", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  const face = await agents.face();
  for (const said of [
    "nonsense\n",
    '{"padserve":"face"}\n',
    `${FIRST}{"id":1,"ask":"send","body":{}}\n`,
    "x".repeat(1_100_000),
  ]) {
    const socket = connect(agents.place.socket);
    socket.on("error", () => {});
    socket.resume();
    socket.write(said);
    await new Promise((resolve) => socket.once("close", resolve));
  }
  expect((await face.people()).kind).toBe("answered");
});

test("AG-13 a face that reads nothing is dropped, and the others go on", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  const face = await agents.face();
  const events = heard(face);
  const everyone = room(face, "#everyone");
  const deaf = connect(agents.place.socket);
  deaf.on("error", () => {});
  deaf.pause();
  deaf.write(
    `${FIRST}${JSON.stringify({ id: 1, ask: "attach", body: { server: SERVER, name: "alice", suggested: [] } })}\n`,
  );
  while ((await facesOf(agents)) < 2);
  const long = "x".repeat(100_000);
  let count = 0;
  while ((await facesOf(agents)) === 2) {
    count += 1;
    agents.world.append(agents.world.group("#everyone"), { from: "bob", text: long });
  }
  expect(count).toBeGreaterThan(100);
  await until(face, () => texts(events).filter((text) => text === long).length === count);
  expect((await face.page(everyone.id, null, 1)).kind).toBe("answered");
  expect(agents.log.join("\n")).toContain("reads nothing");
  deaf.destroy();
});

test("AG-14 a page that is too much for one line is given shorter, from its end that was asked for", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  const face = await agents.face();
  const everyone = room(face, "#everyone");
  for (let i = 0; i < 30; i += 1) {
    agents.world.append(agents.world.group("#everyone"), { from: "bob", text: `${i} ${"x".repeat(60_000)}` });
  }
  const page = await face.page(everyone.id, null, 100);
  const messages = page.kind === "answered" ? page.value.messages : [];
  expect(messages.at(-1)?.text.slice(0, 2)).toBe("29");
  expect(messages.length).toBeLessThan(20);
  expect(page).toMatchObject({ value: { complete: false } });
  const since = await face.since(everyone.id, 0, 100);
  expect(since.kind === "answered" && since.value[0]?.text.slice(0, 2)).toBe("0 ");
});

test("AG-15 without a home, an agent or an answer, a face says so", async () => {
  await using agents = new FakeAgents();
  expect(await agents.attach({ state: null })).toMatchObject({ kind: "failed", why: "no-home" });
  expect(await agents.attach({ start: false })).toMatchObject({ kind: "failed", why: "not-started" });
  const stop = new AbortController();
  stop.abort();
  expect(await agents.attach({ signal: stop.signal })).toMatchObject({ kind: "failed", why: "aborted" });
  // Something else listens there.
  mkdirSync(agents.place.folder, { recursive: true, mode: 0o700 });
  const other = createServer((socket) => socket.end("220 mail\n")).listen(agents.place.socket);
  await once(other, "listening");
  expect(await agents.attach()).toMatchObject({ kind: "failed", why: "broken" });
  other.close();
});

const FIRST = `${JSON.stringify({ padserve: "face", protocol: 1, version: "0.1.0", pid: 1 })}\n`;

function heard(chat: SealedChat): ChatEvent[] {
  const events: ChatEvent[] = [];
  chat.onEvent((event) => events.push(event));
  return events;
}

function notices(events: readonly ChatEvent[]): readonly string[] {
  return events.flatMap((event) => (event.kind === "notice" ? [event.text] : []));
}

function holds(events: readonly ChatEvent[]) {
  return events.flatMap((event) => (event.kind === "held" ? [event.hold] : []));
}

function texts(events: readonly ChatEvent[]): readonly string[] {
  return events.flatMap((event) => (event.kind === "message" ? [event.message.text] : []));
}

function room(chat: SealedChat, title: string): Conversation {
  const found = chat.named(title);
  if (found === null) throw new Error(`no ${title}`);
  return found;
}

/** Looked at whenever the chat tells something. */
async function until(chat: SealedChat, condition: () => boolean): Promise<void> {
  while (!condition()) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = chat.onEvent(() => resolve());
    await promise;
    stop();
  }
}

async function facesOf(agents: FakeAgents): Promise<number> {
  const status = await agentStatus(agents.state);
  return status.kind === "answered" ? status.value.faces : -1;
}
