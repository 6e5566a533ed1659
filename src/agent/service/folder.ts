import { createHash } from "node:crypto";
import { chmodSync, existsSync, lstatSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../../disk/make-folder.ts";
import { notPrivate } from "../wire/place.ts";
import type { AgentPlace } from "../wire/place.ts";

/**
 * Makes the agent's folders, and makes sure that they are this user's, on this machine, and nobody else's. Gives null, or a line
 * that says what is wrong and what to do.
 */
export function prepareFolder({ folder, socketFolder }: AgentPlace, machine: string): string | null {
  try {
    for (const each of new Set([folder, socketFolder])) {
      makeFolder(each);
      // Ours may have been opened by a copy or a restore; another's is not touched.
      if (lstatSync(each).uid === process.getuid?.()) chmodSync(each, 0o700);
      const wrong = notPrivate(each);
      if (wrong !== null) return wrong;
    }
    return otherMachine(folder, machine);
  } catch (error) {
    return `${folder} can't be used (${codeOf(error)}). ${adviceFor(codeOf(error))}`;
  }
}

/** A home that several machines share, or a copy: two agents on one device would undo each other's keys. */
function otherMachine(folder: string, machine: string): string | null {
  const path = join(folder, "machine");
  const own = createHash("sha256").update(`padserve agent machine v1\0${machine}`).digest("hex");
  // Whole or not at all, also on a disk that is full.
  if (!existsSync(path)) {
    writeFileSync(`${path}.new`, `${own}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
  return readFileSync(path, "utf8").trim() === own
    ? null
    : `${folder} was made on another machine. A device can't be moved, copied or shared: name another state folder here (XDG_STATE_HOME), or move this one away, and this machine becomes a new device.`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

function adviceFor(code: string): string {
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return "The disk is full: free some space, then try again.";
    case "EROFS":
      return "The disk is read-only: name another state folder (XDG_STATE_HOME).";
    default:
      return "Make it yours again: folder 0700.";
  }
}
