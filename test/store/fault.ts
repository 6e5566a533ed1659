import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync, StatementSync } from "node:sqlite";

export interface Steps {
  /** How many there were so far. */
  count(): number;
  /** What `work` does is no step. */
  aside<T>(work: () => T): T;
  end(): void;
}

/**
 * Calls `before` ahead of each step by which this process works on files from now on, counted from 1: each statement that it
 * hands to SQLite, each closing of a database, each write, sync and removal of a file. What it throws is what the step gives.
 *
 * It stands in front of the real thing, so that what is tested is the code as it runs, over the real SQLite.
 */
export function watchSteps(before: (step: number) => void): Steps {
  let steps = 0;
  let isAside = false;
  const restore: (() => void)[] = [];
  for (const method of ["exec", "prepare", "close"] as const) guard(DatabaseSync.prototype, method);
  for (const method of ["run", "get", "all", "iterate"] as const) guard(StatementSync.prototype, method);
  for (const method of ["openSync", "writeSync", "fsyncSync", "rmSync", "closeSync", "chmodSync", "mkdirSync"] as const)
    guard(fs, method);
  syncBuiltinESMExports();
  return {
    count: () => steps,
    aside(work) {
      isAside = true;
      try {
        return work();
      } finally {
        isAside = false;
      }
    },
    end() {
      for (const each of restore) each();
      syncBuiltinESMExports();
    },
  };

  function guard<T extends object>(owner: T, method: keyof T & string): void {
    const original: unknown = Reflect.get(owner, method);
    if (typeof original !== "function") throw new TypeError(`no function: ${method}`);
    Reflect.set(owner, method, function guarded(this: unknown, ...args: unknown[]): unknown {
      if (!isAside) {
        steps += 1;
        isAside = true;
        try {
          before(steps);
        } finally {
          isAside = false;
        }
      }
      return Reflect.apply(original, this, args);
    });
    restore.push(() => void Reflect.set(owner, method, original));
  }
}

/** How SQLite tells that the disk has failed it (https://sqlite.org/rescode.html#ioerr). */
export function diskError(): Error {
  return Object.assign(new Error("disk I/O error"), { code: "ERR_SQLITE_ERROR", errcode: 10 });
}
