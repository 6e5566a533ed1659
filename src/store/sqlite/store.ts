import { Worker } from "node:worker_threads";
import { threadEnvironment } from "../../disk/thread-environment.ts";
import type { FullStore } from "../stored.ts";
import { StoreError } from "../errors.ts";
import { packBatch } from "./messages.ts";
import { workerRpc } from "./worker-rpc.ts";

export interface SqliteStore extends FullStore {
  /**
   * A copy of all that was committed before, in a new file (0600) that needs nothing beside it; on the disk when this resolves.
   * Commits that are asked for meanwhile wait: some 5 ms for each megabyte.
   */
  backUp(path: string): Promise<void>;
}

/**
 * The store in `padserve.db` under `directory`, which is made if missing. One process at a time can have it open.
 * Rejects with a `StoreError` that says what is wrong and what to do; then nothing that was there has changed.
 *
 * Calls are answered in their order. What `commit` has resolved survives `kill -9` and power loss. A call that waits
 * keeps the process alive, an idle store does not.
 */
export async function openSqliteStore(directory: string): Promise<SqliteStore> {
  return await storeInThread(startThread(), directory);
}

/** About 15 ms and 10 MB. The heap's bounds are far above need; they only keep a fault from taking the machine. */
export function startThread(): Worker {
  // From the sources this is store.ts, in the published package store.js, and its neighbour likewise.
  const file = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js";
  return new Worker(new URL(file, import.meta.url), {
    name: "padserve-store",
    env: threadEnvironment(),
    resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 8 },
  });
}

/** `openSqliteStore` over a thread that the caller started. */
export async function storeInThread(worker: Worker, directory: string): Promise<SqliteStore> {
  const { ask, ended } = workerRpc(worker);
  let closing: Promise<void> | null = null;
  await ask({ kind: "open", directory });

  return {
    async load() {
      const answer = await ask({ kind: "load" });
      if (answer.kind !== "saved") throw new StoreError("failed", "The store's thread gave an answer to another call.");
      return answer.saved;
    },
    async commit(batch) {
      const [packed, block] = packBatch(batch);
      await ask({ kind: "commit", batch: packed }, [block]);
    },
    async read(range) {
      const answer = await ask({ kind: "read", range });
      if (answer.kind !== "entries")
        throw new StoreError("failed", "The store's thread gave an answer to another call.");
      return answer.entries;
    },
    async backUp(path) {
      await ask({ kind: "back-up", path });
    },
    close() {
      closing ??= close();
      return closing;
    },
  };

  async function close(): Promise<void> {
    await ask({ kind: "close" });
    // Answered, nobody waits for it any more; but we do, until it is gone.
    worker.ref();
    await ended;
  }
}
