import { constants, copyFileSync, existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { coreRules } from "../core/core-rules.ts";
import { Mailbox } from "../core/mailbox.ts";
import { initialState } from "../core/state.ts";
import { StoreError } from "../store/errors.ts";
import { syncFile } from "../store/sqlite/backup.ts";
import { toStoreError } from "../store/sqlite/failure.ts";
import { openSqliteStore } from "../store/sqlite/store.ts";
import { ask, AskError } from "./ask.ts";
import {
  BanRecordsSchema,
  ClaimRecordsSchema,
  clearFirst,
  ClearResultSchema,
  CopyResultSchema,
  listBans,
  listClaims,
  listOperators,
  OperatorRecordsSchema,
  releaseName,
  ReleaseResultSchema,
  ServerReportSchema,
  type BanRecord,
  type ClaimRecord,
  type ClearResult,
  type CopyResult,
  type OperatorRecord,
  type ReleaseResult,
} from "./records.ts";
import { readRunningFile, type RunningServer } from "./running-file.ts";

/** What the administrator's commands can do, whether or not the server runs. */
export interface AdminClient {
  names(): Promise<readonly ClaimRecord[]>;
  bans(): Promise<readonly BanRecord[]>;
  release(name: string): Promise<ReleaseResult>;
  operators(): Promise<readonly OperatorRecord[]>;
  clearFirst(): Promise<ClearResult>;
  /** A copy of all that the server keeps, in a new file (0600), on the disk when this resolves. */
  backUp(file: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Asks the server that runs on a data folder; where none runs, opens the folder itself. Null: nothing was ever kept there.
 * Rejects with a `StoreError` when the folder can't be used, and with an `AskError` when its server runs and gives no answer; so
 * does each question.
 */
export async function openAdminClient(folder: string): Promise<AdminClient | null> {
  if (!existsSync(join(folder, "padserve.db"))) return null;
  const running = readRunningFile(folder);
  if (running !== null && (await isThere(running))) return askRunningServer(running, folder);
  return openStoppedFolder(folder);
}

async function openStoppedFolder(folder: string): Promise<AdminClient> {
  const store = await openSqliteStore(folder);
  const settings = {
    operators: [],
    maxSessions: 0,
    maxSessionsPerIdentity: 0,
    maxNamesPerIdentity: 0,
    maxNamesOfLocal: 0,
  };
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
    operators: async () => listOperators(mailbox.state),
    clearFirst: () => clearFirst(mailbox),
    backUp: (file) => store.backUp(file),
    close: () => store.close(),
  };
}

function askRunningServer(running: RunningServer, folder: string): AdminClient {
  return {
    names: () => ask(running, "GET", "/admin/names", ClaimRecordsSchema),
    bans: () => ask(running, "GET", "/admin/bans", BanRecordsSchema),
    release: (name) => ask(running, "DELETE", `/admin/names/${encodeURIComponent(name)}`, ReleaseResultSchema),
    operators: () => ask(running, "GET", "/admin/operators", OperatorRecordsSchema),
    clearFirst: () => ask(running, "DELETE", "/admin/operators", ClearResultSchema),
    backUp: async (file) =>
      takeCopy(folder, file, await ask(running, "PUT", "/admin/backup", CopyResultSchema, COPYING)),
    close: async () => {},
  };
}

/** Milliseconds: a gigabyte on a slow disk. */
const COPYING = 30 * 60_000;

/**
 * A running server has its database to itself, and may be another user's or see other folders than whoever asks: so it makes a copy
 * beside its database, and that is brought to where it is wanted from here.
 */
function takeCopy(folder: string, file: string, copy: CopyResult): void {
  if (copy.kind === "failed") {
    throw new StoreError("failed", "The server could not make a copy of its database; its log says why.");
  }
  const made = join(folder, copy.file);
  try {
    copyFileSync(made, file, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    syncFile(file);
    syncFile(dirname(file));
  } catch (error) {
    throw toStoreError(error, file);
  } finally {
    rmSync(made, { force: true });
  }
}

/** Whether the server that left word is still there: what it left may be older than its death, and its port another program's. */
async function isThere(running: RunningServer): Promise<boolean> {
  try {
    await ask(running, "GET", "/admin/report", ServerReportSchema);
    return true;
  } catch (error) {
    if (error instanceof AskError && error.kind !== "failed") return false;
    throw error;
  }
}
