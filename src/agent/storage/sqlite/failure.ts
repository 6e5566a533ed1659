import { isValiError } from "valibot";
import { AgentStoreError } from "../errors.ts";
import type { AgentStoreErrorCode } from "../errors.ts";

/** Primary result codes, https://sqlite.org/rescode.html; an extended code has its primary one in the low byte. */
const SQLITE: ReadonlyMap<number, AgentStoreErrorCode> = new Map([
  [3 /* PERM */, "unwritable"],
  [5 /* BUSY */, "in-use"],
  [8 /* READONLY */, "unwritable"],
  [11 /* CORRUPT */, "damaged"],
  [13 /* FULL */, "full"],
  [14 /* CANTOPEN */, "unwritable"],
  // What a change's own statement refuses: a row that is there already, or one that it needs and isn't.
  [19 /* CONSTRAINT */, "conflict"],
  [26 /* NOTADB */, "damaged"],
]);

/** SQLite couldn't make room for its index of the write-ahead log. It says so with a code of its own, not with FULL. */
const IOERR_SHMSIZE = 4874;

const SYSTEM: ReadonlyMap<unknown, AgentStoreErrorCode> = new Map([
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

/** Any error of SQLite, the file system or the reading of rows, as one that tells the person what to do. */
export function toAgentStoreError(error: unknown, path: string): AgentStoreError {
  if (error instanceof AgentStoreError) return error;
  const code = codeOf(error);
  return new AgentStoreError(code, describe(code, path, error), error);
}

function codeOf(error: unknown): AgentStoreErrorCode {
  if (isValiError(error)) return "damaged";
  if (!(error instanceof Error)) return "failed";
  if ("errcode" in error && typeof error.errcode === "number") {
    if (error.errcode === IOERR_SHMSIZE) return "full";
    return SQLITE.get(error.errcode & 0xff) ?? "failed";
  }
  return ("code" in error ? SYSTEM.get(error.code) : undefined) ?? "failed";
}

/** The line for each code. */
export function describe(code: AgentStoreErrorCode, path: string, cause: unknown): string {
  const why = (cause instanceof Error ? cause.message : String(cause)).replaceAll(/\s+/g, " ");
  switch (code) {
    case "in-use":
      return `${path} is in use by another agent of yours. Use that one, or stop it first.`;
    case "another-machine":
      return `${path} was made on another machine. A device can't be moved or copied: move this folder away, and this machine becomes a new device; bring the history with pad devices export.`;
    case "no-key":
      return `${path} can't be opened without its key (${why}). Bring that file back; if it is lost, move the folder away, and this machine becomes a new device.`;
    case "damaged":
      return `${path} is damaged (${why}). Nothing was changed; move it away, and this machine becomes a new device.`;
    case "newer":
      return `${path} was made by a newer Padserve (${why}). Nothing was changed; install that version or a later one.`;
    case "not-ours":
      return `${path} is not a Padserve device (${why}). Nothing was changed; move it away.`;
    case "unwritable":
      return `${path} can't be read or written (${why}). Make it yours again: folder 0700, file 0600.`;
    case "full":
      return `No space left for ${path}. Nothing of this change was kept; free some space and try again.`;
    case "conflict":
      return `${path} doesn't hold what this change needs (${why}). Nothing was changed; restart the agent.`;
    case "failed":
      return `${path} can't be used (${why}). What was kept before is still there; look at the disk, then start again.`;
  }
}
