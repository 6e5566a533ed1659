import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { attach } from "../../src/agent/face/index.ts";
import { agentPlace } from "../../src/agent/wire/place.ts";
import type { ConversationId, Reply, SealedChat } from "../../src/client/index.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { fillDisk, limitFiles, mountFailingDisk, noFailingDisks, noFileLimits } from "../helpers/disks.ts";
import { scratchFolder } from "../helpers/program.ts";
import { startTestServer } from "../helpers/server.ts";
import { mountSmallDisk, noMounts } from "../store/mounts.ts";
import { endAgent } from "./end-agent.ts";

test.skipIf(noMounts)(
  "SR-70 while the server's disk is full what is written in a sealed conversation waits with its writer, who is told once why and what to do; with room it goes out once and in order, and nothing that was acknowledged is lost",
  async () => {
    const data = emptyFolder();
    onTestFinished(mountSmallDisk(data, 4096));
    const server = await startTestServer({ store: await openSqliteStore(data) });
    onTestFinished(async () => await server.stop());
    const alice = await faceOf("alice", server.port);
    const bob = await faceOf("bob", server.port);
    const room = await everyoneOf(alice, ["alice", "bob"]);
    await everyoneOf(bob, ["alice", "bob"]);
    await alice.acceptReaders(room);
    expect(await alice.send(room, "before")).toEqual({ kind: "taken" });
    const words = wordsOf(alice);
    const makeRoom = fillDisk(data);
    const sent = ["one", "two"].map((word) => alice.send(room, word.padEnd(9000, ".")));
    await until(alice, async () => (await texts(alice, room)).includes("two"));
    const { messages } = answered(await alice.page(room, null, 2));
    expect(messages.slice(-2).map(({ delivery }) => delivery)).toEqual([{ kind: "sending" }, { kind: "sending" }]);
    await until(alice, () => words.length > 0);
    expect(words).toEqual([expect.stringMatching(/^The server can't store messages now: .*tell whoever runs it/)]);
    // What is read of what is stored already goes on.
    expect(await texts(bob, room)).toEqual(["before"]);
    makeRoom();
    expect(await Promise.all(sent)).toEqual([{ kind: "taken" }, { kind: "taken" }]);
    expect(await alice.send(room, "three")).toEqual({ kind: "taken" });
    await until(bob, async () => (await texts(bob, room)).includes("three"));
    expect(await texts(bob, room)).toEqual(["before", "one", "two", "three"]);
    expect(words.slice(1)).toEqual(["The server stores messages again: what waited goes out."]);
  },
);

test.skipIf(noFailingDisks)(
  "SR-70 when the server's disk becomes read-only, what was acknowledged stays, and what is written then goes out when the server has started on one that takes it",
  async () => {
    const data = emptyFolder();
    const disk = mountFailingDisk(join(emptyFolder(), "image"), data);
    onTestFinished(() => disk.unmount());
    const server = await startTestServer({ store: await openSqliteStore(data), timings: { storing: 1000 } });
    const { port } = server;
    const alice = await faceOf("alice", port);
    const bob = await faceOf("bob", port);
    const room = await everyoneOf(alice, ["alice", "bob"]);
    await everyoneOf(bob, ["alice", "bob"]);
    await alice.acceptReaders(room);
    expect(await alice.send(room, "before")).toEqual({ kind: "taken" });
    disk.fail();
    const sent = alice.send(room, "while it takes nothing");
    await until(alice, async () => (await texts(alice, room)).includes("while it takes nothing"));
    await server.stop();
    // Such a disk can still be read: what it has goes to one that takes it.
    const other = emptyFolder();
    cpSync(data, other, { recursive: true });
    const next = await startTestServer({ store: await openSqliteStore(other), config: { port } });
    onTestFinished(async () => await next.stop());
    expect(await sent).toEqual({ kind: "taken" });
    await until(bob, async () => (await texts(bob, room)).includes("while it takes nothing"));
    expect(await texts(bob, room)).toEqual(["before", "while it takes nothing"]);
  },
);

test.skipIf(noMounts)(
  "AG-24 an agent whose disk is full in the middle of a sealed conversation loses nothing that is said meanwhile, and refuses what it can't keep",
  async () => {
    await using server = await startTestServer();
    const state = emptyFolder();
    onTestFinished(mountSmallDisk(state, 4096));
    const alice = await faceOf("alice", server.port);
    const bob = await faceOf("bob", server.port, state);
    const room = await everyoneOf(alice, ["alice", "bob"]);
    await everyoneOf(bob, ["alice", "bob"]);
    await alice.acceptReaders(room);
    await bob.acceptReaders(room);
    const told = wordsOf(bob);
    const makeRoom = fillDisk(state);
    const words = Array.from({ length: 8 }, (_, nth) => `message ${nth}`);
    for (const word of words) expect(await alice.send(room, word.padEnd(9000, "."))).toEqual({ kind: "taken" });
    const refused = await bob.send(room, "x".repeat(9000));
    expect(refused).toEqual({ kind: "refused", error: { reason: "own-disk-failed" } });
    makeRoom();
    expect(await bob.send(room, "again")).toEqual({ kind: "taken" });
    await until(bob, async () => (await texts(bob, room)).length >= words.length + 1);
    expect(await texts(bob, room)).toEqual(await texts(alice, room));
    expect(await texts(alice, room)).toEqual([...words, "again"]);
    expect(told).toEqual([expect.stringMatching(/^This device's own disk is full/), KEEPS_AGAIN]);
  },
);

test.skipIf(noFileLimits)(
  "AG-62 while an agent's disk can't be written its person is told, once, that what others write isn't shown; when it can it comes by itself, in order, and that is told, too",
  async () => {
    await using server = await startTestServer();
    const state = emptyFolder();
    const alice = await faceOf("alice", server.port);
    const bob = await faceOf("bob", server.port, state);
    const room = await everyoneOf(alice, ["alice", "bob"]);
    await everyoneOf(bob, ["alice", "bob"]);
    await alice.acceptReaders(room);
    await bob.acceptReaders(room);
    const told = wordsOf(bob);
    const unlimit = limitFiles(Number(readFileSync(agentPlace(state).pid, "utf8")));
    for (const word of ["one", "two"]) expect(await alice.send(room, word)).toEqual({ kind: "taken" });
    await until(bob, () => told.length > 0);
    expect(await bob.send(room, "lost?")).toEqual({ kind: "refused", error: { reason: "own-disk-failed" } });
    expect(await texts(bob, room)).toEqual([]);
    unlimit();
    await until(bob, async () => (await texts(bob, room)).length >= 2 && told.length > 1);
    expect(await bob.send(room, "three")).toEqual({ kind: "taken" });
    await until(alice, async () => (await texts(alice, room)).includes("three"));
    for (const one of [alice, bob]) expect(await texts(one, room)).toEqual(["one", "two", "three"]);
    expect(told).toEqual([expect.stringMatching(/^This device's own disk can't be written/), KEEPS_AGAIN]);
  },
);

test.skipIf(noFailingDisks)(
  "AG-62 when an agent's disk becomes read-only for good its person is told; on one that takes it the next agent goes on from what was kept, and nothing is lost",
  async () => {
    await using server = await startTestServer();
    const state = emptyFolder();
    const disk = mountFailingDisk(join(emptyFolder(), "image"), state);
    let unmount = () => disk.unmount();
    onTestFinished(() => unmount());
    const alice = await faceOf("alice", server.port);
    const before = await faceOf("bob", server.port, state);
    const room = await everyoneOf(alice, ["alice", "bob"]);
    await everyoneOf(before, ["alice", "bob"]);
    await alice.acceptReaders(room);
    await before.acceptReaders(room);
    expect(await before.send(room, "one")).toEqual({ kind: "taken" });
    await until(alice, async () => (await texts(alice, room)).includes("one"));
    const told = wordsOf(before);
    disk.fail();
    for (const word of ["two", "three"]) expect(await alice.send(room, word)).toEqual({ kind: "taken" });
    await until(before, () => told.length > 0);
    expect(await before.send(room, "lost?")).toEqual({ kind: "refused", error: { reason: "own-disk-failed" } });
    await endAgent(state);
    const other = emptyFolder();
    cpSync(agentPlace(state).folder, join(other, "agent"), {
      recursive: true,
      filter: (path) => path !== agentPlace(state).socket,
    });
    unmount();
    unmount = () => {};
    cpSync(join(other, "agent"), agentPlace(state).folder, { recursive: true });
    const after = await faceOf("bob", server.port, state);
    await until(after, async () => (await texts(after, room)).includes("three"));
    expect(await after.send(room, "four")).toEqual({ kind: "taken" });
    await until(alice, async () => (await texts(alice, room)).includes("four"));
    for (const one of [alice, after]) expect(await texts(one, room)).toEqual(["one", "two", "three", "four"]);
    expect(told).toEqual([expect.stringMatching(/^This device's own disk can't be written/)]);
  },
);

const KEEPS_AGAIN = "This device's own disk takes what comes again: what was said meanwhile follows.";

/** Words that it tells from now on. */
function wordsOf(chat: SealedChat): readonly string[] {
  const words: string[] = [];
  chat.onEvent((event) => void (event.kind === "word" && words.push(event.text)));
  return words;
}

function emptyFolder(): string {
  const folder = join(scratchFolder(), "disk");
  mkdirSync(folder);
  return folder;
}

async function faceOf(name: string, port: number, state = emptyFolder()): Promise<SealedChat> {
  onTestFinished(async () => await endAgent(state));
  const attached = await attach({
    server: { host: "127.0.0.1", port },
    name,
    suggest: () => Promise.resolve([name]),
    state,
    env: { PATH: process.env["PATH"], HOME: state, PAD_AGENT_IDLE: "10" },
  });
  if (attached.kind !== "attached") throw new Error(JSON.stringify(attached));
  return attached.chat;
}

/** Until the condition holds; looked at whenever the face is told something. */
async function until(chat: SealedChat, condition: () => Promise<boolean> | boolean): Promise<void> {
  for (;;) {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const stop = chat.onEvent(resolve);
    if (await condition()) return stop();
    await promise;
    stop();
  }
}

/** The room of all, once these are in it. */
async function everyoneOf(chat: SealedChat, readers: readonly string[]): Promise<ConversationId> {
  await until(chat, () => {
    const room = chat.named("#everyone");
    return room?.kind === "sealed-room" && readers.every((one) => room.readers.includes(one));
  });
  const room = chat.named("#everyone");
  if (room === null) throw new Error("no #everyone");
  return room.id;
}

async function texts(chat: SealedChat, room: ConversationId): Promise<readonly string[]> {
  const { messages } = answered(await chat.page(room, null, 50));
  return messages.filter(({ sealed }) => sealed?.body === "text").map(({ text }) => text.replace(/\.+$/, ""));
}

function answered<T>(reply: Reply<T>): T {
  if (reply.kind !== "answered") throw new Error(JSON.stringify(reply));
  return reply.value;
}
