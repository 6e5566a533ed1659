import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { diskError, watchSteps } from "../../../test/store/fault.ts";
import { heldAfterEach, heldInDatabase, withoutEmptyLogs, type Held } from "../../../test/store/model.ts";
import { randomFrom } from "../../../test/helpers/random-from.ts";
import { scratchDirectory, type Scratch } from "../../../test/store/scratch.ts";
import { SCRIPT, SCRIPT_LOGS } from "../../../test/store/script.ts";
import type { StoredBatch } from "../stored.ts";
import { openDatabase } from "./database.ts";

const program = join(import.meta.dirname, "../../../test/store/run-script-until-killed.ts");
/** What is held after none, one, two … batches. */
const HELD = heldAfterEach(SCRIPT).map(withoutEmptyLogs);
/** A disk's sector: what is written at once or not at all. */
const SECTOR = 512;
const FILE = "padserve.db";
const LOG = "padserve.db-wal";

let scratch: Scratch;
let directory: string;
beforeEach(() => {
  scratch = scratchDirectory("fast");
  directory = join(scratch.path, "data");
});
afterEach(() => scratch.remove());

test("ST-35 killed at any statement or write from the first start to the end, it holds what was acknowledged, and the batch on its way wholly or not", () => {
  // What a kill leaves are the files as they are at that moment.
  const moments: { readonly acknowledged: number; readonly files: Files }[] = [];
  let acknowledged = 0;
  const steps = watchSteps(() => void moments.push({ acknowledged, files: filesNow() }));
  try {
    const database = openDatabase(directory);
    for (const batch of SCRIPT) {
      database.commit(batch);
      acknowledged += 1;
    }
    database.close();
  } finally {
    steps.end();
  }
  expect(moments.length).toBeGreaterThan(100);
  for (const moment of moments) {
    layOut(moment.files);
    expect(HELD.slice(moment.acknowledged, moment.acknowledged + 2)).toContainEqual(heldAfterOpening());
    // Clean and free again, as after any other stop.
    expect(readdirSync(directory)).toEqual(["padserve.db", "padserve.db-mark"]);
  }
});

test("ST-35 a process that kills itself at a step leaves the same: at every tenth, and past the last", () => {
  for (let nth = 3; ; nth += 10) {
    rmSync(directory, { recursive: true, force: true });
    const { stdout, signal } = spawnSync(process.execPath, [program, directory, String(nth)], { encoding: "utf8" });
    const said = stdout.trim().split("\n");
    if (said.at(-1) === "end") break;
    expect(signal).toBe("SIGKILL");
    const acknowledged = Number(said.at(-1));
    expect(HELD.slice(acknowledged, acknowledged + 2)).toContainEqual(heldAfterOpening());
  }
});

test("ST-36 an error at any statement or write refuses its batch whole, and the same batch is kept when it is tried again", () => {
  for (let nth = 1; ; nth += 1) {
    rmSync(directory, { recursive: true, force: true });
    const steps = watchSteps((step) => {
      if (step === nth) throw diskError();
    });
    try {
      const database = attempt(() => openDatabase(directory)) ?? openDatabase(directory);
      const held = () => steps.aside(() => heldInDatabase(database, SCRIPT_LOGS));
      for (const [index, batch] of SCRIPT.entries()) {
        if (attempt(() => database.commit(batch)) === null && !isSame(held(), HELD[index + 1])) {
          expect(held()).toEqual(HELD[index]);
          database.commit(batch);
        }
        expect(held()).toEqual(HELD[index + 1]);
      }
      if (attempt(() => database.close()) === null) database.close();
      if (steps.count() < nth) break;
    } finally {
      steps.end();
    }
    expect(heldAfterOpening()).toEqual(HELD.at(-1));
  }
});

test("ST-36 two errors in a row, of which the second keeps the first batch from being rolled back, do no more", () => {
  for (let nth = 1; ; nth += 1) {
    rmSync(directory, { recursive: true, force: true });
    const database = openDatabase(directory);
    const steps = watchSteps((step) => {
      if (step === nth || step === nth + 1) throw diskError();
    });
    const held = () => steps.aside(() => heldInDatabase(database, SCRIPT_LOGS));
    try {
      for (const [index, batch] of SCRIPT.entries()) {
        for (let failed = 0; attempt(() => database.commit(batch)) === null; failed += 1) {
          if (isSame(held(), HELD[index + 1])) break;
          expect(held()).toEqual(HELD[index]);
          expect(failed).toBeLessThan(2);
        }
        expect(held()).toEqual(HELD[index + 1]);
      }
    } finally {
      steps.end();
    }
    database.close();
    if (steps.count() < nth) break;
    expect(heldAfterOpening()).toEqual(HELD.at(-1));
  }
});

