import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { factBatch } from "../../../test/store/commit-facts.ts";
import { filesIn } from "../../../test/store/folders.ts";
import { heldAfterEach, heldInDatabase, NOTHING, withoutEmptyLogs } from "../../../test/store/model.ts";
import { randomFrom } from "../../../test/helpers/random-from.ts";
import { scratchDirectory, type Scratch } from "../../../test/store/scratch.ts";
import { SCRIPT, SCRIPT_LOGS } from "../../../test/store/script.ts";
import { StoreError } from "../errors.ts";
import type { StoredBatch } from "../stored.ts";
import { openDatabase } from "./database.ts";
import { examineDatabase } from "./examine.ts";
import { MIGRATIONS } from "./migrations.ts";
import { restoreDatabase } from "./restore.ts";

const FLIPS = 500;
/** Enough that few of the file's bits are nobody's. */
const MUCH: StoredBatch = {
  facts: Array.from({ length: 150 }, (_, i) => ({
    kind: "name-claimed",
    claim: { name: `name-${i}`, identity: { kind: "person", login: `person-${i}@example.com` }, claimedAt: i },
  })),
  appends: Array.from({ length: 100 }, (_, i) => ({
    log: "room",
    number: 26 + i,
    lasting: false,
    body: Buffer.alloc(100, i),
  })),
  trims: [],
};
/** For the journal. */
const LINES = lines(6, 30);
const LAST: StoredBatch = {
  ...MUCH,
  appends: [{ log: "devices/ada", number: 4, lasting: false, body: Buffer.from("last") }],
};
/** What waits in the journal when the server is killed. */
const WAITING = [lines(36, 1), lines(37, 10), lines(47, 1)];
const [HELD_STOPPED = NOTHING, HELD_KILLED = NOTHING] = heldAfterEach([...SCRIPT, MUCH, LINES, LAST])
  .slice(-2)
  .map(withoutEmptyLogs);
const HELD_WAITING = withoutEmptyLogs(heldAfterEach([...SCRIPT, MUCH, LINES, ...WAITING]).at(-1) ?? NOTHING);

let scratch: Scratch;
let stopped: string;
let killed: string;
let waiting: string;
let directory: string;

beforeEach(() => {
  scratch = scratchDirectory("fast");
  // Where the examination makes its copies.
  vi.stubEnv("TMPDIR", scratch.path);
  stopped = join(scratch.path, "stopped");
  killed = join(scratch.path, "killed");
  waiting = join(scratch.path, "waiting");
  directory = join(scratch.path, "data");
  const first = openDatabase(stopped);
  for (const batch of [...SCRIPT, MUCH, LINES]) first.commit(batch);
  first.close();
  leaveKilled(killed, [LAST]);
  leaveKilled(waiting, WAITING);
});
afterEach(() => {
  vi.unstubAllEnvs();
  scratch.remove();
});

test.each([
  ["the file of a stopped server", () => stopped, "padserve.db"],
  ["the file of a killed server", () => killed, "padserve.db"],
  ["a killed server's log", () => killed, "padserve.db-wal"],
  ["a killed server's mark", () => killed, "padserve.db-mark"],
  ["the log of a server that was killed with a journal in it", () => waiting, "padserve.db-wal"],
] as const)(
  "ST-38 each of 500 bits flipped in %s is noticed, with nothing changed, or has changed nothing",
  (what, from, part) => {
    const random = randomFrom(what.length);
    const whole = readFileSync(join(from(), part));
    let noticed = 0;
    for (let flip = 0; flip < FLIPS; flip += 1) {
      const at = Math.floor(random() * whole.length * 8);
      const bytes = Buffer.from(whole);
      bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7));
      if (isNoticed(from(), part, bytes)) noticed += 1;
    }
    // A bit in one of the mark's two places leaves the other; what the log has anew does not count in the file.
    expect(noticed).toBeGreaterThanOrEqual(part === "padserve.db-mark" ? 0 : 50);
  },
);

test("ST-38 a log that was cut short anywhere is noticed, with nothing changed", () => {
  for (const folder of [killed, waiting]) {
    const whole = readFileSync(join(folder, "padserve.db-wal"));
    for (let length = 0; length < whole.length; length += 512)
      expect(isNoticed(folder, "padserve.db-wal", whole.subarray(0, length))).toBe(true);
    // Padding behind the end is none of it.
    expect(isNoticed(folder, "padserve.db-wal", Buffer.concat([whole, Buffer.alloc(5000)]))).toBe(false);
  }
});

test.each(["padserve.db-wal", "padserve.db"])(
  "ST-38 a killed server's %s that was deleted is noticed, with nothing changed",
  (part) => {
    for (const folder of [killed, waiting]) expect(isNoticed(folder, part, null)).toBe(true);
  },
);

test("ST-46 without its mark, or with one that is no mark, a stopped or a killed server's database is refused with what to do, and left as it is", () => {
  for (const folder of [stopped, killed]) {
    for (const mark of [null, Buffer.alloc(0), Buffer.alloc(1024), Buffer.from("x")]) {
      expect(isNoticed(folder, "padserve.db-mark", mark)).toBe(true);
    }
  }
  cpSync(stopped, directory, { recursive: true });
  rmSync(join(directory, "padserve.db-mark"));
  expect(() => openDatabase(directory)).toThrow(/padserve\.db-mark is missing, .*padserve restore.*--replace/);
});

