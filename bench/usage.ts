import { once } from "node:events";
import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpuSecondsOf, residentBytesOf } from "./proc.ts";

/** What a process has used until now, and holds now. */
export interface Usage {
  /** User and system time of all its threads. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

const HAS_PROC = process.platform === "linux";

/** Where the figures come from, for the printed method. */
export const USAGE_SOURCE = HAS_PROC
  ? "CPU time and resident memory as the kernel tells them (/proc/PID/stat, utime + stime; /proc/PID/status, VmRSS)"
  : "CPU time and resident memory as each process tells of itself over a pipe (process.cpuUsage; there is no /proc here)";

/** What a process must be started with so that `readUsage` works: nothing where the system itself can be asked. */
export const USAGE_ARGUMENTS: readonly string[] = HAS_PROC
  ? []
  : ["--import", new URL("usage-reporter.ts", import.meta.url).href];

/** Asks the system, or where it can't be asked the process itself (it must have an IPC channel). */
export async function readUsage(child: ChildProcess): Promise<Usage> {
  if (HAS_PROC) {
    return {
      cpuSeconds: cpuSecondsOf(readFileSync(`/proc/${child.pid}/stat`, "utf8")),
      residentBytes: residentBytesOf(readFileSync(`/proc/${child.pid}/status`, "utf8")),
    };
  }
  child.send("usage");
  const usage: Usage = (await once(child, "message"))[0];
  return usage;
}
