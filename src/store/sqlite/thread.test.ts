import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { scratchDirectory } from "../../../test/store/scratch.ts";
import type { Scratch } from "../../../test/store/scratch.ts";
import { openSqliteStore, startThread, storeInThread } from "./store.ts";
import { commitFacts } from "../../../test/store/commit-facts.ts";

let scratch: Scratch;
beforeEach(() => {
  scratch = scratchDirectory();
});
afterEach(() => {
  scratch.remove();
});

test("ST-25 the thread ends when the store is closed", async () => {
  const thread = startThread();
  const exited = once(thread, "exit");
  const store = await storeInThread(thread, scratch.path);
  await store.close();
  expect(await exited).toEqual([0]);
});

test("ST-25 the thread ends when the store can't be opened", async () => {
  const first = await openSqliteStore(scratch.path);
  const thread = startThread();
  const exited = once(thread, "exit");
  await expect(storeInThread(thread, scratch.path)).rejects.toMatchObject({ name: "StoreError", code: "in-use" });
  expect(await exited).toEqual([0]);
  await first.close();
});

test("ST-25 an open store that nobody asks anything does not keep the process alive", () => {
  const program = join(import.meta.dirname, "../../../test/store/leave-store-open.ts");
  const left = spawnSync(process.execPath, [program, scratch.path], { encoding: "utf8", timeout: 30_000 });
  expect([left.stdout, left.stderr, left.status]).toEqual(["kept\n", "", 0]);
});

test("ST-26 when the thread dies, what waits and every later call is refused, and the directory is free", async () => {
  const thread = startThread();
  const store = await storeInThread(thread, scratch.path);
  const died = thread.terminate();
  // Asked of a thread that is told to stop: refused, not left waiting.
  await expect(store.load()).rejects.toMatchObject({ name: "StoreError", code: "failed" });
  await died;
  await expect(commitFacts(store, [{ kind: "tailscaled-seen" }])).rejects.toMatchObject({ code: "failed" });
  await expect(store.close()).rejects.toMatchObject({ code: "failed" });
  await (await openSqliteStore(scratch.path)).close();
});

test("ST-23 an error keeps its code, message and cause on its way out of the thread", async () => {
  const first = await openSqliteStore(scratch.path);
  await expect(openSqliteStore(scratch.path)).rejects.toMatchObject({
    name: "StoreError",
    code: "in-use",
    message: `${join(scratch.path, "padserve.db")} is in use by another Padserve server. Stop that one, or choose another data directory.`,
    cause: { message: expect.stringContaining("database is locked") },
  });
  await first.close();
});
