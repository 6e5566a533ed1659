/**
 * `config`: the server's options as one table, read from the command line, the environment and a file, in this order. What is
 * wrong is said in one line; nothing is opened or listened on here.
 */

import { BlockList, isIP } from "node:net";
import { join, resolve } from "node:path";
import { homeFolder } from "../args/home-folder.ts";
import { plainAddress } from "../tailnet/addresses.ts";
import { readTextFile } from "../disk/read-text-file.ts";
import { checkOption, type Options, type Values } from "../args/options.ts";
import { SERVER_OPTIONS } from "./options.ts";

/** Everything the server was told or falls back to; times in milliseconds, sizes in bytes. */
export interface Config {
  readonly port: number;
  readonly families: { readonly ipv4: boolean; readonly ipv6: boolean };
  readonly listen: readonly string[];
  readonly data: string;
  readonly operators: readonly string[];
  readonly capability: string;
  readonly trustLocal: boolean;
  readonly tailscaleSocket: string | null;
  readonly aliases: readonly string[];
  /** Messages a second; 0: no limit. */
  readonly messageRate: number;
  readonly maxLine: number;
  readonly maxConnections: number;
  readonly maxPerIdentity: number;
  readonly maxLocalNames: number;
  readonly maxQueue: number;
  readonly registerTimeout: number;
  /** Lines of the open room that are kept in memory. */
  readonly scrollback: number;
  /** A device that was not here for this many days is to be removed from its groups. */
  readonly deviceUnseenDays: number;
  /** How many days, and how many, sealed messages of a group wait for who wasn't there; and its commits. */
  readonly messageDays: number;
  readonly messageCount: number;
  /** Bytes of a group's sealed messages that wait, and as many of its commits. */
  readonly messageBytes: number;
  readonly groupsPerPerson: number;
  readonly commitDays: number;
  /** Only what is sealed: no classic lines, no plain door, no open room. */
  readonly noClassic: boolean;
  readonly logLevel: string;
  readonly logFormat: "json" | "pretty" | null;
}

export type ConfigResult = { readonly config: Config } | { readonly wrong: string };

type Given = Values<typeof SERVER_OPTIONS>;
type Environment = Readonly<Record<string, string | undefined>>;

/** Options win over `PADSERVE_…`, which win over the file, which wins over the defaults. */
export function readConfig(
  options: Given,
  env: Environment,
  platform: NodeJS.Platform = process.platform,
): ConfigResult {
  const fromEnv = readEnvironment(env);
  if ("wrong" in fromEnv) return fromEnv;
  const file = options.config ?? fromEnv.values.config;
  const fromFile = file === undefined ? { values: {} } : readFile(file);
  if ("wrong" in fromFile) return fromFile;
  const given = { ...fromFile.values, ...fromEnv.values, ...options };
  const wrongAddress = given.listen?.find((address) => isIP(address) === 0 || isWildcard(address));
  const data = given.data ?? defaultDataFolder(env, platform);
  if (data === null) {
    return { wrong: "there is no home folder to keep names and bans in (HOME is not set); name a folder with --data" };
  }
  if (wrongAddress !== undefined) {
    return {
      wrong: `--listen takes an address of this machine and not all of them at once, not ${JSON.stringify(wrongAddress)}`,
    };
  }
  return { config: withDefaults(given, data) };
}

/** Where the platform wants a program to keep its state; null where this user has no home. */
export function defaultDataFolder(env: Environment, platform: NodeJS.Platform): string | null {
  if (platform === "win32" && env["LOCALAPPDATA"]) return join(env["LOCALAPPDATA"], "padserve");
  if (platform !== "darwin" && env["XDG_STATE_HOME"]) return join(env["XDG_STATE_HOME"], "padserve");
  const home = homeFolder(env);
  if (home === null) return null;
  switch (platform) {
    case "darwin":
      return join(home, "Library", "Application Support", "padserve");
    case "win32":
      return join(home, "AppData", "Local", "padserve");
    default:
      return join(home, ".local", "state", "padserve");
  }
}

