import { execFileSync } from "node:child_process";

/** Why a test that mounts something can't run here, or null when it can. */
export const noMounts: string | null =
  process.platform !== "linux" || process.getuid?.() !== 0 ? "needs root on Linux" : null;

/** A file system of its own at `path`, of so many kB. Returns what takes it away. */
export function mountSmallDisk(path: string, kilobytes: number): () => void {
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", path]);
  return () => execFileSync("umount", [path]);
}

/** Makes `path` (a directory or a file) read-only, for root too. Returns what makes it as it was. */
export function mountReadOnly(path: string): () => void {
  execFileSync("mount", ["--bind", path, path]);
  execFileSync("mount", ["-o", "remount,bind,ro", path]);
  return () => execFileSync("umount", [path]);
}
