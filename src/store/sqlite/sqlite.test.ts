import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { durableLogContract, logContract } from "../../../test/contracts/store-logs.ts";
import { durableStoreContract, storeContract } from "../../../test/contracts/store.ts";
import type { DurableHarness } from "../../../test/contracts/store.ts";
import { openSqliteStore } from "./store.ts";

storeContract("SQLite", open);
durableStoreContract("SQLite", open);
logContract("SQLite", open);
durableLogContract("SQLite", open);

async function open(): Promise<DurableHarness> {
  const directory = mkdtempSync(join(tmpdir(), "padserve-store-"));
  const store = await openSqliteStore(directory);
  return {
    store,
    reopen: () => openSqliteStore(directory),
    async dispose() {
      await store.close();
      rmSync(directory, { recursive: true });
    },
  };
}
