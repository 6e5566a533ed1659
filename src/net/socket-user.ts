import { readFile } from "node:fs/promises";
import { isIPv4 } from "node:net";
import { inKernelTables } from "./port-owner.ts";

/**
 * The number of the user whose process of this machine is at the other end of a connection; null where that can't be known: on other
 * systems than Linux, across a container's border, or when that process has gone.
 */
export async function socketUser(ends: SocketEnds): Promise<number | null> {
  const { remoteAddress, remotePort, localAddress, localPort } = ends;
  if (remoteAddress === undefined || remotePort === undefined) return null;
  if (localAddress === undefined || localPort === undefined) return null;
  const theirs = endsOf(remoteAddress, remotePort);
  const ours = endsOf(localAddress, localPort);
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const rows = await readFile(table, "latin1").catch(() => "");
    const user = userIn(rows, theirs, ours);
    if (user !== null) return user;
  }
  return null;
}

/** As a socket tells them; undefined: it has gone. */
interface SocketEnds {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

function endsOf(address: string, port: number): readonly string[] {
  const mapped = /^::ffff:(.+)$/i.exec(address)?.[1] ?? "";
  const inHex = port.toString(16).toUpperCase().padStart(4, "0");
  return inKernelTables(isIPv4(mapped) ? mapped : address).map((written) => `${written}:${inHex}`);
}

/**
 * Rows of /proc/net/tcp: the process's own end in column 2, the one it is connected to in column 3, the user in column 8, the inode in
 * column 10 (proc(5)). Of a socket that its process has closed, or left behind, the kernel has neither user nor inode, and says 0 for both.
 */
function userIn(rows: string, theirs: readonly string[], ours: readonly string[]): number | null {
  for (const own of theirs) {
    for (const other of ours) {
      const at = rows.indexOf(` ${own} ${other} `);
      if (at === -1) continue;
      const [, , , , , , user = "", , inode = ""] = rows
        .slice(at, at + 256)
        .trim()
        .split(/\s+/);
      if (/^\d+$/.test(user) && /^[1-9]\d*$/.test(inode)) return Number(user);
    }
  }
  return null;
}
