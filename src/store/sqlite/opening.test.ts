import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Fact } from "../../core/events.ts";
import type { Identity } from "../../core/identity.ts";
import { factBatch } from "../../../test/store/commit-facts.ts";
import { filesIn, unpackFolder } from "../../../test/store/folders.ts";
import { scratchDirectory } from "../../../test/store/scratch.ts";
import type { Scratch } from "../../../test/store/scratch.ts";
import { connect } from "./connection.ts";
import { openDatabase } from "./database.ts";
import { examineDatabase } from "./examine.ts";
import { MIGRATIONS } from "./migrations.ts";

const adaClaims: Fact = {
  kind: "name-claimed",
  claim: { name: "Ada", identity: { kind: "person", login: "ada@example.com" }, claimedAt: 1_700_000_000_000 },
};
const eveIsBanned: Fact = {
  kind: "ban-placed",
  ban: { name: "Eve", identity: null, by: "Ada", bannedAt: 1_700_000_000_001 },
};

let scratch: Scratch;
let directory: string;
let file: string;

beforeEach(() => {
  scratch = scratchDirectory();
  directory = join(scratch.path, "data");
  file = join(directory, "padserve.db");
});
afterEach(() => {
  scratch.remove();
});

test("ST-14 a missing directory is made for its owner only, and so is the file in it", () => {
  const database = openDatabase(directory);
  database.commit(factBatch(adaClaims));
  expect(modeOf(directory)).toBe(0o700);
  expect(readdirSync(directory).map((name) => [name, modeOf(join(directory, name))])).toEqual([
    ["padserve.db", 0o600],
    ["padserve.db-mark", 0o600],
    ["padserve.db-wal", 0o600],
  ]);
  database.close();
  expect(readdirSync(directory)).toEqual(["padserve.db", "padserve.db-mark"]);
});

test("ST-14 a directory that others may enter keeps its mode, the files are taken from them", () => {
  makeDatabase(adaClaims);
  chmodSync(directory, 0o755);
  chmodSync(file, 0o644);
  openDatabase(directory).close();
  expect([modeOf(directory), modeOf(file)]).toEqual([0o755, 0o600]);
});

test("ST-15 a second server on the same directory is told so, and the first goes on undisturbed", () => {
  const first = openDatabase(directory);
  expect(() => openDatabase(directory)).toThrow(expect.objectContaining({ code: "in-use" }));
  expect(openElsewhere()).toBe("in-use");
  first.commit(factBatch(adaClaims));
  expect(openElsewhere()).toBe("in-use");
  first.close();
  expect(openElsewhere()).toBe("opened");
});

test("ST-16 a file with a garbage header is refused as damaged and left as it is", () => {
  mkdirSync(directory);
  writeFileSync(file, "this was never a database, but it is as long as one: ".repeat(200));
  expectRefusal("damaged");
});

test("ST-16 a file cut short anywhere is refused as damaged and left as it is", () => {
  makeDatabase(adaClaims, eveIsBanned);
  const whole = join(scratch.path, "whole");
  copyFileSync(file, whole);
  const { size } = statSync(whole);
  for (let length = 1; length < size; length += 509) {
    copyFileSync(whole, file);
    truncateSync(file, length);
    expectRefusal("damaged");
  }
});

test("ST-16 a file that was emptied is refused as damaged when it left a log, and the log stays", () => {
  const elsewhere = join(scratch.path, "elsewhere");
  const database = openDatabase(elsewhere);
  database.commit(factBatch(adaClaims));
  mkdirSync(directory);
  writeFileSync(file, "");
  copyFileSync(join(elsewhere, "padserve.db-wal"), `${file}-wal`);
  database.close();
  const log = readFileSync(`${file}-wal`);
  expect(log.length).toBeGreaterThan(0);
  expectRefusal("damaged");
  expect(readFileSync(`${file}-wal`).equals(log)).toBe(true);
});

test("ST-16 a file with a broken page is refused as damaged and left as it is", () => {
  makeDatabase(adaClaims, eveIsBanned);
  const bytes = readFileSync(file);
  bytes.fill(0xa5, 4096, 4096 + 64);
  writeFileSync(file, bytes);
  expectRefusal("damaged");
});

