import { readdirSync, readFileSync } from "node:fs";
import type { Config } from "../config/config.ts";
import type { Log } from "./log.ts";

/** Files that the server opens besides its peers' sockets while it runs: questions to tailscaled, listeners, the log. */
const RESERVE = 24;
/** Some room above the sessions' own limit, so that the one too many can be told so. */
const ABOVE_SESSIONS = 256;

/**
 * How many sockets there may be at once: what is configured, or what this process may open. When files run out the system takes
 * sockets and closes them without a word, and nothing else in the process can open one any more.
 */
export function mostSockets(config: Config, log: Log): number {
  const wanted = config.maxConnections + ABOVE_SESSIONS;
  const files = openFiles();
  if (files === null) return wanted;
  const possible = Math.max(1, files.limit - files.open - RESERVE);
  if (possible >= wanted) return wanted;
  if (possible < config.maxConnections) {
    log.warn("fewer connections than configured: raise the limit of open files", {
      connections: possible,
      configured: config.maxConnections,
      openFiles: files.limit,
    });
  }
  return possible;
}

/** What this process may open (RLIMIT_NOFILE), and has; null where the system doesn't tell. */
function openFiles(): { readonly limit: number; readonly open: number } | null {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return limit === undefined ? null : { limit: Number(limit), open: readdirSync("/proc/self/fd").length };
  } catch {
    return null;
  }
}
