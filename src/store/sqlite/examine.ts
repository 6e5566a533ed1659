import { constants, copyFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SavedAll } from "../stored.ts";
import { StoreError } from "../errors.ts";
import { openDatabase } from "./database.ts";
import { describe, toStoreError } from "./failure.ts";
import { MIGRATIONS } from "./migrations.ts";
import { refuseUnfinished } from "./place.ts";

const NAME = "padserve.db";
/** With the file, all that SQLite needs to read it as a server would find it. */
const PARTS = ["", "-wal", "-journal", "-mark"];

/**
 * Checks the `padserve.db` in `directory` as a server's start would, and reads it; null: nothing was ever kept there. It
 * works on a copy, since even a reader leaves files behind and keeps a server from starting for a moment. Blocks.
 *
 * Throws a `StoreError`; `in-use` when the file changed while it was copied. Not for the folder of a running server.
 */
export function examineDatabase(directory: string, migrations: readonly string[] = MIGRATIONS): SavedAll | null {
  const path = join(directory, NAME);
  refuseUnfinished(path);
  const before = look(path);
  if (before.every(({ size }) => size === 0)) return null;
  const workplace = mkdtempSync(join(tmpdir(), "padserve-examine-"));
  try {
    before.forEach(({ part, exists }) => {
      if (exists) copyFileSync(path + part, join(workplace, NAME + part), constants.COPYFILE_FICLONE);
    });
    if (JSON.stringify(look(path)) !== JSON.stringify(before))
      throw new StoreError("in-use", describe("in-use", path, ""));
    return readThrough(workplace, migrations);
  } catch (error) {
    // What was found in the copy is true of the original, and has to be told under its name.
    const { code, cause } = toStoreError(error, path);
    throw new StoreError(code, describe(code, path, cause), cause);
  } finally {
    rmSync(workplace, { recursive: true, force: true });
  }
}

function readThrough(directory: string, migrations: readonly string[]): SavedAll {
  const database = openDatabase(directory, migrations);
  try {
    return database.load();
  } finally {
    database.close();
  }
}

interface Part {
  readonly part: string;
  readonly exists: boolean;
  readonly size: number;
  readonly changed: number;
}

function look(path: string): readonly Part[] {
  return PARTS.map((part) => {
    const stat = statSync(path + part, { throwIfNoEntry: false });
    return { part, exists: stat !== undefined, size: stat?.size ?? 0, changed: stat?.mtimeMs ?? 0 };
  });
}