test("ST-16 a file whose tables are not those of its version is refused as damaged and left as it is", () => {
  makeDatabase(adaClaims);
  tamper("DROP TABLE bans");
  expectRefusal("damaged");
});

const SPOILED_ROWS = [
  ["an identity that is no JSON", "UPDATE claims SET identity = '{'"],
  ["an identity of unknown kind", `UPDATE claims SET identity = '{"kind":"ghost"}'`],
  ["an identity without its login", `UPDATE bans SET identity = '{"kind":"person"}'`],
  ["a name that is not the one it is filed under", "UPDATE claims SET name = 'Mallory'"],
  ["a ban that is not the one it is filed under", "UPDATE bans SET folded = 'mallory'"],
  ["a time that no number can hold", "UPDATE bans SET banned_at = 9223372036854775807"],
  ["a name that is gone", "DELETE FROM claims"],
  [
    "a ban that stands there twice",
    "INSERT INTO bans SELECT 'b' || folded, 'b' || name, identity, 'x', 1, sum FROM bans",
  ],
  ["a log's head", "UPDATE logs SET head = head + 1"],
  ["a log that is gone", "DELETE FROM logs"],
  ["a log's entry", "UPDATE entries SET body = x'00' WHERE place & 3 = 1"],
  ["a log's first entry that is gone", "DELETE FROM entries WHERE place & 3 = 1"],
  ["a log's last entry that is gone", "DELETE FROM entries WHERE place & 3 = 3"],
  ["an entry of no log", "UPDATE entries SET place = place + (5 << 32)"],
  ["the number of commits", "UPDATE whole SET commits = 7"],
  ["a batch in the journal", "UPDATE journal SET batch = zeroblob(9) WHERE number = 2"],
  ["the journal's first batch that is gone", "DELETE FROM journal WHERE number = 2"],
  ["the journal's last batch that is gone", "DELETE FROM journal WHERE number = 3"],
  ["a batch of another number in the journal", "UPDATE journal SET number = 4 WHERE number = 3"],
] as const;

test.each(SPOILED_ROWS)("ST-17 %s is a damaged database, which is left as it is", (_what, sql) => {
  makeDatabase(adaClaims, eveIsBanned);
  tamper(sql);
  expectRefusal("damaged");
});

test.each(SPOILED_ROWS.slice(0, 5))(
  "ST-17 %s in a row whose checksum fits is a damaged database, which is left as it is",
  (_what, sql) => {
    makeDatabase(adaClaims, eveIsBanned);
    tamper(`${sql};
      UPDATE claims SET sum = row_sum('claims', folded, name, identity, claimed_at);
      UPDATE bans SET sum = row_sum('bans', folded, name, identity, banned_by, banned_at);
      UPDATE whole SET digest = (SELECT digest(sum) FROM (SELECT sum FROM claims UNION ALL SELECT sum FROM bans UNION ALL SELECT sum FROM rows UNION ALL SELECT sum FROM logs));
      UPDATE whole SET sum = row_sum('whole', commits, digest)`);
    expectRefusal("damaged");
  },
);

test.each([
  ["of another length than it says", "batch = substr(batch, 1, length(batch) - 1)"],
  ["cut short", "batch = substr(batch, 1, 40)"],
  ["of nothing", "batch = x''"],
  ["that doesn't follow the one before it", "batch = (SELECT batch FROM journal WHERE number = 2)"],
] as const)(
  "ST-17 a batch %s in the journal, whose checksum fits, is a damaged database, which is left as it is",
  (_what, change) => {
    makeDatabase(adaClaims, eveIsBanned);
    tamper(`UPDATE journal SET ${change} WHERE number = 3; UPDATE journal SET sum = row_sum('journal', number, batch)`);
    expectRefusal("damaged");
    expect(() => openDatabase(directory)).toThrow("commit 3 in the journal is not as it was written");
  },
);

test("ST-17 what is damaged is told by its name, in characters that a terminal only shows", () => {
  makeDatabase(adaClaims, eveIsBanned);
  tamper("UPDATE bans SET folded = 'e' || char(27) || '[2J'; UPDATE entries SET body = x''");
  expect(() => openDatabase(directory)).toThrow(
    `${file} is damaged (the row of "e?[2J" in bans is not as it was written; entry 1 of the log "room" is not as it was written). Nothing was changed`,
  );
});

