import { readFileSync, readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Fact } from "../../core/events.ts";
import { factBatch } from "../../../test/store/commit-facts.ts";
import { scratchDirectory } from "../../../test/store/scratch.ts";
import type { Scratch } from "../../../test/store/scratch.ts";
import { openDatabase } from "./database.ts";
import { examineDatabase } from "./examine.ts";
import { MIGRATIONS } from "./migrations.ts";

const adaClaims: Fact = {
  kind: "name-claimed",
  claim: { name: "Ada", identity: { kind: "person", login: "ada@example.com" }, claimedAt: 1_700_000_000_000 },
};

let scratch: Scratch;
let workplace: Scratch;
let file: string;

beforeEach(() => {
  scratch = scratchDirectory();
  workplace = scratchDirectory();
  vi.stubEnv("TMPDIR", workplace.path);
  file = join(scratch.path, "padserve.db");
});
afterEach(() => {
  scratch.remove();
  workplace.remove();
  vi.unstubAllEnvs();
});

test("DR-10 what a stopped server left is read, and nothing in the folder changes", () => {
  makeDatabase();
  expect(unchanged(() => examineDatabase(scratch.path))).toMatchObject({ claims: [{ name: "Ada" }], bans: [] });
});

test("DR-10 what a killed server left in its log is read, and stays there", () => {
  const killed = openDatabase(scratch.path);
  killed.commit(factBatch(adaClaims));
  expect(readdirSync(scratch.path)).toContain("padserve.db-wal");
  expect(unchanged(() => examineDatabase(scratch.path))).toMatchObject({ claims: [{ name: "Ada" }] });
  killed.close();
});

test("DR-10 a folder without a database, or with an empty one, holds nothing", () => {
  expect(unchanged(() => examineDatabase(scratch.path))).toBeNull();
  writeFileSync(file, "");
  expect(unchanged(() => examineDatabase(scratch.path))).toBeNull();
});

test("DR-10 an older database is read as the next start would read it, and stays old", () => {
  makeDatabase();
  const newer = [...MIGRATIONS, "CREATE TABLE later (key TEXT PRIMARY KEY) STRICT"];
  expect(unchanged(() => examineDatabase(scratch.path, newer))).toMatchObject({ claims: [{ name: "Ada" }] });
});

test.each([
  ["damaged", () => truncateSync(file, 5000)],
  ["damaged", () => execute("DROP TABLE bans")],
  ["not-ours", () => execute("PRAGMA application_id = 1")],
  ["newer", () => execute("PRAGMA user_version = 999")],
])("DR-10 a database that is %s is told so under its own name, and left as it is", (code, spoil) => {
  makeDatabase();
  spoil();
  const refusal = expect.objectContaining({ code, message: expect.stringMatching(new RegExp(`^${file} `)) });
  unchanged(() => expect(() => examineDatabase(scratch.path)).toThrow(refusal));
});

function makeDatabase(): void {
  const database = openDatabase(scratch.path);
  database.commit(factBatch(adaClaims));
  database.close();
}

function execute(sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

/** The result of `work`, which may leave nothing in the folder or among the temporary files, and change nothing. */
function unchanged<T>(work: () => T): T {
  const before = snapshot();
  const result = work();
  expect(snapshot()).toEqual(before);
  expect(readdirSync(workplace.path)).toEqual([]);
  return result;
}

function snapshot() {
  return readdirSync(scratch.path).map((name) => {
    const { mtimeMs, mode } = statSync(join(scratch.path, name));
    return { name, mtimeMs, mode, bytes: readFileSync(join(scratch.path, name)).toString("base64") };
  });
}
