import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { LogEntry, Range } from "../../core/ports.ts";
import type { StoredBatch, SavedAll } from "../stored.ts";
import { StoreError } from "../errors.ts";
import type { StoreErrorCode } from "../errors.ts";
import { copyInto, summaryOf } from "./backup.ts";
import type { DatabaseSummary } from "./backup.ts";
import { connect, inTransaction, pragma } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { findDamage } from "./check.ts";
import { describe, toStoreError } from "./failure.ts";
import { ensureMark, markAt, readMark } from "./mark.ts";
import { APPLICATION_ID, MARK_SINCE, MIGRATIONS } from "./migrations.ts";
import { preparePlace, watchPlace } from "./place.ts";
import { lastCommit, openTables } from "./tables.ts";
import type { Tables } from "./tables.ts";

/** What is wrong with the file itself, so that no server opens it. */
const REFUSED_FOR_GOOD: ReadonlySet<StoreErrorCode> = new Set(["damaged", "newer", "not-ours"]);

/** An open database. Every call blocks until the disk has answered, and throws `StoreError` and nothing else. */
export interface Database {
  load(): SavedAll;
  /**
   * All of the batch or nothing. Refuses as `lost` when the files are no longer those that were opened; an empty batch only
   * looks for that.
   * @param packed `packJournaled` of it, where the caller has that already.
   */
  commit(batch: StoredBatch, packed?: Uint8Array | null): void;
  read(range: Range): readonly LogEntry[];
  summary(): DatabaseSummary;
  /** `copyInto`. */
  backUp(path: string): void;
  close(): void;
}

/**
 * Opens `padserve.db` in `directory`, makes it where there is none, brings an older one up to date, and keeps every
 * other server out until it is closed. Throws `StoreError`; a file that it refuses is left as it was, and its log, too.
 */
export function openDatabase(directory: string, migrations: readonly string[] = MIGRATIONS): Database {
  const path = join(directory, "padserve.db");
  return orStoreError(path, () => {
    preparePlace(directory, path);
    rollBack(path);
    inspect(path, migrations);
    const connection = connect(path, "read-write");
    try {
      takeLock(connection, path);
      ensureMark(`${path}-mark`, lastCommit(connection));
      migrate(connection, migrations);
      return guarded(openTables(connection), connection, path);
    } catch (error) {
      connection.close();
      throw error;
    }
  });
}

/** Only a first start that was killed leaves a rollback journal; until it is used, nobody can read the file. */
function rollBack(path: string): void {
  if (sizeOf(`${path}-journal`) === 0) return;
  const connection = connect(path, "read-write");
  try {
    pragma(connection, "page_count");
  } finally {
    connection.close();
  }
}

/**
 * Read-only, because a connection that may write puts what a killed server left in its log into the file when it
 * closes; of a file that we refuse, not a byte may change. So all that can be wrong is looked for here.
 */
function inspect(path: string, migrations: readonly string[]): void {
  const [size, logged, marked] = [sizeOf(path), sizeOf(`${path}-wal`), readMark(`${path}-mark`)];
  const mark = marked ?? 0;
  if (size === 0 && logged === 0 && mark === 0) return;
  // SQLite would delete the log of an empty file; ours never has one.
  if (size === 0) throw refusal("damaged", path, "cut short");
  const missing = [`${path}-wal`, `${path}-shm`].filter((file) => !existsSync(file));
  const connection = connect(path, "read-only");
  try {
    const applicationId = pragma(connection, "application_id");
    // Only a server killed while it brought its log into the file can have left a part of a page.
    const wholePages = size % Number(pragma(connection, "page_size")) === 0;
    if (!wholePages && logged === 0) throw refusal("damaged", path, "cut short");
    // A first start that was killed before it made its tables. An empty database that belongs to nobody is as good as none.
    const isEmpty = applicationId === 0 && pragma(connection, "schema_version") === 0 && mark === 0;
    if (applicationId !== APPLICATION_ID && !isEmpty) throw refusal("not-ours", path, "it isn't marked as ours");
    const version = Number(pragma(connection, "user_version"));
    if (version > migrations.length) throw refusal("newer", path, `version ${version}, known are ${migrations.length}`);
    const damage = findDamage(connection, version, migrations, mark);
    if (damage !== null) throw refusal("damaged", path, damage);
    // Older versions took the mark away when they had brought their log into the file.
    if (marked === null && version >= MARK_SINCE && lastCommit(connection) > 0) throw unmarked(path);
  } catch (error) {
    connection.close();
    const refused = toStoreError(error, path);
    // SQLite's readers leave an empty log and an index of it. Not to be touched where another server may have begun to use them.
    if (REFUSED_FOR_GOOD.has(refused.code)) for (const file of missing) rmSync(file, { force: true });
    throw refused;
  }
  connection.close();
}

/** The operating system's lock on the file: gone with the process, however it dies. */
function takeLock(connection: Connection, path: string): void {
  connection.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
  // With the lock held nobody shares memory with us, and the file for it that `inspect` may have left is of no use.
  rmSync(`${path}-shm`, { force: true });
}

/**
 * Each migration in one transaction with its number. A new file is migrated before it changes to write-ahead logging,
 * so that killed at any moment it is either empty or wholly ours.
 */
function migrate(connection: Connection, migrations: readonly string[]): void {
  connection.exec("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON");
  const version = Number(pragma(connection, "user_version"));
  for (const [index, migration] of migrations.slice(version).entries()) {
    inTransaction(connection, () => {
      connection.exec(migration);
      connection.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version + index + 1}`);
    });
  }
  connection.exec("PRAGMA journal_mode = WAL");
}

function guarded(tables: Tables, connection: Connection, path: string): Database {
  const mark = markAt(`${path}-mark`);
  const look = watchPlace(path);
  return {
    load: () => orStoreError(path, () => tables.load()),
    commit: (batch, packed) => {
      orStoreError(path, () => {
        look();
        mark.write(tables.commit(batch, packed));
        // Gone in the meantime: then this batch is lost with the files, and nobody may hear of it.
        look();
      });
    },
    read: (range) => orStoreError(path, () => tables.read(range)),
    summary: () => orStoreError(path, () => summaryOf(connection)),
    backUp: (copy) => {
      // Each row of the tables is covered by their digest, but the end of a journal by the mark beside it, which a copy has none of.
      try {
        tables.emptyJournal();
      } catch {
        // On a full disk nothing can be taken over. The copy, on another one, is all there still.
      }
      orStoreError(copy, () => copyInto(connection, copy));
    },
    close: () => {
      orStoreError(path, () => {
        connection.close();
        mark.close();
      });
    },
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Nobody can tell whether the last commits are there: to go on all the same is to go on from an earlier state, which clients must be told. */
function unmarked(path: string): StoreError {
  const why = existsSync(`${path}-mark`) ? "is damaged" : "is missing";
  return new StoreError(
    "damaged",
    `${path}-mark ${why}, so it can't be told whether ${path} has all that was kept. Nothing was changed. Bring back a backup with padserve restore; or, to go on with what is there, copy ${path} alone into a new folder and run padserve restore with that folder and --replace: clients then look for what is missing.`,
    `${path}-mark ${why}`,
  );
}

function refusal(code: StoreErrorCode, path: string, cause: unknown): StoreError {
  return new StoreError(code, describe(code, path, cause), cause);
}

function orStoreError<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toStoreError(error, path);
  }
}
