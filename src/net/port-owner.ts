import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

/**
 * Which process listens on a TCP port, for a message such as "taken by nginx (pid 812)"; null where that can't be known:
 * on other systems than Linux, or when the process belongs to another user.
 */
export function portOwner(port: number): string | null {
  try {
    const inodes = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeningInodes(table, port)));
    return inodes.size === 0 ? null : processWith(inodes);
  } catch {
    return null;
  }
}

/** Rows of /proc/net/tcp: local address in column 2, state in column 4 (0A: listening), inode in column 10 (proc(5)). */
function listeningInodes(table: string, port: number): string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return readFileSync(table, "utf8")
    .split("\n")
    .slice(1)
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(wanted) === true && state === "0A")
    .map((columns) => columns[9] ?? "");
}

function processWith(inodes: ReadonlySet<string>): string | null {
  const links = new Set([...inodes].map((inode) => `socket:[${inode}]`));
  for (const pid of readdirSync("/proc")) {
    if (/^\d+$/.test(pid) && holdsOne(pid, links)) {
      // Not its `comm`: programs rename their threads, Node itself to "node-MainThread".
      return `${basename(readLink(`/proc/${pid}/exe`))} (pid ${pid})`;
    }
  }
  return null;
}

function holdsOne(pid: string, links: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => links.has(readLink(`/proc/${pid}/fd/${fd}`)));
  } catch {
    return false;
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
