import { randomBytes } from "node:crypto";
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { makeFolder } from "../../../disk/make-folder.ts";
import { AgentStoreError } from "../errors.ts";
import { describe } from "./failure.ts";
import { SECRETS_KEY_BYTES } from "./secrets.ts";

/** SQLite's own files beside the database; it gives new ones the database's mode. */
const COMPANIONS = ["", "-wal", "-journal"];

/**
 * Makes sure of a place that only this user can read: the folder (0700, also where it was there) and the file at `path` in it
 * (0600). Throws the file system's errors. Never opens and closes an existing file: POSIX would free this process's lock on it.
 */
export function preparePlace(folder: string, path: string): void {
  makeFolder(folder);
  if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
  if (!existsSync(path)) closeSync(openSync(path, "wx", 0o600));
  if (!statSync(path).isFile()) throw new AgentStoreError("not-ours", describe("not-ours", path, "not a file"));
  accessSync(path, constants.R_OK | constants.W_OK);
  for (const companion of COMPANIONS) restrict(path + companion);
}

/** The key in that file. Throws an `AgentStoreError` where there is none, or another thing. */
export function readKey(keyFile: string, path: string): Uint8Array {
  if (!existsSync(keyFile)) throw new AgentStoreError("no-key", describe("no-key", path, `${keyFile} is missing`));
  const key = readFileSync(keyFile);
  if (key.length === SECRETS_KEY_BYTES) return (restrict(keyFile), key);
  throw new AgentStoreError("no-key", describe("no-key", path, `${keyFile} holds no key`));
}

/** A new key in a new file (0600), on the disk before this returns; one that is there already is taken. */
export function makeKey(keyFile: string, path: string): Uint8Array {
  makeFolder(dirname(keyFile));
  const beside = `${keyFile}.${randomBytes(8).toString("hex")}`;
  try {
    const file = openSync(beside, "wx", 0o600);
    writeSync(file, randomBytes(SECRETS_KEY_BYTES));
    fsyncSync(file);
    closeSync(file);
    // A link is made or is there already, and never overwrites the key of a device.
    if (!existsSync(keyFile)) linkSync(beside, keyFile);
  } finally {
    rmSync(beside, { force: true });
  }
  syncFolder(dirname(keyFile));
  return readKey(keyFile, path);
}

function syncFolder(folder: string): void {
  const opened = openSync(folder, constants.O_RDONLY);
  fsyncSync(opened);
  closeSync(opened);
}

function restrict(path: string): void {
  if (existsSync(path) && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
}
