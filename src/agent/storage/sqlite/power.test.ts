/** What a kill or a power cut leaves of a device's files, at every write and sync; faults.test.ts has what statements leave. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FIRST_DAY, pictureOf } from "../../../../test/agent/first-day.ts";
import { deviceScratch } from "../../../../test/agent/device-scratch.ts";
import type { DeviceScratch } from "../../../../test/agent/device-scratch.ts";
import { randomFrom } from "../../../../test/helpers/random-from.ts";
import { watchSteps } from "../../../../test/store/fault.ts";
import { openDatabase } from "./database.ts";

/** A disk's sector: what is written at once or not at all. Of a commit's every third is tried. */
const SECTOR = 512;
const STRIDE = 3 * SECTOR;

/** Files by their path below the scratch folder. */
type Files = ReadonlyMap<string, Buffer>;

let place: DeviceScratch;
let root: string;
let whole: readonly string[];
beforeEach(() => {
  place = deviceScratch("fast");
  root = dirname(dirname(place.folder));
  whole = recordStages().map((stage) => pictureAfter(stage));
  expect(new Set(whole).size).toBe(FIRST_DAY.length + 1);
});
afterEach(() => place.remove());

test("AS-31 killed at any statement, write or sync from the first start to the end, each commit is there whole or not at all, and all that were acknowledged", () => {
  layOut(new Map());
  const moments: { readonly acknowledged: number; readonly files: Files }[] = [];
  let acknowledged = 0;
  const steps = watchSteps(() => void moments.push({ acknowledged, files: filesNow() }));
  try {
    const database = openDatabase(place);
    for (const changes of FIRST_DAY) {
      database.commit(changes);
      acknowledged += 1;
    }
    database.tidy();
    database.close();
  } finally {
    steps.end();
  }
  expect(moments.length).toBeGreaterThan(100);
  for (const { acknowledged: count, files } of moments)
    expect(whole.slice(count, count + 2)).toContain(pictureAfter(files));
});

test("AS-31 power lost at any sector of a commit's writes to the log leaves all of it or nothing, and all before it", () => {
  const stages = recordStages();
  for (const [index, stage] of stages.entries()) {
    const before = stages[index - 1];
    if (before === undefined) continue;
    const [written, all] = [logOf(before), logOf(stage)];
    expect(all.length).toBeGreaterThan(written.length);
    const random = randomFrom(index);
    for (let reached = written.length; reached <= all.length; reached += STRIDE) {
      // All up to here; or, as a disk may order them, some behind it too and some not.
      const scattered = Buffer.from(all);
      for (let at = reached; at < all.length; at += SECTOR)
        if (random() < 0.5) scattered.fill(0, at, Math.min(at + SECTOR, all.length));
      for (const log of [all.subarray(0, reached), scattered])
        expect(whole.slice(index - 1, index + 1)).toContain(pictureAfter(new Map([...before, [LOG, log]])));
    }
  }
});

test("AS-31 power lost at any sector of the writes by which a log is folded into the file changes nothing", () => {
  const last = recordStages().at(-1) ?? new Map<string, Buffer>();
  const unfolded = last.get(FILE) ?? Buffer.alloc(0);
  layOut(last);
  const database = openDatabase(place);
  database.tidy();
  const folded = readFileSync(join(root, FILE));
  database.close();
  expect(folded.equals(unfolded)).toBe(false);
  for (let reached = 0; reached <= folded.length; reached += STRIDE) {
    const file = Buffer.concat([folded.subarray(0, reached), unfolded.subarray(reached)]);
    expect(pictureAfter(new Map([...last, [FILE, file]]))).toBe(whole.at(-1));
  }
});

const FILE = join("state", "server", "device.db");
const LOG = `${FILE}-wal`;

function logOf(files: Files): Buffer {
  return files.get(LOG) ?? Buffer.alloc(0);
}

/** The files before any commit and after each, the store still open. */
function recordStages(): readonly Files[] {
  layOut(new Map());
  const database = openDatabase(place);
  const stages = [filesNow()];
  for (const changes of FIRST_DAY) {
    database.commit(changes);
    stages.push(filesNow());
  }
  database.close();
  return stages;
}

/** What is kept by these files, once the next agent has opened them. */
function pictureAfter(files: Files): string {
  layOut(files);
  const database = openDatabase(place);
  try {
    return pictureOf(database);
  } finally {
    database.close();
  }
}

function filesNow(): Files {
  const names = existsSync(root) ? readdirSync(root, { recursive: true, encoding: "utf8", withFileTypes: true }) : [];
  const files = names.filter((entry) => entry.isFile() && !entry.name.endsWith("-shm"));
  return new Map(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(root.length + 1), readFileSync(path)];
    }),
  );
}

function layOut(files: Files): void {
  for (const name of existsSync(root) ? readdirSync(root) : []) rmSync(join(root, name), { recursive: true });
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true, mode: 0o700 });
    writeFileSync(join(root, path), bytes, { mode: 0o600 });
  }
}