function withDefaults(given: Given, data: string): Config {
  const bothFamilies = given.ipv4 !== true && given.ipv6 !== true;
  return {
    port: given.port ?? 12345,
    families: { ipv4: bothFamilies || given.ipv4 === true, ipv6: bothFamilies || given.ipv6 === true },
    // As interfaces and tailscaled write them: an IPv4 address is one, also in IPv6's clothes.
    listen: (given.listen ?? []).map(plainAddress),
    data: resolve(data),
    operators: given.operator ?? [],
    capability: given.capability ?? "padserve.dev/cap/chat",
    trustLocal: given["trust-local"] ?? false,
    tailscaleSocket: given["tailscale-socket"] ?? null,
    // A name may be written with the dot of the root behind it.
    aliases: (given.alias ?? []).map((name) => name.replace(/\.$/, "")),
    messageRate: given["message-rate"] ?? 20,
    maxLine: given["max-line"] ?? 64 * 1024,
    maxConnections: given["max-connections"] ?? 10_000,
    maxPerIdentity: given["max-per-identity"] ?? 64,
    maxLocalNames: given["max-local-names"] ?? 64,
    maxQueue: given["max-queue"] ?? 1024 * 1024,
    registerTimeout: (given["register-timeout"] ?? 10) * 1000,
    scrollback: given.scrollback ?? 20,
    deviceUnseenDays: given["device-unseen-days"] ?? 60,
    messageDays: given["message-days"] ?? 30,
    messageCount: given["message-count"] ?? 10_000,
    messageBytes: (given["message-mib"] ?? 256) * 1024 * 1024,
    groupsPerPerson: given["groups-per-person"] ?? 200,
    // A message can't be read without the commits before it.
    commitDays: Math.max(given["commit-days"] ?? 90, given["message-days"] ?? 30),
    noClassic: given["no-classic"] ?? false,
    logLevel: given["log-level"] ?? "info",
    logFormat: given["log-format"] === "json" || given["log-format"] === "pretty" ? given["log-format"] : null,
  };
}

/**
 * Only ever the addresses of one tailnet: 0.0.0.0 and :: would let everybody in whom any network brings, however they are written,
 * such as `0:0:0:0:0:ffff:0.0.0.0` (RFC 4291, 2.5.5) or `::%eth0`.
 */
function isWildcard(address: string): boolean {
  return wildcards.check(address.replace(/%.*$/, ""), isIP(address) === 4 ? "ipv4" : "ipv6");
}

/** The block list knows an IPv4 address that is mapped into IPv6 by itself. */
const wildcards = new BlockList();
wildcards.addAddress("0.0.0.0", "ipv4");
wildcards.addAddress("::", "ipv6");

type Read = { readonly values: Given } | { readonly wrong: string };

function readEnvironment(env: Environment): Read {
  const prefix = "PADSERVE_";
  const given = Object.entries(env)
    .filter(
      ([variable, value]) => variable.startsWith(prefix) && value !== undefined && !isOfKubernetes(variable, value),
    )
    .map(([variable, value]) => ({
      label: variable,
      name: variable.slice(prefix.length).toLowerCase().replaceAll("_", "-"),
      value,
    }));
  return check(given, "environment");
}

/**
 * What Kubernetes sets in each container for a service that is called `padserve` (Kubernetes, "Accessing the Service"):
 * `PADSERVE_SERVICE_HOST`, `PADSERVE_SERVICE_PORT…`, `PADSERVE_PORT_12345_TCP…`, and `PADSERVE_PORT`, a URL.
 */
function isOfKubernetes(variable: string, value: string): boolean {
  if (/^PADSERVE_(SERVICE_(HOST$|PORT(_|$))|PORT_\d+_(TCP|UDP|SCTP)(_|$))/.test(variable)) return true;
  return variable === "PADSERVE_PORT" && /^(tcp|udp|sctp):\/\//.test(value);
}

function readFile(file: string): Read {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readTextFile(file));
  } catch (error) {
    return {
      wrong: `the configuration file ${file} can't be read: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    return { wrong: `the configuration file ${file} is not a JSON object with options in it` };
  }
  const given = Object.entries(parsed).map(([name, value]: [string, unknown]) => ({
    label: `"${name}" in ${file}`,
    name,
    value,
  }));
  if (given.some(({ name }) => name === "config")) return { wrong: `${file} can't name another configuration file` };
  return check(given, file);
}

function check(given: readonly { label: string; name: string; value: unknown }[], where: string): Read {
  const table: Options = SERVER_OPTIONS;
  const values: Record<string, unknown> = {};
  for (const { label, name, value } of given) {
    const option = Object.hasOwn(table, name) ? table[name] : undefined;
    if (option === undefined) {
      return { wrong: `${label}: there is no such option (${where}); padserve serve --help lists them` };
    }
    const checked = checkOption(option, label, value);
    if ("wrong" in checked) return checked;
    values[name] = checked.value;
  }
  return { values };
}
