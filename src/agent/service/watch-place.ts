import { statSync } from "node:fs";
import { join } from "node:path";
import type { AgentPlace } from "../wire/place.ts";
import type { OwnerFile } from "../storage/owner-file.ts";

interface Watching {
  /** Of the socket's file, as it was made. */
  readonly socket: string;
  /** Milliseconds between two looks. */
  readonly every: number;
  readonly owner: Pick<OwnerFile, "look">;
  /** Another machine's agent has it. */
  readonly taken: () => void;
  /** Gives the new file's. */
  readonly socketGone: () => Promise<string>;
  readonly folderGone: () => void;
}

/**
 * Looks after what an agent is found by: programs that clean up delete sockets, and people delete folders. With its lock's file the
 * agent's right to the folder is gone: another one may have it. Returns what ends it.
 */
export function watchPlace({ folder, socket: path }: AgentPlace, watching: Watching): () => void {
  const lock = join(folder, "lock");
  const own = fileIdentity(lock);
  let { socket } = watching;
  let isBusy = false;
  const timer = setInterval(() => void look(), watching.every).unref();
  return () => clearInterval(timer);

  async function look(): Promise<void> {
    if (isBusy) return;
    if (fileIdentity(lock) !== own) {
      clearInterval(timer);
      watching.folderGone();
      return;
    }
    isBusy = true;
    try {
      if (watching.owner.look() === "taken") {
        clearInterval(timer);
        watching.taken();
        return;
      }
      if (fileIdentity(path) === socket) return;
      socket = await watching.socketGone();
    } catch {
      // A full disk, perhaps; the next look tries again.
    } finally {
      isBusy = false;
    }
  }
}

/** What tells a file from others, also of the same name; null: there is none, or it can't be seen. */
export function fileIdentity(path: string): string | null {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}
