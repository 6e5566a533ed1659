import { failureKind } from "../../../disk/failure-kind.ts";
import { AgentStoreError } from "../errors.ts";
import type { AgentStoreErrorCode } from "../errors.ts";

/** Any error of SQLite, the file system or the reading of rows, as one that tells the person what to do. */
export function toAgentStoreError(error: unknown, path: string): AgentStoreError {
  if (error instanceof AgentStoreError) return error;
  const code = failureKind(error);
  return new AgentStoreError(code, describe(code, path, error), error);
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
