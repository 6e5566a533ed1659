import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, rmdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Begins the name of everything that a run leaves outside its process; behind it comes that process's number. */
const PREFIX = "padtailnet";
const NAMES = new RegExp(`^(${PREFIX}-(\\d+)-\\d+)-`);
const NAMESPACES = "/run/netns";
const RESOLVERS = "/etc/netns";

/** A machine of its own on this machine, with one network interface, `eth0`. */
export interface Host {
  readonly namespace: string;
  /** On `eth0`. */
  readonly address: string;
  /** For its state, sockets and logs. */
  readonly folder: string;
  /** Words in front of a command line that is to run there. */
  readonly through: readonly string[];
  /** `ip …` there. */
  ip(...words: readonly string[]): void;
}

/** Machines that reach each other and nothing else: no namespace has a route that leads out of this one network. */
export interface Network {
  readonly prefix: string;
  addHost(name: string): Host;
  /** A network of its own between two hosts, with these addresses on interfaces called `name`. */
  connect(name: string, ...ends: readonly (readonly [Host, string])[]): void;
}

/** The internet of a test: one bridge in a namespace of its own. */
export function createNetwork(): Network {
  created += 1;
  const prefix = `${PREFIX}-${process.pid}-${created}`;
  const hub = `${prefix}-hub`;
  addNamespace(hub);
  ip("-n", hub, "link", "add", "bridge", "type", "bridge");
  ip("-n", hub, "link", "set", "bridge", "up");
  let hosts = 0;

  return {
    prefix,
    addHost(name) {
      hosts += 1;
      const namespace = `${prefix}-${name}`;
      const address = `10.77.0.${hosts}`;
      addNamespace(namespace);
      ip("-n", hub, "link", "add", "name", `port${hosts}`, "type", "veth", "peer", "name", "eth0", "netns", namespace);
      ip("-n", hub, "link", "set", `port${hosts}`, "master", "bridge", "up");
      ip("-n", namespace, "addr", "add", `${address}/24`, "dev", "eth0");
      ip("-n", namespace, "link", "set", "eth0", "up");
      const folder = join(tmpdir(), prefix, name);
      mkdirSync(folder, { recursive: true });
      return {
        namespace,
        address,
        folder,
        through: ["ip", "netns", "exec", namespace],
        ip: (...words) => ip("-n", namespace, ...words),
      };
    },
    connect(name, [one, oneAddress], [other, otherAddress]) {
      ip(
        "-n",
        one.namespace,
        "link",
        "add",
        "name",
        name,
        "type",
        "veth",
        "peer",
        "name",
        name,
        "netns",
        other.namespace,
      );
      for (const [host, address] of [
        [one, oneAddress],
        [other, otherAddress],
      ] as const) {
        host.ip("addr", "add", address, "dev", name);
        host.ip("link", "set", name, "up");
      }
    },
  };
}

/** What programs in a namespace take for `/etc/resolv.conf`; `ip netns exec` sees to it, for them alone. */
export function setResolver({ namespace }: Host, text: string): void {
  mkdirSync(join(RESOLVERS, namespace), { recursive: true });
  writeFileSync(join(RESOLVERS, namespace, "resolv.conf"), text);
}

/** Kills every process in the namespaces of this prefix, whoever started it, and removes all that bears it. */
export function sweep(prefix: string): void {
  for (const namespace of namespaces().filter((name) => name.startsWith(`${prefix}-`))) {
    const pids = spawnSync("ip", ["netns", "pids", namespace], { encoding: "utf8" }).stdout.split("\n");
    for (const pid of pids.filter((line) => line !== "")) kill(Number(pid));
    ip("netns", "del", namespace);
    rmSync(join(RESOLVERS, namespace), { recursive: true, force: true });
  }
  // The dying may still write.
  rmSync(join(tmpdir(), prefix), { recursive: true, force: true, maxRetries: 10 });
  removeIfEmpty(RESOLVERS);
}

/** What runs left behind that were killed together with their undertaker. */
export function sweepLeftOvers(): void {
  const left = namespaces().flatMap((name) => {
    const [, prefix, pid] = NAMES.exec(name) ?? [];
    return prefix === undefined || existsSync(`/proc/${pid}`) ? [] : [prefix];
  });
  for (const prefix of new Set(left)) sweep(prefix);
}

let created = 0;

function addNamespace(name: string): void {
  ip("netns", "add", name);
  ip("-n", name, "link", "set", "lo", "up");
}

function namespaces(): readonly string[] {
  return existsSync(NAMESPACES) ? readdirSync(NAMESPACES) : [];
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone by itself meanwhile.
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Not there, or somebody else's things are in it.
  }
}

function ip(...words: readonly string[]): void {
  execFileSync("ip", words, { stdio: ["ignore", "ignore", "pipe"] });
}