test("ST-18 a database of a newer version is refused and left as it is", () => {
  openDatabase(directory, [...MIGRATIONS, "CREATE TABLE later (x TEXT) STRICT"]).close();
  expectRefusal("newer");
});

test("ST-18 what a killed newer version left in its log stays there", () => {
  // Opened, written, copied while open: as if the server had been killed at this moment.
  const elsewhere = join(scratch.path, "elsewhere");
  const newer = openDatabase(elsewhere, [...MIGRATIONS, "CREATE TABLE later (x TEXT) STRICT"]);
  newer.commit(factBatch(adaClaims));
  mkdirSync(directory);
  for (const suffix of ["", "-wal"]) copyFileSync(join(elsewhere, `padserve.db${suffix}`), file + suffix);
  newer.close();
  const log = readFileSync(`${file}-wal`);
  expect(log.length).toBeGreaterThan(0);
  expectRefusal("newer");
  expect(readFileSync(`${file}-wal`)).toEqual(log);
});

test("ST-19 another program's database is refused and left as it is", () => {
  mkdirSync(directory);
  tamper("CREATE TABLE recipes (name TEXT); INSERT INTO recipes VALUES ('soup')");
  expectRefusal("not-ours");
});

test("ST-19 a directory where the file should be is refused and left as it is", () => {
  mkdirSync(join(file, "kept"), { recursive: true });
  expect(() => openDatabase(directory)).toThrow(expect.objectContaining({ code: "not-ours" }));
  expect(existsSync(join(file, "kept"))).toBe(true);
});

test("ST-20 a data directory that is a file is refused as unwritable", () => {
  writeFileSync(directory, "a file");
  expect(() => openDatabase(directory)).toThrow(expect.objectContaining({ code: "unwritable" }));
  expect(() => openDatabase(join(directory, "below"))).toThrow(expect.objectContaining({ code: "unwritable" }));
  expect(readFileSync(directory, "utf8")).toBe("a file");
});

test.runIf(existsSync("/proc/self"))(
  "ST-20 a folder that can't be made, though the one above it is there, is refused as unwritable",
  () => {
    expect(() => openDatabase("/proc/padserve")).toThrow(expect.objectContaining({ code: "unwritable" }));
  },
);

test("ST-21 an older database is brought up to date and keeps what it holds", () => {
  makeDatabase(adaClaims);
  const added = "ALTER TABLE claims ADD COLUMN note TEXT NOT NULL DEFAULT 'none'";
  const database = openDatabase(directory, [...MIGRATIONS, added, "CREATE TABLE later (x TEXT) STRICT"]);
  expect(database.load()).toMatchObject({ claims: [{ name: "Ada" }], bans: [] });
  database.close();
  expect(read("SELECT name, note FROM claims")).toEqual([{ name: "Ada", note: "none" }]);
  expect(read("PRAGMA user_version")).toEqual([{ user_version: MIGRATIONS.length + 2 }]);
});

test.each(["0.1.0-stopped", "0.1.0-killed"])(
  "ST-21 the folder of a server %s is brought up to date: rows get checksums, machines wait for the node with their label and tags",
  (name) => {
    unpackFolder(name, directory);
    const bot: Identity = { kind: "labelled-machine", label: "backup-bot", tags: ["tag:server", "tag:backup"] };
    const laptop: Identity = { kind: "labelled-machine", label: "laptop.tail1234.ts.net", tags: [] };
    const held = {
      claims: [
        { name: "Ada", identity: { kind: "person", login: "ada@example.com" }, claimedAt: 1_700_000_000_000 },
        { name: "backup", identity: bot, claimedAt: 1_700_000_000_001 },
        { name: "desk", identity: { kind: "address", address: "100.64.0.7" }, claimedAt: 1_700_000_000_002 },
        { name: "here", identity: { kind: "local" }, claimedAt: 1_700_000_000_003 },
      ],
      bans: [
        { name: "Eve", identity: null, by: "Ada", bannedAt: 1_700_000_000_004 },
        { name: "guest", identity: laptop, by: "Ada", bannedAt: 1_700_000_000_005 },
      ],
      tailscaledSeen: true,
      keptRight: null,
      rows: [],
    };
    const database = openDatabase(directory);
    expect(database.load()).toEqual(held);
    database.commit(factBatch(eveIsBanned));
    database.close();
    const again = openDatabase(directory);
    expect(again.load()).toMatchObject({ claims: held.claims });
    again.close();
    tamper("UPDATE claims SET claimed_at = claimed_at + 1 WHERE name = 'backup'");
    expectRefusal("damaged");
  },
);

