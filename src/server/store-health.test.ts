import { expect, test } from "vitest";
import type { Batch } from "../core/ports.ts";
import { createMemoryStore } from "../store/memory.ts";
import type { StoredFact } from "../store/stored.ts";
import { watchStore, type StoreHealth } from "./store-health.ts";

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
  disk.room = 100_000;
  expect(await watch.look()).toMatchObject({ kind: "failing" });
  await watch.store.commit(batch);
  expect([watch.health().kind, (await watch.look()).kind]).toEqual(["failing", "failing"]);
  disk.room = null;
  expect(await watch.look()).toEqual({ kind: "ok" });
  expect(heard).toEqual(["failing", "ok"]);
  watch.stop();
});

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
