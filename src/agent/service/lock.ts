import { setTimeout as wait } from "node:timers/promises";
import { failureKind } from "../../disk/failure-kind.ts";
import { connect } from "../storage/sqlite/connection.ts";

/** Gone with the process, however it dies: the operating system's lock on a file, as SQLite takes it. */
export interface Lock {
  release(): void;
}

/** Milliseconds between two tries. */
const PAUSE = 50;

/** Null: somebody else has it, and had it for all of `timeout` milliseconds, or until `isPointless`. Throws the file's errors. */
export async function takeLock(
  path: string,
  { timeout, isPointless }: { readonly timeout: number; readonly isPointless: () => Promise<boolean> },
): Promise<Lock | null> {
  const giveUpAt = performance.now() + timeout;
  for (;;) {
    const lock = tryLock(path);
    if (lock !== null) return lock;
    if (performance.now() >= giveUpAt || (await isPointless())) return null;
    await wait(PAUSE);
  }
}

function tryLock(path: string): Lock | null {
  const connection = connect(path, "read-write");
  try {
    // Nothing is ever written in it, so it needs no journal, and no room on the disk.
    connection.exec("PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE");
    return { release: () => connection.close() };
  } catch (error) {
    connection.close();
    if (failureKind(error) === "in-use") return null;
    throw error;
  }
}
