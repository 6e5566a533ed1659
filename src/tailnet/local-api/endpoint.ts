import { execFile } from "node:child_process";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { promisify } from "node:util";

/** Where a tailscaled can be asked. A Windows named pipe is a socket with a path of its own kind. */
export type Endpoint =
  | { readonly kind: "socket"; readonly path: string }
  /** A port on 127.0.0.1; `token` is its password, "" where we may not read it. Never log it. */
  | { readonly kind: "loopback"; readonly port: number; readonly token: string };

/** What the search needs of the machine. The readers throw as `node:fs` does; `run` rejects when the program fails. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** The user's numeric id; null where there is no such thing. */
  readonly uid: number | null;
  exists(path: string): boolean;
  readLink(path: string): string;
  readText(path: string): string;
  run(program: string, args: readonly string[]): Promise<string>;
}

/**
 * Candidates in the order in which to try them, whether something listens there or not. `path`, the administrator's own
 * choice, leaves no other. Source: Tailscale's safesocket and paths packages. Never rejects.
 */
export async function findEndpoints(path: string | null, machine: Machine = thisMachine): Promise<readonly Endpoint[]> {
  if (path !== null) {
    return [{ kind: "socket", path }];
  }
  switch (machine.platform) {
    case "win32":
      return [{ kind: "socket", path: String.raw`\\.\pipe\ProtectedPrefix\Administrators\Tailscale\tailscaled` }];
    case "darwin":
      return [
        ...(await appStoreApp(machine)),
        ...(await standaloneApp(machine)),
        { kind: "socket", path: "/var/run/tailscaled.socket" },
      ];
    default:
      return unixSockets(machine).map((socket) => ({ kind: "socket", path: socket }));
  }
}

/**
 * Paths that only root can create, except where the system itself puts the socket elsewhere: on any other system,
 * whoever made `/tmp/tailscale` could tell us who our peers are.
 */
function unixSockets(machine: Machine): readonly string[] {
  if (machine.exists("/usr/syno")) {
    return ["/var/packages/Tailscale/var/tailscaled.sock", "/var/packages/Tailscale/etc/tailscaled.sock"];
  }
  if (machine.exists("/etc/config/uLinux.conf")) {
    return ["/tmp/tailscale/tailscaled.sock"];
  }
  if (machine.exists("/gokrazy")) {
    return ["/perm/tailscaled/tailscaled.sock"];
  }
  return ["/var/run/tailscale/tailscaled.sock"];
}

/** The App Store's app keeps port and token in the name of a file that it holds open. */
async function appStoreApp(machine: Machine): Promise<readonly Endpoint[]> {
  const listing = await orEmpty(() =>
    machine.run("lsof", ["-n", "-a", `-u${machine.uid}`, "-c", "IPNExtension", "-F"]),
  );
  const [, port, token] = /\.tailscale\.ipn\.macos\/sameuserproof-(\d{1,5})-(\S+)$/m.exec(listing) ?? [];
  return port === undefined || token === undefined ? [] : [{ kind: "loopback", port: Number(port), token }];
}

/** The standalone app: the port is the target of a symbolic link, the token lies in a file that administrators may read. */
async function standaloneApp(machine: Machine): Promise<readonly Endpoint[]> {
  const port = await orEmpty(() => machine.readLink("/Library/Tailscale/ipnport"));
  if (!/^\d{1,5}$/.test(port)) {
    return [];
  }
  // Without the token we ask all the same: the answer tells "not allowed" from "not running".
  const token = await orEmpty(() => machine.readText(`/Library/Tailscale/sameuserproof-${port}`));
  return [{ kind: "loopback", port: Number(port), token: token.trim() }];
}

async function orEmpty(read: () => string | Promise<string>): Promise<string> {
  try {
    return await read();
  } catch {
    return "";
  }
}

const thisMachine: Machine = {
  platform: process.platform,
  uid: process.getuid?.() ?? null,
  exists: existsSync,
  readLink: (path) => readlinkSync(path),
  readText: (path) => readFileSync(path, "utf8"),
  run: async (program, args) => (await promisify(execFile)(program, args, { timeout: 2000 })).stdout,
};
