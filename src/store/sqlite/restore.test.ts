import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { scratchDirectory, type Scratch } from "../../../test/store/scratch.ts";
import type { GroupRow, HeadRow, ServerRow } from "../../groups/rows.ts";
import type { StoredFact } from "../stored.ts";
import { checkBackup } from "./backup.ts";
import { openDatabase, type Database } from "./database.ts";
import { examineDatabase } from "./examine.ts";
import { ensureMark, readMark } from "./mark.ts";
import { restoreDatabase, type RestoreOutcome } from "./restore.ts";
import { openSqliteStore } from "./store.ts";

const BEFORE = "B".repeat(22);
const AFTER = "A".repeat(22);
const now = Date.UTC(2026, 10, 27, 9, 30);
const group: GroupRow = {
  place: { kind: "room", name: "ops" },
  access: "invite",
  creator: { kind: "name", identity: "alice" },
  createdAt: 1,
  epoch: 0,
  members: {},
  removed: {},
  ordered: {},
  reports: null,
  welcomes: 0,
  status: { kind: "open" },
};

const head: HeadRow = { number: 7, hash: "h", at: 1, messagesForgotten: 0, commitsForgotten: 0 };

let scratch: Scratch;
let data: string;
let backup: string;

beforeEach(() => {
  scratch = scratchDirectory("fast");
  data = join(scratch.path, "data");
  backup = join(scratch.path, "backup");
});
afterEach(() => {
  scratch.remove();
});

test("ST-41 a copy of an open database holds all that was committed before, in one file of 0600", async () => {
  const store = await openSqliteStore(data);
  await store.commit({ facts: [serverFact("S")], appends: [entry(1), entry(2)], trims: [] });
  mkdirSync(backup);
  const [copied, later] = [
    store.backUp(join(backup, "padserve.db")),
    store.commit({ facts: [], appends: [entry(3)], trims: [] }),
  ];
  await Promise.all([copied, later]);
  expect(readdirSync(backup)).toEqual(["padserve.db"]);
  expect(statSync(join(backup, "padserve.db")).mode & 0o777).toBe(0o600);
  expect(checkBackup(backup)).toEqual({ server: { id: "S", incarnation: BEFORE }, commits: 1 });
  await expect(store.backUp(join(backup, "padserve.db"))).rejects.toMatchObject({ name: "StoreError" });
  await store.close();
  ensureMark(join(backup, "padserve.db-mark"), 0);
  const found = openDatabase(backup);
  expect(found.read({ log: "l", after: 0, limit: 9, bytes: 99 }).map(({ number }) => number)).toEqual([1, 2]);
  found.close();
});

test("ST-42 a backup comes back as another incarnation of the same server, its groups doubtful, with nothing changed in the backup", () => {
  makeBackup();
  const bytes = readFileSync(join(backup, "padserve.db"));
  expect(restore()).toEqual({
    kind: "restored",
    backup: { server: { id: "S", incarnation: BEFORE }, commits: 1 },
    aside: null,
  });
  expect(readdirSync(data)).toEqual(["padserve.db", "padserve.db-mark"]);
  expect(statSync(data).mode & 0o777).toBe(0o700);
  expect(statSync(join(data, "padserve.db")).mode & 0o777).toBe(0o600);
  expect(examineDatabase(data)?.rows).toEqual([
    { table: "group", key: "g", value: { ...group, doubtful: 7 } },
    { table: "head", key: "g", value: head },
    { table: "server", key: "self", value: { id: "S", incarnation: AFTER } },
  ]);
  expect(readFileSync(join(backup, "padserve.db")).equals(bytes)).toBe(true);
  expect(readdirSync(backup)).toEqual(["padserve.db"]);
});

test("ST-52 a restored server gives out no key package that may have been used since the backup, but last resorts", async () => {
  const packages = {
    first: 3,
    references: ["three", "four"],
    lastResort: { reference: "last", keyPackage: "k" },
    handedOut: ["two"],
  };
  const store = await openSqliteStore(data);
  await store.commit({
    facts: [
      serverFact("S"),
      { table: "packages", key: "device", value: packages },
      { table: "packages", key: "other", value: { ...packages, references: [] } },
    ],
    appends: [],
    trims: [],
  });
  mkdirSync(backup);
  await store.backUp(join(backup, "padserve.db"));
  await store.close();
  expect(restoreDatabase({ from: backup, into: data, replace: true, incarnation: AFTER, now })).toMatchObject({
    kind: "restored",
  });
  const restored = openDatabase(data);
  const { rows } = restored.load();
  restored.close();
  const found = Object.fromEntries(rows.flatMap((row) => (row.table === "packages" ? [[row.key, row.value]] : [])));
  // The next one's number in its log is what it would have been.
  expect(found).toEqual({ device: { ...packages, first: 5, references: [] }, other: { ...packages, references: [] } });
});

test("ST-43 an earlier state of the same gives way; what is newer, another's or unreadable only when told so, and is set aside whole", () => {
  makeBackup();
  const there = openDatabase(data);
  there.commit(factsOf(serverFact("S"), groupFact(), headFact()));
  there.close();
  expect(restore()).toMatchObject({ kind: "restored", aside: join(data, "before-restore-2026-11-27T09-30-00-000Z") });

  // A server that was ended before it had kept anything has left that.
  removeDatabase();
  openDatabase(data).close();
  expect(restore()).toMatchObject({ kind: "restored" });

  for (const [why, spoil] of [
    ["other-there", () => {}],
    ["other-there", () => other("T")],
    ["newer-there", () => newer()],
    ["unreadable-there", () => execute("PRAGMA user_version = 9999")],
    ["unreadable-there", () => execute("PRAGMA application_id = 1")],
    ["unreadable-there", () => writeFileSync(join(data, "padserve.db"), "anything")],
  ] as const) {
    spoil();
    const before = filesOf(data);
    expect(restore()).toEqual({ kind: "refused", why, there: join(data, "padserve.db") });
    expect(filesOf(data)).toEqual(before);
  }
  const before = readFileSync(join(data, "padserve.db"));
  const outcome = restore({ replace: true });
  if (outcome.kind !== "restored" || outcome.aside === null) throw new Error(outcome.kind);
  expect(readFileSync(join(outcome.aside, "padserve.db")).equals(before)).toBe(true);
  expect(examineDatabase(data)?.rows.find(({ table }) => table === "server")?.value).toEqual({
    id: "S",
    incarnation: AFTER,
  });
});

