import { randomUUID } from "node:crypto";
import { appendFileSync, chmodSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolder } from "../../disk/make-folder.ts";
import { readTextFile } from "../../disk/read-text-file.ts";
import { isNowhere } from "./places.ts";

/** What a file says, or null where there is none; `trouble` is one line for people. */
export type FileText = { readonly text: string | null } | { readonly trouble: string };

export function readPrivate(path: string): FileText {
  try {
    return { text: readTextFile(path) };
  } catch (error) {
    return isMissing(error) ? { text: null } : { trouble: `${path} can't be read: ${reason(error)}` };
  }
}

/**
 * Writes a file that only its owner may read, whole: who reads it, or a crash, finds the old text or the new. Makes its
 * folder. Gives null, or one line that says why it can't be written.
 */
export function writePrivate(path: string, text: string): string | null {
  const beside = `${path}.${randomUUID()}`;
  try {
    makeFolder(dirname(path));
    writeFileSync(beside, text, { mode: 0o600, flag: "wx" });
    renameSync(beside, path);
    return null;
  } catch (error) {
    discard(beside);
    return unwritable(path, error);
  }
}

/**
 * Adds to a file that only its owner may read, in one write, so that two programs don't mix their lines. Makes its folder.
 * Gives null, or one line that says why it can't be written.
 */
export function appendPrivate(path: string, text: string): string | null {
  try {
    makeFolder(dirname(path));
    appendFileSync(path, text, { mode: 0o600 });
    // An existing file keeps the mode that somebody else may have given it.
    chmodSync(path, 0o600);
    return null;
  } catch (error) {
    return unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): string {
  if (isNowhere(path)) return "nothing can be remembered: there is no home folder (HOME is not set)";
  return `${path} can't be written: ${reason(error)}`;
}

/** Where even this fails, such as below a file or in a folder that is shut to us, nothing was written. */
function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {}
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? String(error.code) : error.message;
}
