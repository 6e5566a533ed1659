import { accessSync, chmodSync, closeSync, constants, existsSync, openSync, statSync } from "node:fs";
import { makeFolder } from "../../disk/make-folder.ts";
import { StoreError } from "../errors.ts";
import { describe } from "./failure.ts";

/** SQLite's own files beside the database; it gives new ones the database's mode. */
export const COMPANIONS = ["", "-wal", "-shm", "-journal", "-mark"];

/**
 * Makes sure of a place that only this user can read: the directory (0700 when made here; one that exists keeps its
 * mode, it may be the administrator's choice) and the file at `path` in it (always 0600). Throws `StoreError`
 * where something else than a file lies there, and the file system's errors.
 *
 * Never opens and closes an existing file: POSIX would free this process's lock on it.
 */
export function preparePlace(directory: string, path: string): void {
  makeFolder(directory);
  refuseUnfinished(path);
  accessSync(directory, constants.W_OK);
  createUnlessThere(path);
  if (!statSync(path).isFile()) throw new StoreError("not-ours", describe("not-ours", path, "not a file"));
  accessSync(path, constants.R_OK | constants.W_OK);
  for (const companion of COMPANIONS) restrict(path + companion);
}

function createUnlessThere(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

function restrict(path: string): void {
  if (existsSync(path) && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
}

/**
 * Looks whether the files at `path` are still those that were opened, not deleted, nor others put in their place: SQLite
 * goes on writing into a deleted file without a word. The log counts from when it is first seen.
 */
export function watchPlace(path: string): () => void {
  const seen = new Map<string, string>();
  look();
  return look;

  function look(): void {
    for (const file of [path, `${path}-wal`]) {
      const now = fileAt(file);
      const before = seen.get(file);
      if (before === undefined && now !== null) seen.set(file, now);
      if (before !== undefined && before !== now)
        throw new StoreError(
          "lost",
          describe("lost", path, now === null ? `${file} is gone` : `another ${file} is there`),
        );
    }
  }
}

/** Identifies a file among all that exist; null: there is none, or none that we can see. */
function fileAt(path: string): string | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
}

/** The file that lies beside a database into which a backup is being restored. */
export function unfinishedMark(path: string): string {
  return `${path}-restoring`;
}

export function isUnfinished(path: string): boolean {
  return existsSync(unfinishedMark(path));
}

/** Throws where a restore was begun and not finished: what lies there is no database, or an old one. */
export function refuseUnfinished(path: string): void {
  if (!isUnfinished(path)) return;
  const why = "a restore into it was begun and not finished";
  throw new StoreError(
    "damaged",
    `${path} can't be used: ${why}. Run padserve restore again, with the same folder.`,
    why,
  );
}