test("ST-43 the mark of the last commit goes with the log that it speaks of", () => {
  makeBackup();
  const there = openDatabase(data);
  there.commit(factsOf(serverFact("T")));
  for (const part of ["", "-wal", "-mark"])
    copyFileSync(join(data, `padserve.db${part}`), join(scratch.path, part + "x"));
  there.close();
  for (const part of ["", "-wal", "-mark"])
    renameSync(join(scratch.path, part + "x"), join(data, `padserve.db${part}`));
  const outcome = restore({ replace: true });
  expect(outcome).toMatchObject({ kind: "restored" });
  expect(readMark(join(data, "padserve.db-mark"))).toBeLessThan(5);
  const opened = openDatabase(data);
  opened.commit(factsOf(serverFact("S")));
  opened.close();
});

test("ST-44 a folder in use, and what is no whole backup of a version that is known, are refused with nothing changed", () => {
  makeBackup();
  const running = openDatabase(data);
  expect(() => restore({ replace: true })).toThrow(/in use by another Padserve server/);
  running.close();

  const before = filesOf(data);
  const bytes = readFileSync(join(backup, "padserve.db"));
  const changed = Buffer.from(bytes);
  const at = changed.lastIndexOf(BEFORE);
  changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
  for (const [content, message] of [
    [changed, /is damaged/],
    [bytes.subarray(0, 5000), /is damaged/],
    [Buffer.from("no database at all, and long enough to be looked at as one"), /is damaged|not a Padserve/],
  ] as const) {
    writeFileSync(join(backup, "padserve.db"), content);
    expect(() => restore({ replace: true })).toThrow(message);
  }
  writeFileSync(join(backup, "padserve.db"), bytes);
  const newerVersion = new DatabaseSync(join(backup, "padserve.db"));
  newerVersion.exec("PRAGMA user_version = 99");
  newerVersion.close();
  expect(() => restore({ replace: true })).toThrow(/made by a newer Padserve/);
  rmSync(join(backup, "padserve.db"));
  expect(() => restore({ replace: true })).toThrow(
    `${backup} is no backup (there is no padserve.db in it). Nothing was changed; name the folder that padserve backup made.`,
  );
  expect(() => restoreDatabase({ from: data, into: data, replace: true, incarnation: AFTER, now })).toThrow(/itself/);
  expect(filesOf(data)).toEqual(before);
});

test("ST-45 while a restore isn't finished no server takes the folder; asked again, it is finished", () => {
  makeBackup();
  openDatabase(data).close();
  writeFileSync(join(data, "padserve.db-restoring"), "");
  rmSync(join(data, "padserve.db"));
  expect(() => openDatabase(data)).toThrow(/Run padserve restore again/);
  expect(() => examineDatabase(data)).toThrow(/Run padserve restore again/);
  expect(restore()).toMatchObject({ kind: "restored" });
  expect(existsSync(join(data, "padserve.db-restoring"))).toBe(false);
  openDatabase(data).close();
});

function restore(options: { readonly replace?: boolean } = {}): RestoreOutcome {
  return restoreDatabase({ from: backup, into: data, replace: false, incarnation: AFTER, now, ...options });
}

function makeBackup(): void {
  const folder = join(scratch.path, "source");
  const source = openDatabase(folder);
  source.commit(factsOf(serverFact("S"), groupFact(), headFact()));
  mkdirSync(backup);
  source.backUp(join(backup, "padserve.db"));
  source.close();
}

function other(id: string): void {
  removeDatabase();
  change((database) => database.commit(factsOf(serverFact(id))));
}

/** The backup's own database, some commits later. */
function newer(): void {
  removeDatabase();
  copyFileSync(join(backup, "padserve.db"), join(data, "padserve.db"));
  ensureMark(join(data, "padserve.db-mark"), 0);
  change((database) => database.commit({ facts: [], appends: [entry(1)], trims: [] }));
}

function removeDatabase(): void {
  for (const part of ["", "-mark"]) rmSync(join(data, `padserve.db${part}`), { force: true });
}

function change(work: (database: Database) => void): void {
  const database = openDatabase(data);
  work(database);
  database.close();
}

function execute(sql: string): void {
  const database = new DatabaseSync(join(data, "padserve.db"));
  database.exec(sql);
  database.close();
}

function factsOf(...facts: readonly StoredFact[]) {
  return { facts, appends: [], trims: [] };
}

function serverFact(id: string): StoredFact {
  const value: ServerRow = { id, incarnation: BEFORE };
  return { table: "server", key: "self", value };
}

function groupFact(): StoredFact {
  return { table: "group", key: "g", value: group };
}

function headFact(): StoredFact {
  return { table: "head", key: "g", value: head };
}

function entry(number: number) {
  return { log: "l", number, body: new Uint8Array([number]), lasting: false };
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map(
      (file) =>
        `${join(file.parentPath, file.name)} ${readFileSync(join(file.parentPath, file.name)).toString("base64")}`,
    )
    .toSorted();
}
