import { failureKind } from "../../disk/failure-kind.ts";
import { visibleLine } from "../../text/visible.ts";
import { StoreError } from "../errors.ts";
import type { StoreErrorCode } from "../errors.ts";

/** Any error of SQLite, the file system or the reading of rows, as one that tells the administrator what to do. */
export function toStoreError(error: unknown, path: string): StoreError {
  if (error instanceof StoreError) return error;
  const code = codeOf(error);
  return new StoreError(code, describe(code, path, error), error);
}

/** The store makes no change that a constraint could refuse. */
function codeOf(error: unknown): StoreErrorCode {
  const kind = failureKind(error);
  return kind === "conflict" ? "failed" : kind;
}

/** The administrator's line for each code; all but `in-use` and `full` carry the cause's own words. */
export function describe(code: StoreErrorCode, path: string, cause: unknown): string {
  const why = visibleLine(cause instanceof Error ? cause.message : String(cause));
  switch (code) {
    case "in-use":
      return `${path} is in use by another Padserve server. Stop that one, or choose another data directory.`;
    case "damaged":
      return `${path} is damaged (${why}). Nothing was changed; move it and the padserve.db-… files beside it away together, or bring back a backup, then start again.`;
    case "newer":
      return `${path} was made by a newer Padserve (${why}). Nothing was changed; install that version or a later one.`;
    case "not-ours":
      return `${path} is not a Padserve database (${why}). Nothing was changed; move it away or choose another data directory.`;
    case "unwritable":
      return `${path} can't be written (${why}). Give the server's user the right to write there, or choose another data directory.`;
    case "full":
      return `No space left for ${path}. Nothing of this change was kept; free some space and try again.`;
    case "lost":
      return `${path} is no longer the file that was opened (${why}). Nothing is kept from now on; put the folder back or decide to do without, then restart the server.`;
    case "failed":
      return `${path} can't be used (${why}). What was kept before is still there; look at the disk, then start again.`;
  }
}
