import { existsSync } from "node:fs";
import { join } from "node:path";
import { coreRules } from "../core/core-rules.ts";
import { Mailbox } from "../core/mailbox.ts";
import { initialState } from "../core/state.ts";
import { openSqliteStore } from "../store/sqlite/store.ts";
import { ask } from "./ask.ts";
import { listBans, listClaims, releaseName, type BanRecord, type ClaimRecord, type ReleaseResult } from "./records.ts";
import { readRunningFile, type RunningServer } from "./running-file.ts";

/** What the administrator's commands can do, whether or not the server runs. */
export interface AdminClient {
  names(): Promise<readonly ClaimRecord[]>;
  bans(): Promise<readonly BanRecord[]>;
  release(name: string): Promise<ReleaseResult>;
  close(): Promise<void>;
}

/**
 * Asks the server that runs on a data folder; where none runs, opens the folder itself. Null: nothing was ever kept there.
 * Rejects with a `StoreError` when the folder can't be used.
 */
export async function openAdminClient(folder: string): Promise<AdminClient | null> {
  if (!existsSync(join(folder, "padserve.db"))) return null;
  const running = readRunningFile(folder);
  if (running !== null && (await answers(running))) return askRunningServer(running);
  return openStoppedFolder(folder);
}

async function openStoppedFolder(folder: string): Promise<AdminClient> {
  const store = await openSqliteStore(folder);
  const settings = { operators: [], maxSessions: 0, maxSessionsPerIdentity: 0, maxNamesPerIdentity: 0 };
  const mailbox = new Mailbox(coreRules, initialState(settings, await store.load()), {
    store,
    outbox: { deliver: () => {} },
    clock: { wall: () => Date.now() },
    nextTurn: (turn) => void setImmediate(turn),
    writeBehind: (write) => void setTimeout(write, 2000).unref(),
    onStoreFailure: () => {},
  });
  return {
    names: async () => listClaims(mailbox.state),
    bans: async () => listBans(mailbox.state),
    release: (name) => releaseName(mailbox, name),
    close: () => store.close(),
  };
}

function askRunningServer(running: RunningServer): AdminClient {
  return {
    names: () => ask<readonly ClaimRecord[]>(running, "GET", "/admin/names"),
    bans: () => ask<readonly BanRecord[]>(running, "GET", "/admin/bans"),
    release: (name) => ask<ReleaseResult>(running, "DELETE", `/admin/names/${encodeURIComponent(name)}`),
    close: async () => {},
  };
}

/** Whether the server that left word is still there: what it left may be older than its death. */
async function answers(running: RunningServer): Promise<boolean> {
  return ask(running, "GET", "/admin/names").then(
    () => true,
    () => false,
  );
}
