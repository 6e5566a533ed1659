import * as fc from "fast-check";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isValiError } from "valibot";
import { heldAfterEach, heldInDatabase, withoutEmptyLogs } from "../../../test/store/model.ts";
import { scratchDirectory, type Scratch } from "../../../test/store/scratch.ts";
import type { Append } from "../../core/ports.ts";
import type { StoredBatch } from "../stored.ts";
import { checkBackup } from "./backup.ts";
import { connect } from "./connection.ts";
import { openDatabase } from "./database.ts";
import { packJournaled, readJournaled, unpackJournaled } from "./journaled.ts";
import { JOURNAL_SINCE, MIGRATIONS } from "./migrations.ts";

let scratch: Scratch;
let directory: string;
beforeEach(() => {
  scratch = scratchDirectory("fast");
  directory = join(scratch.path, "data");
});
afterEach(() => scratch.remove());

test("ST-49 what a message leaves waits in the journal, and is found there like what the tables hold, after a restart as well", () => {
  const batches = [1, 2, 3, 4, 5].map((number) => message("room", number, 10));
  const held = heldAfterEach(batches).map(withoutEmptyLogs);
  for (const [index, batch] of batches.entries()) {
    const database = openDatabase(directory);
    expect(heldInDatabase(database, ["room"])).toEqual(held[index]);
    database.commit(batch);
    expect(heldInDatabase(database, ["room"])).toEqual(held[index + 1]);
    database.close();
  }
  expect(rowsIn("journal")).toBe(5);
  expect(rowsIn("entries")).toBe(0);
});

test("ST-49 a range goes from what the tables hold on into what waits, with the same bounds", () => {
  const database = openDatabase(directory);
  // A fact of the core's, or a trim, has the tables take over all there is.
  database.commit({ ...message("room", 1, 10), facts: [{ kind: "tailscaled-seen" }] });
  for (const number of [2, 3, 4]) database.commit(message("room", number, 10));
  const range = (after: number, limit: number, bytes: number) =>
    database.read({ log: "room", after, limit, bytes }).map(({ number }) => number);
  expect(range(0, 9, 1000)).toEqual([1, 2, 3, 4]);
  expect(range(0, 1, 1000)).toEqual([1]);
  expect(range(0, 2, 1000)).toEqual([1, 2]);
  expect(range(1, 2, 1000)).toEqual([2, 3]);
  expect(range(2, 9, 1000)).toEqual([3, 4]);
  expect(range(0, 9, 30)).toEqual([1, 2, 3]);
  expect(range(0, 9, 0)).toEqual([1]);
  expect(range(1, 9, 0)).toEqual([2]);
  expect(range(2, 0, 1000)).toEqual([]);
  expect(range(4, 9, 1000)).toEqual([]);
  expect(range(99, 9, 1000)).toEqual([]);
  database.commit({ facts: [], appends: [], trims: [{ log: "room", through: 2, lasting: false }] });
  database.commit(message("room", 5, 10));
  expect(range(0, 9, 1000)).toEqual([3, 4, 5]);
  database.close();
  expect([rowsIn("journal"), rowsIn("entries")]).toEqual([1, 2]);
});

test("ST-49 the tables take over a full journal, and what is larger than it comes to them at once", () => {
  const batches = [
    ...Array.from({ length: 12 }, (_, i) => message("room", i + 1, 100_000)),
    message("notes", 1, 1_000_000),
    message("notes", 2, 10),
  ];
  const held = heldAfterEach(batches).map(withoutEmptyLogs);
  const database = openDatabase(directory);
  for (const [index, batch] of batches.entries()) {
    database.commit(batch);
    expect(heldInDatabase(database, ["room", "notes"])).toEqual(held[index + 1]);
  }
  expect(database.summary().commits).toBe(14);
  database.close();
  expect([rowsIn("journal"), rowsIn("entries")]).toEqual([1, 13]);
  const again = openDatabase(directory);
  expect(heldInDatabase(again, ["room", "notes"])).toEqual(held.at(-1));
  again.close();
});

test.each([
  ["as many bytes as may wait stay in the journal", 0, [2, 0]],
  ["one byte more has the tables take over all that waits, and itself", 1, [0, 2]],
] as const)("ST-49 %s, also behind a restart", (_what, more, rows) => {
  const first = message("room", 1, 400_000);
  const left = 512 * 1024 - packedLength(first) - packedLength(message("room", 2, 100_000));
  for (const restarts of [false, true]) {
    rmSync(directory, { recursive: true, force: true });
    let database = openDatabase(directory);
    database.commit(first);
    if (restarts) {
      database.close();
      database = openDatabase(directory);
    }
    database.commit(message("room", 2, 100_000 + left + more));
    database.close();
    expect([rowsIn("journal"), rowsIn("entries")]).toEqual(rows);
  }
});

