import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { onTestFinished } from "vitest";
import { startProgram, type Program } from "./program.ts";

/** Why a test can't make network namespaces here, or null when it can. */
export const noNamespaces: string | null = findObstacle();

/**
 * A machine of its own on this machine: a network namespace with a loopback, removed with the test. Its programs are
 * started through `through`; processes and unix sockets, and with them a fake tailscaled, are shared by all.
 */
export interface Machine {
  readonly through: readonly string[];
  /** `ip …` in this machine. */
  ip(...words: readonly string[]): void;
  /** Runs a program there to its end and gives its output. */
  run(program: string, ...words: readonly string[]): string;
}

export function createMachine(label: string): Machine {
  made += 1;
  const namespace = `padserve-${process.pid}-${label}${made}`;
  ip("netns", "add", namespace);
  onTestFinished(() => void ip("netns", "del", namespace));
  const machine: Machine = {
    through: ["ip", "netns", "exec", namespace],
    ip: (...words) => void ip("-n", namespace, ...words),
    run: (...words) => ip("netns", "exec", namespace, ...words),
  };
  machine.ip("link", "set", "lo", "up");
  return machine;
}

/** Gives a machine an interface to which others can be joined, as a tailnet joins them. */
export function addNetwork(machine: Machine, name: string, addresses: readonly string[]): void {
  machine.ip("link", "add", name, "type", "bridge");
  machine.ip("link", "set", name, "up");
  for (const address of addresses) addAddress(machine, name, address);
}

/** Joins a machine, under an interface of this name, to the network of another's. */
export function plugIn(
  machine: Machine,
  name: string,
  to: Machine,
  network: string,
  addresses: readonly string[],
): void {
  made += 1;
  const port = `port${made}`;
  to.ip("link", "add", "name", port, "type", "veth", "peer", "name", name, "netns", machine.through.at(-1) ?? "");
  to.ip("link", "set", port, "master", network, "up");
  machine.ip("link", "set", name, "up");
  for (const address of addresses) addAddress(machine, name, address);
}

export function addAddress(machine: Machine, name: string, address: string): void {
  // nodad: an IPv6 address is good at once, not after a second of asking whether somebody else has it.
  machine.ip("addr", "add", address, "dev", name, ...(address.includes(":") ? ["nodad"] : []));
}

export function removeAddress(machine: Machine, name: string, address: string): void {
  machine.ip("addr", "del", address, "dev", name);
}

/** A raw connection from a machine: what is typed is sent, what comes in is its output, and it ends when it is closed. */
export function dialFrom(machine: Machine, address: string, port: number): Program {
  return startProgram([process.execPath, "-e", DIAL, address, String(port)], machine);
}

const DIAL = `
  const socket = require("node:net").connect({ host: process.argv[1], port: Number(process.argv[2]) });
  socket.on("error", (error) => { console.log("<" + error.code + ">"); process.exit(1); });
  process.stdin.pipe(socket).pipe(process.stdout);
  socket.on("close", () => process.exit(0));
`;

let made = 0;

function ip(...words: readonly string[]): string {
  return execFileSync("ip", words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

function findObstacle(): string | null {
  if (process.platform !== "linux") return "network namespaces are a thing of Linux";
  if (process.getuid?.() !== 0) return "making network namespaces needs root";
  if (spawnSync("ip", ["-V"]).status !== 0) return "iproute2 is not installed";
  removeLeftOvers();
  const trial = `padserve-${process.pid}-trial`;
  const added = spawnSync("ip", ["netns", "add", trial], { encoding: "utf8" });
  if (added.status !== 0) return `this machine lets nobody make network namespaces: ${added.stderr.trim()}`;
  const bridge = spawnSync("ip", ["-n", trial, "link", "add", "trial", "type", "bridge"], { encoding: "utf8" });
  ip("netns", "del", trial);
  return bridge.status === 0 ? null : `this kernel has no bridges: ${bridge.stderr.trim()}`;
}

/** A run that was killed could not clear away what it had made; its process number says whether it still runs. */
function removeLeftOvers(): void {
  const folder = "/var/run/netns";
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const pid = /^padserve-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) ip("netns", "del", name);
  }
}
