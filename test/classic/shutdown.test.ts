import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FullStore } from "../../src/store/stored.ts";
import type { RoomPolicy } from "../../src/mls/room-policy.ts";
import type { Log } from "../../src/server/log.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { FramePeer, makeDevice } from "../helpers/frame-peer.ts";
import { startTestServer, type TestServer } from "../helpers/server.ts";
import { scratchDirectory } from "../store/scratch.ts";

// Time stands still: a shutdown that waited for anybody here would never end.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

test("SC-29 when the server stops, all connections close at once and nothing is said", async () => {
  const server = await startTestServer();
  const alice = await server.join("alice");
  const newcomer = await server.connect();
  expect(await newcomer.ask("LIST")).toBe("ERROR Not registered");
  const silent = await server.connect();
  await server.stop();
  for (const peer of [alice, newcomer, silent]) expect(await peer.closed()).toEqual([]);
});

test("SC-29 what was said to somebody before the end is still delivered", async () => {
  const server = await startTestServer();
  const alice = await server.join("alice");
  const bob = await server.join("bob");
  vi.advanceTimersByTime(100);
  const text = "x".repeat(10_000);
  for (let sent = 0; sent < 20; sent++) {
    alice.broadcast(text);
    expect(await alice.line()).toBe("BROADCAST SENT");
  }
  await server.stop();
  for (let heard = 0; heard < 20; heard++) expect(await bob.message()).toEqual({ from: "alice", to: "ALL", text });
});

test("SC-29 somebody who never stops giving orders that must be stored does not keep the server from stopping", async () => {
  const scratch = scratchDirectory();
  const server = await startTestServer({ store: await openSqliteStore(scratch.path) });
  const alice = await server.join("alice");
  const stopped = new AbortController();
  const orders = (async () => {
    for (let number = 0; !stopped.signal.aborted; number++) {
      alice.say(...Array.from({ length: 50 }, (_, which) => `BAN troll-${number}-${which}`));
      await setImmediate();
    }
  })();
  expect(await alice.line()).toBe("SUCCESS Banned client troll-0-0");
  await server.stop();
  stopped.abort();
  await orders;
  scratch.remove();
});

test("SC-29 devices that never stop asking by frames don't either: what was read is answered, they hear why it ends, and nothing untrue is logged", async () => {
  const told: unknown[] = [];
  const noted = (event: string) => void told.push(event);
  const log: Log = { debug: ignore, info: ignore, warn: noted, error: noted };
  const memory = createMemoryStore();
  // As a disk: while it takes one commit, more comes in.
  const commit: FullStore["commit"] = async (batch) => {
    for (let turn = 0; turn < 20; turn += 1) await setImmediate();
    await memory.commit(batch);
  };
  const server = await startTestServer({ store: { ...memory, commit }, log, config: { messageRate: 0 } });
  const writers = await Promise.all(
    ["alice", "bob", "carol", "dave"].map(async (name) => await Writer.start(server, name)),
  );
  const writing = Promise.all(writers.map(async (writer) => await writer.writeOn()));
  while (writers.some((writer) => writer.answers < 50)) await setImmediate();
  await server.stop();
  await writing;
  expect(told).toEqual([]);
  for (const { peer } of writers) expect((await peer.next("ended")).cause).toEqual({ kind: "stopping" });
});

test("SC-29 a disk that never answers does not keep the server from stopping, and what it should have taken is told", async () => {
  const told: unknown[] = [];
  const log: Log = {
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: (event, fields) => told.push({ event, ...fields }),
  };
  const memory = createMemoryStore();
  let answers = true;
  const asked = Promise.withResolvers<void>();
  const never = new Promise<never>(() => {});
  const store: FullStore = {
    load: () => memory.load(),
    read: (range) => memory.read(range),
    commit: (batch) => {
      if (answers) return memory.commit(batch);
      asked.resolve();
      return never;
    },
    close: () => (answers ? memory.close() : never),
  };
  const server = await startTestServer({ store, log, timings: { storing: 1000 } });
  const alice = await server.join("alice");
  answers = false;
  alice.say("BAN troll", "LIST");
  await asked.promise;
  const stopping = server.running.stop();
  const isLate = Symbol("late");
  for (let turn = 0; turn < 1000; turn++) {
    await vi.advanceTimersByTimeAsync(100);
    if ((await Promise.race([stopping, setImmediate(isLate)])) !== isLate) break;
  }
  await stopping;
  expect(told).toEqual([
    { event: "stopping while the disk takes nothing", facts: ["ban-placed"], commands: expect.any(Number) },
    { event: "the store did not close", waited: 1000 },
  ]);
});

/** A device with a room of its own in which it writes, up to thirty messages ahead of the answers, until its connection ends. */
class Writer {
  readonly peer: FramePeer;
  readonly #group: string;
  answers = 0;
  #underWay = 0;

  static async start(server: TestServer, name: string): Promise<Writer> {
    const peer = await FramePeer.connect(server.port);
    const device = makeDevice(peer.hello.server.id, { kind: "name", identity: name });
    await peer.greet(name, device);
    const group = newId();
    const room = device.engine.createGroup(new Uint8Array(Buffer.from(group, "base64url")), OPEN);
    await peer.get("create-group", { group, place: { kind: "room", name }, groupInfo: room.info() });
    return new Writer(peer, group);
  }

  private constructor(peer: FramePeer, group: string) {
    this.peer = peer;
    this.#group = group;
  }

  async writeOn(): Promise<void> {
    for (let counter = 1; this.peer.isOpen;) {
      if (this.#underWay < 30) void this.#write(counter++);
      await setImmediate();
    }
  }

  async #write(counter: number): Promise<void> {
    this.#underWay += 1;
    try {
      const sent = { group: this.#group, epoch: 0, counter, message: newId(), bytes: new Uint8Array(64) };
      await this.peer.get("send", sent);
      this.answers += 1;
    } catch {
      // The connection has ended.
    }
    this.#underWay -= 1;
  }
}

const newId = () => randomBytes(16).toString("base64url");

const OPEN: RoomPolicy = { access: "open", add: "members", remove: "members", moderators: [], listed: [] };

function ignore(): void {}