test("ST-51 a backup has nothing in a journal, so that a row that is gone from it shows; the store goes on as it was", () => {
  const batches = [1, 2, 3].map((number) => message("room", number, 10));
  const [, , before, after] = heldAfterEach(batches).map(withoutEmptyLogs);
  const database = openDatabase(directory);
  for (const batch of batches.slice(0, 2)) database.commit(batch);
  const copy = join(scratch.path, "copy");
  mkdirSync(copy);
  database.backUp(join(copy, "padserve.db"));
  expect(heldInDatabase(database, ["room"])).toEqual(before);
  for (const batch of batches.slice(2)) database.commit(batch);
  database.close();
  const again = openDatabase(directory);
  expect([again.summary().commits, heldInDatabase(again, ["room"])]).toEqual([3, after]);
  again.close();
  expect(checkBackup(copy).commits).toBe(2);
  expect(rowsIn("journal", copy)).toBe(0);
  const connection = connect(join(copy, "padserve.db"), "read-write");
  connection.exec("DELETE FROM entries WHERE place = (SELECT max(place) FROM entries)");
  connection.close();
  expect(() => checkBackup(copy)).toThrow("damaged");
});

test("ST-21 what a server without a journal kept is kept, and goes on in one", () => {
  const older = openDatabase(directory, MIGRATIONS.slice(0, JOURNAL_SINCE - 1));
  older.commit(message("room", 1, 10));
  older.close();
  const database = openDatabase(directory);
  database.commit(message("room", 2, 10));
  expect(heldInDatabase(database, ["room"])).toEqual(
    heldAfterEach([message("room", 1, 10), message("room", 2, 10)])[2],
  );
  database.close();
  expect([rowsIn("journal"), rowsIn("entries")]).toEqual([1, 1]);
});

test("ST-50 a batch of the journal comes back as it was, and its rows as they were last", () => {
  const number = fc.nat(2 ** 32);
  const table = fc.constant("cursor" as const);
  const row = fc.record({ table, key: fc.string(), value: fc.option(fc.record({ number })) });
  const append = fc.record({ log: fc.string(), number, lasting: fc.boolean(), body: fc.uint8Array({ maxLength: 50 }) });
  fc.assert(
    fc.property(fc.array(row), fc.array(append), (rows, appends) => {
      const packed = packJournaled({ facts: rows, appends, trims: [] }) ?? new Uint8Array();
      const last = new Map(rows.map((each) => [`${each.table} ${each.key}`, each]));
      for (const read of [readJournaled(packed), unpackJournaled(packed)]) {
        expect(read.facts.toSorted(byKey)).toEqual([...last.values()].toSorted(byKey));
        expect(read.appends).toEqual(appends);
      }
    }),
  );
});

test("ST-50 bytes that are no batch of the journal are refused as what we can't have written, whatever they are", () => {
  const whole = packJournaled(message("room", 1, 10)) ?? new Uint8Array();
  const spoiled = fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, byte]) => whole.with(at, byte));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), spoiled), (bytes) => {
      try {
        readJournaled(bytes);
      } catch (error) {
        expect(isValiError(error)).toBe(true);
      }
    }),
  );
});

test("ST-50 what isn't left by messages alone is none for the journal", () => {
  const batch = message("room", 1, 10);
  expect(packJournaled({ ...batch, facts: [{ kind: "tailscaled-seen" }] })).toBeNull();
  expect(packJournaled({ ...batch, facts: [{ table: "group", key: "g", value: null }] })).toBeNull();
  expect(packJournaled({ ...batch, trims: [{ log: "room", through: 1, lasting: false }] })).toBeNull();
});

function message(log: string, number: number, bytes: number): StoredBatch {
  const append: Append = { log, number, lasting: false, body: Buffer.alloc(bytes, number) };
  return { facts: [{ table: "cursor", key: log, value: { number } }], appends: [append], trims: [] };
}

function packedLength(batch: StoredBatch): number {
  return packJournaled(batch)?.length ?? 0;
}

function rowsIn(table: "journal" | "entries", folder = directory): number {
  const connection = connect(join(folder, "padserve.db"), "read-only");
  try {
    return Number(connection.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.["rows"]);
  } finally {
    connection.close();
  }
}

function byKey(a: object, b: object): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
