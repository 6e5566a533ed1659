import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { StoreError } from "../errors.ts";
import type { StoreErrorCode } from "../errors.ts";
import { connect, inTransaction, pragma } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { factTables } from "./facts.ts";
import type { FactTables } from "./facts.ts";
import { describe, toStoreError } from "./failure.ts";
import { MIGRATIONS } from "./migrations.ts";
import { preparePlace } from "./place.ts";

/** "PADS": tells our files from other programs' (https://sqlite.org/pragma.html#pragma_application_id). */
const APPLICATION_ID = 0x50414453;

/** An open database. Every call blocks until the disk has answered, and throws `StoreError` and nothing else. */
export interface Database extends FactTables {
  close(): void;
}

/**
 * Opens `padserve.db` in `directory`, makes it where there is none, brings an older one up to date, and keeps every
 * other server out until it is closed. Throws `StoreError`; a file that it refuses is left as it was.
 */
export function openDatabase(directory: string, migrations: readonly string[] = MIGRATIONS): Database {
  const path = join(directory, "padserve.db");
  return orStoreError(path, () => {
    preparePlace(directory, path);
    rollBack(path);
    inspect(path, migrations.length);
    const connection = connect(path, "read-write");
    try {
      takeLock(connection, path);
      migrate(connection, migrations);
      return guarded(openTables(connection, path), connection, path);
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
 * closes; of a file that we refuse, not a byte may change.
 */
function inspect(path: string, newest: number): void {
  const [size, logged] = [sizeOf(path), sizeOf(`${path}-wal`)];
  if (size === 0 && logged === 0) return;
  // SQLite would delete the log of an empty file; ours never has one.
  if (size === 0) throw refusal("damaged", path, "cut short");
  const connection = connect(path, "read-only");
  try {
    const applicationId = pragma(connection, "application_id");
    // Only a server killed while it brought its log into the file can have left a part of a page.
    const wholePages = size % Number(pragma(connection, "page_size")) === 0;
    if (!wholePages && logged === 0) throw refusal("damaged", path, "cut short");
    if (applicationId !== APPLICATION_ID) throw refusal("not-ours", path, "it bears no mark of ours");
    const version = Number(pragma(connection, "user_version"));
    if (version > newest) throw refusal("newer", path, `version ${version}, known are ${newest}`);
    const check = pragma(connection, "quick_check");
    if (check !== "ok") throw refusal("damaged", path, String(check));
  } finally {
    connection.close();
  }
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

function openTables(connection: Connection, path: string): FactTables {
  try {
    return factTables(connection);
  } catch (error) {
    // The version is right, so a table or column that is missing has been taken away.
    throw refusal("damaged", path, error);
  }
}

function guarded(tables: FactTables, connection: Connection, path: string): Database {
  return {
    load: () => orStoreError(path, () => tables.load()),
    commit: (facts) => {
      orStoreError(path, () => {
        tables.commit(facts);
      });
    },
    close: () => {
      orStoreError(path, () => {
        connection.close();
      });
    },
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
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