test("ST-36 what is acknowledged behind a batch that failed and could not be rolled back is there after a kill", () => {
  const database = openDatabase(directory);
  const fact = { facts: [{ kind: "tailscaled-seen" } as const], appends: [], trims: [] };
  database.commit(line(1));
  let inTransaction = 0;
  const exec = vi.spyOn(DatabaseSync.prototype, "exec").mockImplementation(function (this: DatabaseSync, sql) {
    if (sql !== "BEGIN IMMEDIATE") throw diskError();
    inTransaction += 1;
    this.prepare(sql).run();
  });
  expect(() => database.commit(fact)).toThrow("disk I/O error");
  expect(inTransaction).toBe(1);
  // While it can't be rolled back nothing is taken, not even the empty batch that only looks.
  expect(() => database.commit(line(2))).toThrow("disk I/O error");
  expect(() => database.commit({ facts: [], appends: [], trims: [] })).toThrow("disk I/O error");
  exec.mockRestore();
  for (const number of [2, 3]) database.commit(line(number));
  const killed = filesNow();
  database.commit(fact);
  database.close();
  layOut(killed);
  const again = openDatabase(directory);
  const numbers = again.read({ log: "room", after: 0, limit: 9, bytes: 999 }).map((entry) => entry.number);
  again.close();
  expect(numbers).toEqual([1, 2, 3]);
});

test("ST-37 power lost at any sector of a commit's writes to the log leaves all of the batch or nothing", () => {
  const stages = recordStages();
  for (const [index, stage] of stages.entries()) {
    const before = stages[index - 1];
    if (before === undefined) continue;
    const [written, whole] = [before.get(LOG) ?? Buffer.alloc(0), stage.get(LOG) ?? Buffer.alloc(0)];
    const [from, to] = [written.length, whole.length];
    const random = randomFrom(index);
    for (let reached = from; reached <= to; reached += SECTOR) {
      // All up to here; or, as a disk may order them, some behind it too and some not.
      const scattered = Buffer.from(whole);
      for (let at = reached; at < to; at += SECTOR)
        if (random() < 0.5) scattered.fill(0, at, Math.min(at + SECTOR, to));
      for (const log of [whole.subarray(0, reached), scattered]) {
        layOut(new Map([...before, [LOG, log]]));
        expect([HELD[index - 1], HELD[index]]).toContainEqual(heldAfterOpening());
      }
    }
  }
});

test("ST-37 power lost at any sector of a checkpoint's writes to the file changes nothing that is held", () => {
  const stages = recordStages();
  const last = stages.at(-1) ?? new Map<string, Buffer>();
  const unfolded = last.get(FILE) ?? Buffer.alloc(0);
  const folded = readFileSync(join(directory, FILE));
  const random = randomFrom(1);
  for (let reached = 0; reached <= folded.length; reached += SECTOR) {
    const file = Buffer.concat([folded.subarray(0, reached), unfolded.subarray(reached)]);
    const scattered = Buffer.from(folded);
    for (let at = reached; at < folded.length; at += SECTOR)
      if (random() < 0.5) scattered.fill(0, at, at + SECTOR).set(unfolded.subarray(at, at + SECTOR), at);
    for (const each of [file, scattered]) {
      layOut(new Map([...last, [FILE, each]]));
      expect(heldAfterOpening()).toEqual(HELD.at(-1));
    }
  }
});

function line(number: number): StoredBatch {
  return {
    facts: [],
    appends: [{ log: "room", number, body: Buffer.from(`line ${number}`), lasting: false }],
    trims: [],
  };
}

/** The files of a data folder at one moment, by name. */
type Files = ReadonlyMap<string, Buffer>;

/** The files before any batch of SCRIPT and after each; in the end the store is closed and its log folded in. */
function recordStages(): readonly Files[] {
  const database = openDatabase(directory);
  const stages = [filesNow()];
  for (const batch of SCRIPT) {
    database.commit(batch);
    stages.push(filesNow());
  }
  database.close();
  return stages;
}

function filesNow(): Files {
  const names = existsSync(directory) ? readdirSync(directory) : [];
  return new Map(names.map((name) => [name, readFileSync(join(directory, name))]));
}

function layOut(files: Files): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const [name, bytes] of files) writeFileSync(join(directory, name), bytes);
}

function heldAfterOpening(): Held {
  const database = openDatabase(directory);
  try {
    return heldInDatabase(database, SCRIPT_LOGS);
  } finally {
    database.close();
  }
}

/** Null when it failed as a store fails. */
function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    expect(error).toMatchObject({ name: "StoreError" });
    return null;
  }
}

function isSame(a: Held, b: Held | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
