import { execFileSync } from "node:child_process";
import { closeSync, existsSync, openSync, rmSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { noMounts } from "../store/mounts.ts";

/** Why a test with a disk that goes read-only can't run here, or null when it can. */
export const noFailingDisks: string | null =
  noMounts ?? (existsSync("/dev/loop-control") ? null : "needs loop devices");

export interface FailingDisk {
  /** What a kernel does when a disk gives errors: nothing more can be written, through files that are open neither. */
  fail(): void;
  unmount(): void;
}

/** A small ext4 in the file `image`, mounted at `path`. */
export function mountFailingDisk(image: string, path: string): FailingDisk {
  closeSync(openSync(image, "w"));
  truncateSync(image, 8 * 1024 * 1024);
  execFileSync("mkfs.ext4", ["-q", "-F", image]);
  execFileSync("mount", ["-o", "loop", image, path]);
  return {
    fail: () => void execFileSync("mount", ["-o", "remount,abort", path]),
    unmount: () => void execFileSync("umount", [path]),
  };
}

/** Why a running process's files can't be limited here, or null. */
export const noFileLimits: string | null = existsSync("/usr/bin/prlimit") ? null : "needs util-linux";

/** From now on each write of that process fails beyond a file's first 4 kB, as on a disk with errors. Returns what ends that. */
export function limitFiles(pid: number): () => void {
  execFileSync("prlimit", ["--pid", String(pid), "--fsize=4096:"]);
  return () => void execFileSync("prlimit", ["--pid", String(pid), "--fsize=unlimited:"]);
}

/** Writes until the disk at `path` takes no more byte. Returns what makes room again. */
export function fillDisk(path: string): () => void {
  const ballast = join(path, "ballast");
  const file = openSync(ballast, "w");
  try {
    for (;;) writeSync(file, Buffer.alloc(4096));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
  } finally {
    closeSync(file);
  }
  return () => rmSync(ballast);
}
