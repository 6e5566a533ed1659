import { lstatSync, readFileSync } from "node:fs";
import type { Stats } from "node:fs";
import { dirname, isAbsolute } from "node:path";

/**
 * The socket of an agent that several users of this machine share: services of a group. Its folder belongs to the user that the agent runs
 * as, and lets a group in. Node tells neither side who the other one is (no SO_PEERCRED): who may come in is the file system's to say, and so
 * is who answers.
 */

/** Where `pad agent --system` serves unless `PAD_AGENT_SOCKET` says otherwise. */
export const SHARED_SOCKET = "/run/padserve/agent.sock";

/** The environment's variable that leads faces, and `pad agent --system`, to it. */
export const SHARED_VARIABLE = "PAD_AGENT_SOCKET";

/** Null: no shared agent is meant. */
export function sharedSocketIn(env: Readonly<Record<string, string | undefined>>): string | null {
  return env[SHARED_VARIABLE] || null;
}

/**
 * For a face: why this socket can't be believed to be the agent's that was meant, in a line; null: nothing speaks against it, or
 * nothing is there. Whoever could make or replace it could read what is said to it, or be it.
 */
export function notTrustworthy(socket: string, user: number | undefined = process.getuid?.()): string | null {
  const wrong = wrongPath(socket);
  if (wrong !== null) return wrong;
  if (user === undefined) return null;
  const folder = dirname(socket);
  const found = look(folder);
  if (typeof found === "string") return `${folder} can't be used (${found}).`;
  if (found === null) return null;
  if (!found.isDirectory()) return `${folder} is not a folder, so ${SHARED_VARIABLE} can't name a socket in it.`;
  const owner = found.uid;
  if ((found.mode & 0o022) !== 0) return `${folder} can be written by others, who could be the agent. ${TELL}`;
  const above = whoCanMake(dirname(folder), new Set([0, owner, user]));
  if (above === "others") return `A folder above ${folder} can be written by others, who could be the agent. ${TELL}`;
  // In a folder like /tmp anybody may have made it.
  if (above === "anybody" && owner !== 0 && owner !== user) {
    return `${folder} belongs to another user, who may have made it where anybody can. ${TELL}`;
  }
  const file = look(socket);
  if (typeof file === "string") return mayNot(socket, found.gid);
  if (file !== null && (!file.isSocket() || (file.uid !== owner && file.uid !== 0))) {
    return `${socket} is not the socket of whom ${folder} belongs to. ${TELL}`;
  }
  return null;
}

/** For whoever isn't let in. */
function mayNot(socket: string, group: number): string {
  return `You may not use the agent at ${socket}: it is for the group ${groupName(group)}. An administrator adds you: usermod --append --groups ${groupName(group)} USER, then log in again, or restart the service.`;
}

/** For the agent: what is wrong with the folder that it is to share a socket in, in a line; null: nothing. */
export function notShareable(socket: string, user: number | undefined = process.getuid?.()): string | null {
  const wrong = wrongPath(socket);
  if (wrong !== null) return wrong;
  const folder = dirname(socket);
  const found = look(folder);
  if (typeof found === "string") return `${folder} can't be used (${found}).`;
  if (found === null || !found.isDirectory()) return `There is no folder ${folder}. ${make(folder)}`;
  if (user !== undefined && found.uid !== user) return `${folder} belongs to another user. ${make(folder)}`;
  const mode = found.mode & 0o777;
  return mode === 0o750 || mode === 0o710
    ? null
    : `${folder} has the mode ${mode.toString(8).padStart(4, "0")}: a group is to enter it, and nobody else to do anything there. ${make(folder)}`;
}

function make(folder: string): string {
  return `As root: install -d -o USER -g GROUP -m 0750 ${folder}, with the user that the agent runs as and the group of those who may use it.`;
}

/** The smallest that systems take is macOS's: 104 bytes with the zero behind them (sun_path). */
const LONGEST_SOCKET = 103;

function wrongPath(socket: string): string | null {
  if (!isAbsolute(socket)) return `${SHARED_VARIABLE} must be a whole path, beginning with /.`;
  return Buffer.byteLength(socket) <= LONGEST_SOCKET
    ? null
    : `${SHARED_VARIABLE} is too long: a socket's path has at most ${LONGEST_SOCKET} bytes.`;
}

/** Whether one of the folders from here up lets others than these put something else in the place of what is in it. */
function whoCanMake(folder: string, trusted: ReadonlySet<number>): "trusted" | "anybody" | "others" {
  let who: "trusted" | "anybody" = "trusted";
  for (let at = folder; ; at = dirname(at)) {
    const found = look(at);
    if (found === null || typeof found === "string" || !trusted.has(found.uid)) return "others";
    const isWritable = (found.mode & 0o022) !== 0;
    // Sticky: anybody can make something there, and nobody replace what another has made.
    if (isWritable && (found.mode & 0o1000) === 0) return "others";
    if (isWritable && at === folder) who = "anybody";
    if (at === dirname(at)) return who;
  }
}

/** Null: nothing is there; a string: the system's code for why it can't be seen. */
function look(path: string): Stats | string | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

const TELL = "Tell this machine's administrator.";

/** Longer files are a directory service's dump. */
const LONGEST_LIST = 1024 * 1024;

/** As `/etc/group` has it, else the number. */
function groupName(group: number): string {
  try {
    const lines = readFileSync("/etc/group", "utf8").slice(0, LONGEST_LIST).split("\n");
    const name = lines.map((line) => line.split(":")).find(([, , id]) => id === String(group))?.[0];
    return name !== undefined && /^[a-z_][a-z0-9_-]{0,31}$/i.test(name) ? name : String(group);
  } catch {
    return String(group);
  }
}