test.each(["0.1.0-sums-stopped", "0.1.0-sums-killed"])(
  "ST-48 the folder of a server %s, whose rows have checksums and which took its mark away when it stopped, opens and is marked",
  (name) => {
    unpackFolder(name, directory);
    expect(Object.keys(filesIn(directory)).includes("padserve.db-mark")).toBe(name.endsWith("killed"));
    expect(examineDatabase(directory)).toMatchObject({ claims: [{ name: "alice" }], bans: [{ name: "mallory" }] });
    const database = openDatabase(directory);
    expect(database.load()).toMatchObject({
      claims: [{ name: "alice" }],
      bans: [{ name: "mallory" }],
      keptRight: null,
    });
    database.close();
    openDatabase(directory).close();
    rmSync(join(directory, "padserve.db-mark"));
    expectRefusal("damaged");
  },
);

test.each([4, 5, 6].flatMap((version) => [`database-${version}-stopped`, `database-${version}-killed`]))(
  "ST-21 the folder %s, of a server on which two people had made rooms and written, is brought up to date with all it holds",
  (name) => {
    unpackFolder(name, directory);
    expect(read("PRAGMA user_version")).toEqual([{ user_version: Number(name.split("-")[1]) }]);
    // SQLite's own look at the file has changed what lies there.
    unpackFolder(name, directory);
    expect(examineDatabase(directory)).toMatchObject({ claims: [{ name: "ada" }, { name: "bob" }] });
    const database = openDatabase(directory);
    const saved = database.load();
    expect(saved).toMatchObject({ claims: [{ name: "ada" }, { name: "bob" }], keptRight: { name: "ada" }, bans: [] });
    const heads = saved.rows.filter((row) => row.table === "head");
    expect(heads.length).toBe(3);
    for (const { key, value } of heads) {
      const range = { log: `group/${key}`, after: 0, limit: 100, bytes: 1_000_000 };
      expect(database.read(range).map(({ number }) => number)).toEqual(
        Array.from({ length: value?.number ?? 0 }, (_, i) => i + 1),
      );
    }
    database.commit(factBatch(eveIsBanned));
    database.close();
    const again = openDatabase(directory);
    expect(again.load()).toMatchObject({ bans: [{ name: "Eve" }], rows: { length: saved.rows.length } });
    again.close();
    expect(read("PRAGMA user_version")).toEqual([{ user_version: MIGRATIONS.length }]);
  },
);

test("ST-21 a row of 0.1.0 that we can't have written is refused before anything is migrated", () => {
  unpackFolder("0.1.0-killed", directory);
  const rows = connect(file, "read-write");
  rows.exec("PRAGMA wal_autocheckpoint = 0; UPDATE bans SET identity = '{' WHERE name = 'guest'");
  const parts = ["", "-wal"].map((part) => [part, readFileSync(file + part)] as const);
  rows.close();
  for (const [part, bytes] of parts) writeFileSync(file + part, bytes);
  expectRefusal("damaged");
  expect(readFileSync(`${file}-wal`).equals(parts[1]?.[1] ?? Buffer.alloc(0))).toBe(true);
});

test("ST-21 a migration that fails changes nothing, and the next attempt starts where it stopped", () => {
  makeDatabase(adaClaims);
  const [good, bad] = ["CREATE TABLE later (x TEXT) STRICT", "DELETE FROM claims; INSERT INTO nowhere VALUES (1)"];
  expect(() => openDatabase(directory, [...MIGRATIONS, good, bad])).toThrow(
    expect.objectContaining({ code: "failed" }),
  );
  expect(read("PRAGMA user_version")).toEqual([{ user_version: MIGRATIONS.length + 1 }]);
  const database = openDatabase(directory, [...MIGRATIONS, good, "DROP TABLE later"]);
  expect(database.load()).toMatchObject({ claims: [{ name: "Ada" }] });
  database.close();
});

