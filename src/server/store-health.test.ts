import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { scratchDirectory } from "../../test/store/scratch.ts";
import type { Batch } from "../core/ports.ts";
import { createMemoryStore } from "../store/memory.ts";
import { openDatabase } from "../store/sqlite/database.ts";
import type { StoredBatch, StoredFact } from "../store/stored.ts";
import { LEAST_ROOM, watchStore, type StoreHealth } from "./store-health.ts";

const batch: Batch<StoredFact> = { facts: [{ kind: "tailscaled-seen" }], appends: [], trims: [] };

test("SV-40 a store that keeps what it is asked to is healthy", async () => {
  const { watch, heard } = watched();
  await watch.store.commit(batch);
  expect([await watch.look(), watch.health()]).toEqual([{ kind: "ok" }, { kind: "ok" }]);
  expect(heard).toEqual([]);
  watch.stop();
});

test("SV-40 one that refuses is failing until it has taken something again; each change is told once", async () => {
  const { watch, heard, disk } = watched();
  disk.failure = new Error("no");
  await expect(watch.store.commit(batch)).rejects.toThrow("no");
  await expect(watch.store.commit(batch)).rejects.toThrow("no");
  expect(watch.health()).toMatchObject({ kind: "failing", cause: disk.failure });
  expect(await watch.look()).toMatchObject({ kind: "failing" });
  disk.failure = null;
  expect(await watch.look()).toEqual({ kind: "ok" });
  expect(heard).toEqual(["failing", "ok"]);
  watch.stop();
});

test("SV-40 a look finds what nobody has met yet", async () => {
  const { watch, heard, disk } = watched();
  disk.failure = new Error("gone");
  expect(await watch.look()).toMatchObject({ kind: "failing" });
  expect(heard).toEqual(["failing"]);
  watch.stop();
});

test("SV-40 a commit that does not come back makes it stuck, and nobody who looks waits for it", async () => {
  const { watch, heard, disk } = watched();
  const { promise, resolve } = Promise.withResolvers<void>();
  disk.wait = promise;
  const kept = watch.store.commit(batch);
  expect(watch.health()).toEqual({ kind: "ok" });
  disk.now += 1000;
  expect(watch.health()).toEqual({ kind: "stuck", since: 0 });
  expect(await watch.look()).toMatchObject({ kind: "stuck" });
  resolve();
  await kept;
  expect(watch.health()).toEqual({ kind: "ok" });
  expect(heard).toEqual(["stuck", "ok"]);
  watch.stop();
});

test("SV-40 without room it is failing, whatever small thing it still takes, until there is room again", async () => {
  const { watch, heard, disk } = watched();
  disk.room = LEAST_ROOM - 1;
  expect(await watch.look()).toMatchObject({ kind: "failing" });
  await watch.store.commit(batch);
  expect([watch.health().kind, (await watch.look()).kind]).toEqual(["failing", "failing"]);
  disk.room = null;
  expect(await watch.look()).toEqual({ kind: "ok" });
  expect(heard).toEqual(["failing", "ok"]);
  watch.stop();
});

test("SV-40 the room below which it is failing is enough for the largest commit, which has the tables take over what waits", () => {
  const scratch = scratchDirectory("fast");
  onTestFinished(() => scratch.remove());
  const database = openDatabase(scratch.path);
  const heads = Array.from({ length: 5_000 }, () => 0);
  const bytes = () =>
    ["", "-wal"].reduce((sum, suffix) => sum + statSync(join(scratch.path, `padserve.db${suffix}`)).size, 0);
  // So that each group has pages of its own, which what waits changes all of.
  for (let group = 0; group < heads.length; group += 1) {
    const messages = [1, 2, 3].map(() => messageIn(group, heads));
    database.commit({
      facts: messages[2]?.facts ?? [],
      appends: messages.flatMap(({ appends }) => appends),
      trims: [],
    });
  }
  database.commit(batch);
  let most = 0;
  for (let count = 0; count < 1_000; count += 1) {
    const before = bytes();
    database.commit(messageIn((count * 7_919) % heads.length, heads));
    most = Math.max(most, bytes() - before);
  }
  database.close();
  expect(most).toBeGreaterThan(1_000_000);
  expect(most).toBeLessThan(LEAST_ROOM);
});

/** What a message leaves, about as long as a short text is. `heads`: the last number of each group. */
function messageIn(group: number, heads: number[]): StoredBatch {
  const number = (heads[group] ?? 0) + 1;
  heads[group] = number;
  const key = createHash("md5").update(String(group)).digest("base64url");
  const of = `${key}/${createHash("md5").update(key).digest("base64url")}`;
  const hash = "h".repeat(43);
  return {
    facts: [
      { table: "head", key, value: { number, hash, at: 1, messagesForgotten: 0, commitsForgotten: 0 } },
      { table: "writer", key: of, value: { counter: number, message: "i".repeat(22), number, at: 1 } },
      { table: "cursor", key: of, value: { number } },
    ],
    appends: [{ log: `log/${key}`, number, lasting: false, body: Buffer.alloc(540, number) }],
    trims: [],
  };
}

/** A store in memory on a disk that can be told how to behave. */
function watched() {
  const disk: { failure: Error | null; wait: Promise<void>; now: number; room: number | null } = {
    room: null,
    failure: null,
    wait: Promise.resolve(),
    now: 0,
  };
  const memory = createMemoryStore();
  const heard: StoreHealth["kind"][] = [];
  const watch = watchStore<Awaited<ReturnType<typeof memory.load>>, StoredFact>({
    store: {
      load: () => memory.load(),
      read: (range) => memory.read(range),
      close: () => memory.close(),
      async commit(asked) {
        await disk.wait;
        if (disk.failure !== null) throw disk.failure;
        await memory.commit(asked);
      },
    },
    every: 1_000_000,
    timeout: 5,
    room: async () => await Promise.resolve(disk.room),
    now: () => disk.now,
    onChange: ({ kind }) => void heard.push(kind),
  });
  return { watch, heard, disk };
}
