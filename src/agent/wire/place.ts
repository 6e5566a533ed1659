import { createHash } from "node:crypto";
import { lstatSync } from "node:fs";
import type { Stats } from "node:fs";
import { join } from "node:path";

/** Where an agent's things lie: one agent for each user and state folder. */
export interface AgentPlace {
  /** The person's state folder. */
  readonly state: string;
  /** Of this user alone: devices, keys, the list of servers, the lock. */
  readonly folder: string;
  /** Of this user alone, too, and the same one unless its path is too long for a socket's. */
  readonly socketFolder: string;
  readonly socket: string;
  readonly log: string;
  /** The process id of the agent that has the lock, for when it can't be asked. */
  readonly pid: string;
}

/** The smallest that systems take is macOS's: 104 bytes with the zero behind them (sun_path). */
const LONGEST_SOCKET = 103;

/** `temporary` is the same folder for all of a user's processes, whatever their TMPDIR. */
export function agentPlace(state: string, temporary = "/tmp"): AgentPlace {
  const folder = join(state, "agent");
  const beside = join(folder, SOCKET);
  const socketFolder = Buffer.byteLength(beside) <= LONGEST_SOCKET ? folder : shortFolder(folder, temporary);
  return {
    state,
    folder,
    socketFolder,
    socket: join(socketFolder, SOCKET),
    log: join(folder, "agent.log"),
    pid: join(folder, "pid"),
  };
}

/**
 * What is wrong with a folder that must be this user's alone, in a line; null: nothing, or it isn't there. Who made it could
 * otherwise read what is said to the agent, or be it.
 */
export function notPrivate(folder: string, user: number | undefined = process.getuid?.()): string | null {
  let found: Stats | undefined;
  try {
    found = lstatSync(folder, { throwIfNoEntry: false });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return `${folder} can't be used (${code}). Name a state folder of your own (XDG_STATE_HOME).`;
  }
  if (found === undefined || user === undefined) return null;
  if (!found.isDirectory()) return `${folder} is not a folder. Move it away.`;
  if (found.uid !== user) {
    return `${folder} belongs to another user. Run this as that user, or name a state folder of your own (XDG_STATE_HOME).`;
  }
  return (found.mode & 0o077) === 0 ? null : `${folder} is open to other users. Run: chmod 700 ${folder}`;
}

const SOCKET = "agent.sock";

function shortFolder(folder: string, temporary: string): string {
  const hash = createHash("sha256").update(folder).digest("hex").slice(0, 16);
  return join(temporary, `padserve-${process.getuid?.() ?? 0}-${hash}`);
}
