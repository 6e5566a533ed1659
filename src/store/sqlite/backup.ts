/**
 * `store/sqlite`: the store in SQLite, on a thread of its own. Every row is checked before it is used, and a commit is on the
 * disk before anybody hears of it.
 */

import { closeSync, constants, existsSync, fsyncSync, openSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ServerRow } from "../../groups/rows.ts";
import { StoreError } from "../errors.ts";
import { findDamage } from "./check.ts";
import { connect, pragma } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { describe, toStoreError } from "./failure.ts";
import { APPLICATION_ID, MIGRATIONS, SUMS_SINCE } from "./migrations.ts";
import { readRow } from "./rows.ts";
import { lastCommit } from "./tables.ts";

/** What tells one database from another, and an older state of it from a newer. */
export interface DatabaseSummary {
  /** Null: it was made before there was a delivery service. */
  readonly server: ServerRow | null;
  /** How many commits it has had; 0 also where they weren't counted yet. */
  readonly commits: number;
}

/**
 * Copies all of an open database into a new file (0600) that needs nothing beside it: what was committed before, and nothing of what
 * comes after. It is on the disk when this returns. Blocks for as long as it takes to write so much; throws the driver's and
 * the file system's errors, and leaves no file then.
 */
export function copyInto(connection: Connection, path: string): void {
  // SQLite takes an empty file, and would make one for all to read (https://sqlite.org/lang_vacuum.html#vacuuminto).
  closeSync(openSync(path, "wx", 0o600));
  try {
    connection.prepare("VACUUM INTO ?").run(path);
    syncFile(path);
    syncFile(dirname(path));
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

/** A running server's copies in its data folder, which whoever asked for them takes away. */
const COPY = "padserve.db-backup-";

export function copyName(unique: string): string {
  return `${COPY}${unique}`;
}

/** Removes copies that nobody has taken away: whoever asked was ended. Only for a process that has the folder to itself. */
export function removeCopies(directory: string): void {
  for (const file of readdirSync(directory)) if (file.startsWith(COPY)) rmSync(join(directory, file), { force: true });
}

/** Checks the `padserve.db` in a backup's folder from end to end, and changes nothing there. Blocks. Throws a `StoreError`. */
export function checkBackup(directory: string): DatabaseSummary {
  const path = join(directory, "padserve.db");
  try {
    if (!existsSync(path) || !statSync(path).isFile()) throw noBackup(directory, "there is no padserve.db in it");
    // A folder that was copied by hand: what was committed last lies in the log, which only a server's start can bring in.
    if (existsSync(`${path}-wal`)) throw noBackup(directory, "it is a data folder, or a copy of one");
    const connection = connect(path, "read-only");
    try {
      if (pragma(connection, "application_id") !== APPLICATION_ID)
        throw noBackup(directory, "its padserve.db isn't marked as ours");
      const version = Number(pragma(connection, "user_version"));
      if (version > MIGRATIONS.length)
        throw refusal("newer", path, `version ${version}, known are ${MIGRATIONS.length}`);
      const damage = findDamage(connection, version, MIGRATIONS, 0);
      if (damage !== null) throw refusal("damaged", path, damage);
      return version < SUMS_SINCE ? { server: null, commits: 0 } : summaryOf(connection);
    } finally {
      connection.close();
    }
  } catch (error) {
    throw toStoreError(error, path);
  }
}

/** Of a database whose rows have checksums. The row that says which server it is never waits in the journal. */
export function summaryOf(connection: Connection): DatabaseSummary {
  const found = connection.prepare("SELECT kind, key, value, sum FROM rows WHERE kind = 'server'").get();
  const row = found === undefined ? null : readRow(found);
  return { server: row?.table === "server" ? row.value : null, commits: lastCommit(connection) };
}

/** A file's content, or a folder's names, are on the disk when this returns. */
export function syncFile(path: string): void {
  const file = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function noBackup(directory: string, why: string): StoreError {
  const text = `${directory} is no backup (${why}). Nothing was changed; name the folder that padserve backup made.`;
  return new StoreError("not-ours", text, why);
}

function refusal(code: "newer" | "damaged", path: string, cause: string): StoreError {
  return new StoreError(code, describe(code, path, cause), cause);
}
