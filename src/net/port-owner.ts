import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { isIPv4 } from "node:net";
import { basename } from "node:path";

/**
 * Which other process keeps us from listening on an address and TCP port, for a message such as "taken by nginx (pid 812)"; null
 * where that can't be known: on other systems than Linux, or when the process belongs to another user.
 */
export function portOwner(address: string, port: number): string | null {
  try {
    const inodes = new Set(
      ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeningInodes(table, holdersOf(address), port)),
    );
    return inodes.size === 0 ? null : processWith(inodes);
  } catch {
    return null;
  }
}

/** The addresses, as /proc/net writes them, with whose listening ours collides: the same, and all addresses. */
function holdersOf(address: string): ReadonlySet<string> {
  const [all4, all6] = ["00000000", "0".repeat(32)];
  return new Set([...(isIPv4(address) ? [all4] : []), all6, ...inKernelTables(address)]);
}

/** How /proc/net writes an address: an IPv4 one in one way in `tcp`, and in another in `tcp6`. */
export function inKernelTables(address: string): readonly string[] {
  if (!isIPv4(address)) return [inWords(bytesOf(address))];
  const own = inWords(address.split(".").map(Number));
  return [own, `${"0".repeat(16)}FFFF0000${own}`];
}

/** The kernel prints addresses in words of 32 bits, each in the machine's own byte order: least first, on all that Node runs on. */
function inWords(bytes: readonly number[]): string {
  const words = Array.from({ length: bytes.length / 4 }, (_, i) => bytes.slice(i * 4, i * 4 + 4).toReversed());
  return words
    .flat()
    .map((byte) => byte.toString(16).toUpperCase().padStart(2, "0"))
    .join("");
}

/** An IPv6 address in groups of hexadecimal digits, as tailscaled and the interfaces write it. */
function bytesOf(address: string): readonly number[] {
  const [head = "", tail] = address.replace(/%.*$/, "").split("::");
  const [before, after] = [groupsOf(head), groupsOf(tail ?? "")];
  const filled =
    tail === undefined ? before : [...before, ...Array(8 - before.length - after.length).fill("0"), ...after];
  return filled.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]);
}

function groupsOf(part: string): readonly string[] {
  return part === "" ? [] : part.split(":");
}

/** Rows of /proc/net/tcp: local address in column 2, state in column 4 (0A: listening), inode in column 10 (proc(5)). */
function listeningInodes(table: string, holders: ReadonlySet<string>, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  return readFileSync(table, "utf8")
    .split("\n")
    .slice(1)
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local = "", , state]) => {
      const [address = "", at] = local.split(":");
      return holders.has(address) && at === wanted && state === "0A";
    })
    .map((columns) => columns[9] ?? "");
}

function processWith(inodes: ReadonlySet<string>): string | null {
  const links = new Set([...inodes].map((inode) => `socket:[${inode}]`));
  for (const pid of readdirSync("/proc")) {
    if (/^\d+$/.test(pid) && Number(pid) !== process.pid && holdsOne(pid, links)) {
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