test("ST-29 a first start that was killed half-way is no obstacle to the next", () => {
  // The file and its journal, copied in the middle of a transaction that is larger than the memory it is allowed.
  const elsewhere = join(scratch.path, "elsewhere");
  const connection = new DatabaseSync(elsewhere);
  connection.exec("PRAGMA cache_size = 1; BEGIN; CREATE TABLE claims (folded TEXT)");
  connection.exec(
    "INSERT INTO claims SELECT hex(randomblob(1000)) FROM (WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT i FROM n)",
  );
  mkdirSync(directory);
  copyFileSync(elsewhere, file);
  copyFileSync(`${elsewhere}-journal`, `${file}-journal`);
  connection.close();
  expect([statSync(file).size > 0, statSync(`${file}-journal`).size > 0]).toEqual([true, true]);

  const database = openDatabase(directory);
  database.commit(factBatch(adaClaims));
  expect(database.load()).toMatchObject({ claims: [{ name: "Ada" }], bans: [] });
  database.close();
  expect(readdirSync(directory)).toEqual(["padserve.db", "padserve.db-mark"]);
});

test("ST-29 an empty file is taken for a first start that was killed at once", () => {
  mkdirSync(directory);
  writeFileSync(file, "");
  const database = openDatabase(directory);
  expect(database.load()).toEqual({ claims: [], bans: [], tailscaledSeen: false, keptRight: null, rows: [] });
  database.close();
});

test("ST-22 the file bears our application id and is kept with a write-ahead log in strict tables", () => {
  makeDatabase(adaClaims);
  expect(read("PRAGMA application_id")).toEqual([{ application_id: 0x50414453 }]);
  expect(read("PRAGMA journal_mode")).toEqual([{ journal_mode: "wal" }]);
  const tables = read("SELECT strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'");
  expect(tables).toEqual(Array.from({ length: 8 }, () => ({ strict: 1 })));
});

test("ST-23 an opening error is one line that names the file and says what to do", () => {
  mkdirSync(directory);
  writeFileSync(file, "garbage\n".repeat(1000));
  expect(() => openDatabase(directory)).toThrow(
    expect.objectContaining({
      name: "StoreError",
      message: `${file} is damaged (file is not a database). Nothing was changed; move it and the padserve.db-… files beside it away together, or bring back a backup, then start again.`,
      cause: expect.objectContaining({ errcode: 26 }),
    }),
  );
});

function makeDatabase(...facts: Fact[]): void {
  const database = openDatabase(directory);
  const appends = [1, 2, 3].map((number) => ({
    log: "room",
    number,
    lasting: false,
    body: Buffer.from(`entry ${number}`),
  }));
  database.commit({ facts, appends, trims: [] });
  for (const number of [1, 2])
    database.commit({
      facts: [],
      appends: [{ log: "notes", number, lasting: false, body: Buffer.from("note") }],
      trims: [],
    });
  database.close();
}

/** Refused with this code, by no fault of an earlier attempt, and not a byte changed, nor a file more. */
function expectRefusal(code: string): void {
  const before = filesIn(directory);
  expect(() => openDatabase(directory)).toThrow(expect.objectContaining({ code }));
  expect(() => openDatabase(directory)).toThrow(expect.objectContaining({ code }));
  expect(filesIn(directory)).toEqual(before);
}

function tamper(sql: string): void {
  const connection = connect(file, "read-write");
  connection.exec(sql);
  connection.close();
}

function read(sql: string): unknown[] {
  const connection = new DatabaseSync(file);
  const rows = connection.prepare(sql).all();
  connection.close();
  return rows;
}

/** What another process gets that opens the same directory. */
function openElsewhere(): string {
  const program = join(import.meta.dirname, "../../../test/store/open-store.ts");
  return spawnSync(process.execPath, [program, directory], { encoding: "utf8" }).stdout.trim();
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}
