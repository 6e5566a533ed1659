import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
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
  readonly maxQueue: number;
  readonly registerTimeout: number;
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
  if (wrongAddress !== undefined) {
    return {
      wrong: `--listen takes an address of this machine and not all of them at once, not ${JSON.stringify(wrongAddress)}`,
    };
  }
  return { config: withDefaults(given, env, platform) };
}

/** Where the platform wants a program to keep its state. */
export function defaultDataFolder(env: Environment, platform: NodeJS.Platform): string {
  const home = env["HOME"] ?? homedir();
  switch (platform) {
    case "darwin":
      return join(home, "Library", "Application Support", "padserve");
    case "win32":
      return join(env["LOCALAPPDATA"] ?? join(home, "AppData", "Local"), "padserve");
    default:
      return join(env["XDG_STATE_HOME"] || join(home, ".local", "state"), "padserve");
  }
}

function withDefaults(given: Given, env: Environment, platform: NodeJS.Platform): Config {
  const bothFamilies = given.ipv4 !== true && given.ipv6 !== true;
  return {
    port: given.port ?? 12345,
    families: { ipv4: bothFamilies || given.ipv4 === true, ipv6: bothFamilies || given.ipv6 === true },
    listen: given.listen ?? [],
    data: resolve(given.data ?? defaultDataFolder(env, platform)),
    operators: given.operator ?? [],
    capability: given.capability ?? "padserve.dev/cap/chat",
    trustLocal: given["trust-local"] ?? false,
    tailscaleSocket: given["tailscale-socket"] ?? null,
    aliases: given.alias ?? [],
    messageRate: given["message-rate"] ?? 20,
    maxLine: given["max-line"] ?? 64 * 1024,
    maxConnections: given["max-connections"] ?? 10_000,
    maxPerIdentity: given["max-per-identity"] ?? 64,
    maxQueue: given["max-queue"] ?? 1024 * 1024,
    registerTimeout: (given["register-timeout"] ?? 10) * 1000,
    logLevel: given["log-level"] ?? "info",
    logFormat: given["log-format"] === "json" || given["log-format"] === "pretty" ? given["log-format"] : null,
  };
}

/** Only ever the addresses of one tailnet: 0.0.0.0 and :: would let everybody in whom any network brings. */
function isWildcard(address: string): boolean {
  return /^[0:.]+$/.test(address.toLowerCase().replace("::ffff:", "::"));
}

type Read = { readonly values: Given } | { readonly wrong: string };

function readEnvironment(env: Environment): Read {
  const prefix = "PADSERVE_";
  const given = Object.entries(env)
    .filter(([variable, value]) => variable.startsWith(prefix) && value !== undefined)
    .map(([variable, value]) => ({
      label: variable,
      name: variable.slice(prefix.length).toLowerCase().replaceAll("_", "-"),
      value,
    }));
  return check(given, "environment");
}

function readFile(file: string): Read {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, "utf8"));
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
      return { wrong: `${label}: there is no such option (${where}); padserve serve --help tells those there are` };
    }
    const checked = checkOption(option, label, value);
    if ("wrong" in checked) return checked;
    values[name] = checked.value;
  }
  return { values };
}