test("ST-46 what is there without its mark comes back as after a restore", () => {
  cpSync(stopped, directory, { recursive: true });
  rmSync(join(directory, "padserve.db-mark"));
  const alone = join(scratch.path, "alone");
  mkdirSync(alone);
  cpSync(join(directory, "padserve.db"), join(alone, "padserve.db"));
  const restored = restoreDatabase({ from: alone, into: directory, replace: true, incarnation: "new", now: 0 });
  expect(restored.kind).toBe("restored");
  openDatabase(directory).close();
});

test("ST-48 a database of a version that took its mark away opens without it, and is marked from then on", () => {
  openDatabase(directory, MIGRATIONS.slice(0, 3)).close();
  const older = openDatabase(directory, MIGRATIONS.slice(0, 3));
  older.commit(factBatch({ kind: "tailscaled-seen" }));
  older.close();
  rmSync(join(directory, "padserve.db-mark"));
  const opened = openDatabase(directory);
  expect(opened.load()).toMatchObject({ tailscaledSeen: true });
  opened.close();
  rmSync(join(directory, "padserve.db-mark"));
  expect(() => openDatabase(directory)).toThrow(/padserve\.db-mark is missing/);
});

test("ST-46 a database that has kept nothing yet needs no mark", () => {
  openDatabase(directory).close();
  rmSync(join(directory, "padserve.db-mark"));
  openDatabase(directory).close();
  expect(Object.keys(filesIn(directory))).toContain("padserve.db-mark");
});

test("ST-38 what was lost with a log is told by the numbers of its commits", () => {
  cpSync(killed, directory, { recursive: true });
  rmSync(join(directory, "padserve.db-wal"));
  expect(() => openDatabase(directory)).toThrow(
    "it ends with commit 11, and commit 12 had been kept: its write-ahead log is damaged or gone",
  );
});

test.each([
  ["its folder was deleted", () => rmSync(directory, { recursive: true })],
  ["its folder was moved away", () => renameSync(directory, join(scratch.path, "elsewhere"))],
  [
    "another folder was put in its place",
    () => {
      renameSync(directory, join(scratch.path, "elsewhere"));
      cpSync(stopped, directory, { recursive: true });
    },
  ],
  ["its file was deleted", () => rmSync(join(directory, "padserve.db"))],
  [
    "its file was replaced",
    () => {
      writeFileSync(join(directory, "new"), readFileSync(join(stopped, "padserve.db")));
      renameSync(join(directory, "new"), join(directory, "padserve.db"));
    },
  ],
  ["its log was deleted", () => rmSync(join(directory, "padserve.db-wal"))],
])(
  "ST-39 when %s under an open store, it refuses what it is asked to keep, an empty batch too, and says so",
  (_what, meddle) => {
    mkdirSync(directory);
    const database = openDatabase(directory);
    const [first, second] = SCRIPT;
    if (first === undefined || second === undefined) throw new Error("no batches");
    database.commit(first);
    meddle();
    const lost = expect.objectContaining({
      code: "lost",
      message: expect.stringContaining("Nothing is kept from now on"),
    });
    expect(() => database.commit(second)).toThrow(lost);
    expect(() => database.commit({ facts: [], appends: [], trims: [] })).toThrow(lost);
    // It has not been kept in the deleted file either, for somebody to hear of.
    expect(heldInDatabase(database, SCRIPT_LOGS)).toEqual(heldAfterEach(SCRIPT)[1]);
    database.close();
  },
);

function lines(first: number, count: number): StoredBatch {
  return {
    facts: [{ table: "cursor", key: "ada", value: { number: first + 1 } }],
    appends: Array.from({ length: count }, (_, i) => ({
      log: "notes",
      number: first + i,
      lasting: false,
      body: Buffer.alloc(300, first + i),
    })),
    trims: [],
  };
}

/** The stopped server's folder as it is left by one that went on with these batches and was killed. */
function leaveKilled(folder: string, batches: readonly StoredBatch[]): void {
  cpSync(stopped, directory, { recursive: true });
  const database = openDatabase(directory);
  for (const batch of batches) database.commit(batch);
  cpSync(directory, folder, { recursive: true });
  database.close();
  rmSync(directory, { recursive: true });
}

/** Whether a folder with this part in another form is refused; then nothing in it has changed. Else all that was held is held. */
function isNoticed(from: string, part: string, bytes: Buffer | null): boolean {
  rmSync(directory, { recursive: true, force: true });
  cpSync(from, directory, { recursive: true });
  if (bytes === null) rmSync(join(directory, part));
  else writeFileSync(join(directory, part), bytes);
  const before = filesIn(directory);
  const examined = refusalOf(() => void examineDatabase(directory));
  const refused = refusalOf(() => {
    const database = openDatabase(directory);
    const held = heldInDatabase(database, SCRIPT_LOGS);
    database.close();
    const whole =
      new Map([
        [killed, HELD_KILLED],
        [waiting, HELD_WAITING],
      ]).get(from) ?? HELD_STOPPED;
    // Some thousand times; what says where they differ takes longer than the database does.
    if (!isDeepStrictEqual(held, whole)) expect(held).toEqual(whole);
  });
  expect(examined?.code).toBe(refused?.code);
  if (refused === null) return false;
  expect(["damaged", "newer", "not-ours"]).toContain(refused.code);
  const after = filesIn(directory);
  // What was missing has been made empty, as for a first start.
  if (bytes === null && part === "padserve.db") delete (after as Record<string, string>)[part];
  expect(after).toEqual(before);
  return true;
}

function refusalOf(work: () => void): StoreError | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
}
