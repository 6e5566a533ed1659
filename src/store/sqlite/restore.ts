import { constants, copyFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Row } from "../../groups/rows.ts";
import { StoreError } from "../errors.ts";
import { checkBackup, syncFile, type DatabaseSummary } from "./backup.ts";
import { openDatabase } from "./database.ts";
import type { Database } from "./database.ts";
import { toStoreError } from "./failure.ts";
import { ensureMark } from "./mark.ts";
import { makeFolder } from "../../disk/make-folder.ts";
import { COMPANIONS, isUnfinished, unfinishedMark } from "./place.ts";

export interface RestoreOptions {
  /** The backup's folder. */
  readonly from: string;
  /** The server's data folder. No server may run on it. */
  readonly into: string;
  /** Sets aside what is there, whatever it is. Without it only an earlier state of the same database gives way. */
  readonly replace: boolean;
  /** What the server is called by from now on, beside its id, so that clients notice: 16 random bytes, base64url. */
  readonly incarnation: string;
  /** Milliseconds since 1970: names the folder of what is set aside. */
  readonly now: number;
}

export type RestoreOutcome =
  /** `aside`: the folder that holds what was there before; null: nothing was. */
  | { readonly kind: "restored"; readonly backup: DatabaseSummary; readonly aside: string | null }
  | {
      readonly kind: "refused";
      readonly why: "newer-there" | "other-there" | "unreadable-there";
      readonly there: string;
    };

/**
 * Puts a backup in the place of a data folder's database, as a new incarnation of the same server. What was there is moved into a
 * folder beside, never deleted. A mark that lies there meanwhile keeps servers away, so that one who is ended in between has only
 * to be asked again. Blocks. Throws a `StoreError`; then nothing has changed, or the mark is there.
 */
export function restoreDatabase({ from, into, replace, incarnation, now }: RestoreOptions): RestoreOutcome {
  const path = join(into, "padserve.db");
  try {
    if (resolve(from) === resolve(into))
      throw new StoreError("failed", `${from} is the data folder itself; name a backup's folder.`);
    const backup = checkBackup(from);
    makeFolder(into);
    const found = lookAt(into, path);
    try {
      const why = objection(found, backup);
      if (why !== null && !replace) return { kind: "refused", why, there: path };
      prepare(from, into, incarnation);
      // While the database there is still ours alone.
      writeFileSync(unfinishedMark(path), "", { mode: 0o600 });
      syncFile(into);
    } finally {
      if (found.kind === "database") found.database.close();
    }
    const aside = setAside(into, path, now);
    for (const part of ["-mark", ""]) renameSync(join(workplaceIn(into), `padserve.db${part}`), path + part);
    syncFile(into);
    rmSync(unfinishedMark(path));
    syncFile(into);
    return { kind: "restored", backup, aside };
  } catch (error) {
    throw toStoreError(error, path);
  } finally {
    rmSync(workplaceIn(into), { recursive: true, force: true });
  }
}

type Found =
  | { readonly kind: "nothing" | "unreadable" | "unfinished" }
  | { readonly kind: "database"; readonly database: Database };

/** What lies there; a database is kept open, so that no server takes it. Throws when one has it. */
function lookAt(into: string, path: string): Found {
  if (isUnfinished(path)) return { kind: "unfinished" };
  if (COMPANIONS.every((part) => sizeOf(path + part) === 0)) return { kind: "nothing" };
  try {
    return { kind: "database", database: openDatabase(into) };
  } catch (error) {
    const refused = toStoreError(error, path);
    if (refused.code !== "damaged" && refused.code !== "newer" && refused.code !== "not-ours") throw refused;
    return { kind: "unreadable" };
  }
}

function objection(found: Found, backup: DatabaseSummary): Extract<RestoreOutcome, { kind: "refused" }>["why"] | null {
  switch (found.kind) {
    case "nothing":
    // What was there before was set aside, or still is to be: whoever began said that it may be.
    case "unfinished":
      return null;
    case "unreadable":
      return "unreadable-there";
    case "database": {
      const { server, commits } = found.database.summary();
      if (commits === 0 && server === null) return null;
      if (server?.id !== backup.server?.id || server?.incarnation !== backup.server?.incarnation) return "other-there";
      return commits > backup.commits ? "newer-there" : null;
    }
  }
}

/** The database as it is to be, whole and closed. Every group is doubtful: its members may have seen more of its log than there is. */
function prepare(from: string, into: string, incarnation: string): void {
  const workplace = workplaceIn(into);
  rmSync(workplace, { recursive: true, force: true });
  mkdirSync(workplace, { mode: 0o700 });
  const copy = join(workplace, "padserve.db");
  copyFileSync(join(from, "padserve.db"), copy, constants.COPYFILE_FICLONE);
  // What a backup holds is whole: it was checked from end to end.
  ensureMark(`${copy}-mark`, 0);
  const database = openDatabase(workplace);
  try {
    const { rows } = database.load();
    const heads = new Map(rows.flatMap((row) => (row.table === "head" ? [[row.key, row.value?.number ?? 0]] : [])));
    const facts = rows.flatMap((row) => restoredRow(row, incarnation, heads));
    database.commit({ facts, appends: [], trims: [] });
  } finally {
    database.close();
  }
  syncFile(copy);
}

function restoredRow(row: Row, incarnation: string, heads: ReadonlyMap<string, number>): Row[] {
  switch (row.table) {
    case "server":
      return [{ ...row, value: { ...row.value, incarnation } }];
    case "group": {
      if (row.value?.status.kind !== "open") return [];
      const doubtful = Math.min(heads.get(row.key) ?? 0, row.value.doubtful ?? Infinity);
      return [{ ...row, value: { ...row.value, doubtful } }];
    }
    case "packages": {
      // Those that wait may have been used since the backup, and what is sealed with one again its device can't open: until it has come with new
      // ones its last resort is given out, whose key it keeps.
      const { value } = row;
      if (value === null || value.references.length === 0) return [];
      return [{ ...row, value: { ...value, first: value.first + value.references.length, references: [] } }];
    }
    case "device":
    case "receipt-key":
    case "user-key":
    case "pending":
    case "confirmation":
    case "head":
    case "writer":
    case "committer":
    case "cursor":
    case "welcome":
      return [];
  }
}

/** Null: nothing was there. The mark of the last commit goes with the log that it speaks of. */
function setAside(into: string, path: string, now: number): string | null {
  const there = COMPANIONS.filter((part) => existsSync(path + part));
  if (there.every((part) => sizeOf(path + part) === 0)) {
    for (const part of there) rmSync(path + part);
    return null;
  }
  const aside = newFolder(into, `before-restore-${new Date(now).toISOString().replaceAll(/[:.]/g, "-")}`);
  for (const part of there) renameSync(path + part, join(aside, `padserve.db${part}`));
  syncFile(aside);
  return aside;
}

function newFolder(into: string, name: string): string {
  for (let attempt = 1; ; attempt += 1) {
    const folder = join(into, attempt === 1 ? name : `${name}-${attempt}`);
    if (existsSync(folder)) continue;
    mkdirSync(folder, { mode: 0o700 });
    return folder;
  }
}

function workplaceIn(into: string): string {
  return join(into, "padserve.db-incoming");
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
