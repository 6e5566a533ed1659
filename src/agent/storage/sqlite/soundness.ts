import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import * as v from "valibot";

/** A database that was examined and closed since is examined anew after so long, in milliseconds: disks forget, too. */
const WEEK = 7 * 86_400_000;

const Whole = v.pipe(v.number(), v.safeInteger());
const Mark = v.object({ size: Whole, modified: Whole, examined: Whole });

/**
 * When this file was last examined as a whole, if nobody has touched it since it was closed; else null. Examining reads all of it, and
 * histories are long. What the mark can't tell (a page that went bad meanwhile), SQLite finds when it reads that page.
 */
export function lastExamined(path: string, now = Date.now()): number | null {
  try {
    const { size, modified, examined } = v.parse(
      v.pipe(v.string(), v.parseJson(), Mark),
      readFileSync(markOf(path), "utf8"),
    );
    const file = statSync(path);
    const isUntouched = file.size === size && Math.trunc(file.mtimeMs) === modified;
    return isUntouched && examined <= now && now - examined < WEEK ? examined : null;
  } catch {
    // No mark, or none of ours: it is examined.
    return null;
  }
}

/** After the database was closed. Only a convenience: what can't be written costs time at the next start. */
export function markClosed(path: string, examined: number): void {
  try {
    const { size, mtimeMs } = statSync(path);
    const mark = { size, modified: Math.trunc(mtimeMs), examined };
    writeFileSync(`${markOf(path)}-new`, JSON.stringify(mark), { mode: 0o600 });
    renameSync(`${markOf(path)}-new`, markOf(path));
  } catch {}
}

function markOf(path: string): string {
  return `${path}-examined`;
}
