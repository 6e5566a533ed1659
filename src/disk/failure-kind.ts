/**
 * `disk`: what databases and private files need of a disk, in one place for the server, the agent and `pad`. It knows nothing
 * of what the files hold.
 */

import { isValiError } from "valibot";

/** What went wrong with a database and its files, as far as a person would do something else about it. */
export type FailureKind = "in-use" | "damaged" | "unwritable" | "full" | "conflict" | "failed";

/** The kind of any error of SQLite, the file system or the reading of rows. */
export function failureKind(error: unknown): FailureKind {
  if (isValiError(error)) return "damaged";
  if (!(error instanceof Error)) return "failed";
  if ("errcode" in error && typeof error.errcode === "number") {
    if (error.errcode === IOERR_SHMSIZE) return "full";
    return SQLITE.get(error.errcode & 0xff) ?? "failed";
  }
  return ("code" in error ? SYSTEM.get(error.code) : undefined) ?? "failed";
}

/** SQLite couldn't make room for its index of the write-ahead log. It says so with a code of its own, not with FULL. */
const IOERR_SHMSIZE = 4874;

/** Primary result codes, https://sqlite.org/rescode.html; an extended code has its primary one in the low byte. */
const SQLITE: ReadonlyMap<number, FailureKind> = new Map([
  [3 /* PERM */, "unwritable"],
  [5 /* BUSY */, "in-use"],
  [8 /* READONLY */, "unwritable"],
  [11 /* CORRUPT */, "damaged"],
  [13 /* FULL */, "full"],
  [14 /* CANTOPEN */, "unwritable"],
  // What a change's own statement refuses: a row that is already there, or one that it needs and isn't.
  [19 /* CONSTRAINT */, "conflict"],
  [26 /* NOTADB */, "damaged"],
]);

const SYSTEM: ReadonlyMap<unknown, FailureKind> = new Map([
  ["EACCES", "unwritable"],
  ["EPERM", "unwritable"],
  ["EROFS", "unwritable"],
  ["EEXIST", "unwritable"],
  ["ENOTDIR", "unwritable"],
  ["ENOENT", "unwritable"],
  ["ENOSPC", "full"],
  ["EDQUOT", "full"],
  // node:sqlite met an integer that no JavaScript number can hold; we write only such that can.
  ["ERR_OUT_OF_RANGE", "damaged"],
]);
