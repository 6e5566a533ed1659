import { closeSync, constants, fsyncSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { syncFile } from "./backup.ts";
import { sumOf } from "./sums.ts";

/**
 * `padserve.db-mark` holds the number of the last commit, written once the commit is on the disk. SQLite takes a damaged or
 * shortened write-ahead log for one that ends there; a mark beyond that end tells that something which was kept is gone.
 *
 * It is on the disk before the first commit, and stays from then on: where it is missing or no mark, somebody has taken it away, and
 * perhaps the log with it. What is written into it later is never waited for: after a loss of power it may lag behind, which
 * only makes it tell less. Two places are written in turn, so that one is whole at any moment.
 */
export interface Mark {
  write(commits: number): void;
  close(): void;
}

const PLACES = 2;
/** A disk's sector, so that the two places can't be torn together. */
const PLACE_BYTES = 512;
const NUMBER_BYTES = 8;

/** The number that is written at `path`; null: there is no mark, or none that is whole. */
export function readMark(path: string): number | null {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return null;
  const bytes = readFileSync(path);
  const whole = Array.from({ length: PLACES }, (_, place) =>
    numberIn(bytes.subarray(place * PLACE_BYTES, (place + 1) * PLACE_BYTES)),
  ).filter((number) => number !== null);
  return whole.length === 0 ? null : Math.max(...whole);
}

/** Makes the mark at `path` where there is none: on the disk when it returns. Throws the file system's errors. */
export function ensureMark(path: string, commits: number): void {
  if (readMark(path) !== null) return;
  closeSync(open(path, commits));
  syncFile(dirname(path));
}

/**
 * The mark at `path`, which is opened when there is something to write. A disk that doesn't take it is no error: what was
 * committed is kept all the same, and the next commit tries again.
 */
export function markAt(path: string): Mark {
  let file: number | null = null;
  return {
    write(commits) {
      try {
        file ??= open(path, commits);
        write(file, commits % PLACES, commits);
      } catch {
        // Then it says less than it could.
      }
    },
    close,
  };

  function close(): void {
    const before = file;
    file = null;
    try {
      if (before !== null) closeSync(before);
    } catch {
      // What it says is on its way to the disk, or isn't: it is never waited for.
    }
  }
}

/** Both places are written, whatever an earlier server left in them. */
function open(path: string, commits: number): number {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    for (let place = 0; place < PLACES; place += 1) write(file, place, commits);
    fsyncSync(file);
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function write(file: number, place: number, commits: number): void {
  const bytes = Buffer.alloc(PLACE_BYTES);
  bytes.writeBigUInt64BE(BigInt(commits));
  bytes.set(sumOf("mark", [commits]), NUMBER_BYTES);
  writeSync(file, bytes, 0, PLACE_BYTES, place * PLACE_BYTES);
}

function numberIn(place: Buffer): number | null {
  if (place.length < PLACE_BYTES) return null;
  const commits = Number(place.readBigUInt64BE());
  const sum = sumOf("mark", [commits]);
  return place.subarray(NUMBER_BYTES, NUMBER_BYTES + sum.length).equals(sum) ? commits : null;
}
