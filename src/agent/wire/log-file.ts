import { closeSync, copyFileSync, ftruncateSync, fstatSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolder } from "../../disk/make-folder.ts";

/** Bytes of the agent's log; what was said before is kept beside it, once. */
const LONGEST = 512 * 1024;

/** Opens the log (0600) to be added to, and cuts it where it has grown too long. Null: it can't be written. */
export function openLogFile(path: string): number | null {
  try {
    makeFolder(dirname(path));
    const file = openSync(path, "a", 0o600);
    boundLogFile(file, path);
    return file;
  } catch {
    return null;
  }
}

/** Throws the file system's errors. Whoever else adds to the file goes on at its new end. */
export function boundLogFile(file: number, path: string): void {
  if (fstatSync(file).size < LONGEST) return;
  copyFileSync(path, `${path}.1`);
  ftruncateSync(file, 0);
}

export function closeLogFile(file: number): void {
  closeSync(file);
}
