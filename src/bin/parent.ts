import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Milliseconds between two looks. */
const INTERVAL = 500;

/**
 * Behind `npm run` a program ends with npm, which, killed, tells nobody: nothing else would stop it then. Elsewhere it may
 * well outlive who started it (`nohup`, `&` in a shell that is left).
 * @param ended called once, when npm is gone.
 */
export function watchNpm(env: Readonly<Record<string, string | undefined>>, ended: () => void): void {
  if (env["npm_lifecycle_event"] === undefined) return;
  const parent = process.ppid;
  const npm = shellsParent(parent) ?? parent;
  const timer = setInterval(() => {
    // An orphan has another parent: process 1, or whoever adopts.
    if (process.ppid === parent && isAlive(npm)) return;
    clearInterval(timer);
    ended();
  }, INTERVAL);
  timer.unref();
}

/** npm runs a script by `sh -c`; some shells stay between the two. Null: this one isn't such a shell, or can't be seen. */
function shellsParent(pid: number): number | null {
  try {
    const [, parent = "", words = ""] = /^\s*([0-9]+)\s+(.*)/.exec(parentAndWords(pid)) ?? [];
    return /^\S*sh\s+-c\s/.test(words) ? Number(parent) : null;
  } catch {
    return null;
  }
}

function parentAndWords(pid: number): string {
  if (process.platform !== "linux")
    return execFileSync("ps", ["-o", "ppid=,args=", "-p", String(pid)], { encoding: "utf8" });
  const [, parent = ""] = /^PPid:\s*([0-9]+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return `${parent} ${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")}`;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process is alive, too.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
