import { createHash } from "node:crypto";
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { AgentStoreError } from "../errors.ts";
import type { AgentStoreErrorCode } from "../errors.ts";
import { connect, inTransaction, pragma } from "./connection.ts";
import type { Connection, FaultPoint } from "./connection.ts";
import { describe } from "./failure.ts";
import { MIGRATIONS } from "./migrations.ts";
import { makeKey, preparePlace, readKey } from "./place.ts";
import { lastExamined } from "./soundness.ts";
import { secretsUnder } from "./secrets.ts";
import type { Secrets } from "./secrets.ts";

/** "PADA": tells a device's files from a server's and from other programs' (https://sqlite.org/pragma.html#pragma_application_id). */
const APPLICATION_ID = 0x50414441;

export interface Place {
  /** One for each device and server; holds `device.db`. */
  readonly folder: string;
  /** Not below `folder`, so that who copies the folder hasn't got it. */
  readonly keyFile: string;
  /** What tells this machine from others (machine-id.ts). */
  readonly machine: string;
}

export interface Opened {
  readonly path: string;
  /** When the file was last read as a whole and found sound, milliseconds since 1970. */
  readonly examined: number;
  readonly connection: Connection;
  readonly secrets: Secrets;
}

/**
 * Opens the database, makes it where there is none, brings an older one up to date, and keeps every other agent out until
 * it is closed. Throws; what it refuses is left as it was.
 */
export function openDevice(place: Place, faultPoint?: FaultPoint, migrations: readonly string[] = MIGRATIONS): Opened {
  const path = join(place.folder, "device.db");
  preparePlace(place.folder, path);
  rollBack(path);
  const { isNew, examined } = inspect(path, migrations.length);
  // Before the first secret is, its key is on the disk.
  const key = isNew ? makeKey(place.keyFile, path) : readKey(place.keyFile, path);
  const connection = connect(path, "read-write", faultPoint);
  try {
    takeLock(connection, path);
    migrate(connection, migrations);
    const secrets = secretsUnder(key);
    if (isNew) bind(connection, secrets, place.machine);
    check(connection, secrets, path, place);
    return { path, examined, connection, secrets };
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Only a first start that was killed leaves a rollback journal; until it is used, nobody can read the file. */
function rollBack(path: string): void {
  if (sizeOf(`${path}-journal`) === 0) return;
  const connection = connect(path, "read-write");
  pragma(connection, "page_count");
  connection.close();
}

/**
 * Whether it is new: empty, or not bound yet. Read-only, because a connection that may write puts what a killed agent left in
 * its log into the file when it closes; of a file that we refuse, not a byte may change.
 */
function inspect(path: string, newest: number): { readonly isNew: boolean; readonly examined: number } {
  const [size, logged] = [sizeOf(path), sizeOf(`${path}-wal`)];
  const now = Date.now();
  if (size === 0 && logged === 0) return { isNew: true, examined: now };
  // SQLite would delete the log of an empty file; ours never has one.
  if (size === 0) throw refusal("damaged", path, "cut short");
  const connection = connect(path, "read-only");
  try {
    // A first start that ended between its lock and its first migration leaves a page without a table.
    if (connection.prepare("SELECT 1 FROM sqlite_schema").get() === undefined) return { isNew: true, examined: now };
    if (pragma(connection, "application_id") !== APPLICATION_ID)
      throw refusal("not-ours", path, "it isn't marked as ours");
    const version = Number(pragma(connection, "user_version"));
    if (version > newest) throw refusal("newer", path, `version ${version}, known are ${newest}`);
    const before = logged === 0 ? lastExamined(path, now) : null;
    const found = before === null ? pragma(connection, "quick_check") : "ok";
    if (found !== "ok") throw refusal("damaged", path, found);
    const isNew = connection.prepare("SELECT 1 FROM meta WHERE key = 'machine'").get() === undefined;
    return { isNew, examined: before ?? now };
  } finally {
    connection.close();
    // With the lock held nobody shares memory with us, and the file for it that a reader leaves is of no use.
    if (logged === 0) rmSync(`${path}-shm`, { force: true });
  }
}

/** The operating system's lock on the file: gone with the process, however it dies. */
function takeLock(connection: Connection, path: string): void {
  connection.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
  rmSync(`${path}-shm`, { force: true });
}

/**
 * Each migration in one transaction with its number. `secure_delete`: what is deleted or replaced is overwritten in the file.
 * A log that has been brought into the file is cut to nothing, since it holds what has been replaced since.
 */
function migrate(connection: Connection, migrations: readonly string[]): void {
  connection.exec(
    "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON",
  );
  const version = Number(pragma(connection, "user_version"));
  for (const [index, migration] of migrations.slice(version).entries()) {
    inTransaction(connection, () => {
      connection.exec(migration);
      connection.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version + index + 1}`);
    });
  }
  connection.exec("PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 0");
}

/** A new database, to this machine and this key. */
function bind(connection: Connection, secrets: Secrets, machine: string): void {
  const insert = connection.prepare("INSERT INTO meta (key, value) VALUES (?, ?)");
  inTransaction(connection, () => {
    insert.run("machine", machineHash(machine));
    insert.run("key-check", secrets.seal("key-check", new Uint8Array(1)));
    insert.run("counter", 0);
  });
}

function check(connection: Connection, secrets: Secrets, path: string, { keyFile, machine }: Place): void {
  const value = connection.prepare("SELECT value FROM meta WHERE key = ?");
  const [boundTo, sealed] = ["machine", "key-check"].map((key) => Object.values(value.get(key) ?? {})[0]);
  if (!(boundTo instanceof Uint8Array) || !(sealed instanceof Uint8Array)) throw refusal("damaged", path, "half made");
  if (!machineHash(machine).equals(boundTo)) throw refusal("another-machine", path, "another machine's id");
  try {
    secrets.open("key-check", sealed);
  } catch (error) {
    throw new AgentStoreError("no-key", describe("no-key", path, `${keyFile} holds another key`), error);
  }
}

/** The id itself is nobody's business (machine-id(5)). */
function machineHash(machine: string): Buffer {
  return createHash("sha256").update(`padserve machine v1\0${machine}`).digest();
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function refusal(code: AgentStoreErrorCode, path: string, cause: unknown): AgentStoreError {
  return new AgentStoreError(code, describe(code, path, cause), cause);
}
