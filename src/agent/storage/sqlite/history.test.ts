import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  bob,
  conversation,
  group,
  groupAdded,
  hash,
  historyKept,
  id,
  message,
} from "../../../../test/agent/device-samples.ts";
import { deviceScratch } from "../../../../test/agent/device-scratch.ts";
import type { DeviceScratch } from "../../../../test/agent/device-scratch.ts";
import { pinOf } from "../../../mls/identity/pins.ts";
import { whoKey } from "../../../mls/identity/who.ts";
import type { Amends, HistoryEntry, HistoryRow } from "../kept.ts";
import { connect } from "./connection.ts";
import { openDatabase } from "./database.ts";
import type { Database } from "./database.ts";
import { MIGRATIONS } from "./migrations.ts";
import { openDevice } from "./open.ts";

let place: DeviceScratch;
let database: Database;
let next = 0;
type Message = Extract<HistoryEntry, { kind: "message" }>;

beforeEach(() => {
  next = 0;
  place = deviceScratch("fast");
  database = openDatabase(place);
  database.commit([groupAdded()]);
});
afterEach(() => {
  database.close();
  place.remove();
});

const [laptop, phone] = [id(500), id(501)];

test("AS-18 an edit changes the message in its place, from whichever of its person's devices, and the newest counts", () => {
  keep(message(1, "helo", laptop), message(2, "after", laptop));
  keep(edit(3, "hello", { of: 1 }), edit(4, "hello!", { of: 1, from: phone }));
  expect(shown()).toEqual(["hello! (edited)", "after"]);
  expect(database.search("hello", { conversation, limit: 9 }).length).toBe(1);
  expect(database.search("helo", { conversation, limit: 9 })).toEqual([]);
});

test("AS-18 another person's edit, or one of a message that isn't there, is a row of its own; such a deletion shows nothing", () => {
  keep(message(1, "mine", laptop));
  keep(edit(2, "yours", { of: 1, who: "mallory" }), edit(3, "of nothing", { of: 77 }));
  keep(deletion(4, { of: 1, who: "mallory" }), deletion(5, { of: 77 }));
  expect(shown()).toEqual(["mine", "yours", "of nothing"]);
  // What another person's edit says can be edited by them.
  keep(edit(6, "ours", { of: 2, who: "mallory" }));
  expect(shown()).toEqual(["mine", "ours (edited)", "of nothing"]);
});

test("AS-32 why a message may not be its person's stays with it", () => {
  const doubts = [{ kind: "changed-key", userKey: "A".repeat(43) }, { kind: "removed-device" }] as const;
  for (const [nth, doubt] of doubts.entries()) keep({ ...message(nth + 1, "hi", laptop), doubt });
  keep(message(3, "hi", laptop));
  const rows = database.history(conversation, { before: null, limit: 9 }).toReversed();
  expect(rows.map(({ entry }) => (entry.kind === "message" ? entry.doubt : null))).toEqual([...doubts, undefined]);
});

test("AS-32 it is over when the key that it is about is pinned, for that person alone, and doesn't begin anew with the key that follows", () => {
  const [first, doubted, later] = [keyOf(1), keyOf(2), keyOf(3)];
  const doubt = { kind: "changed-key", userKey: Buffer.from(doubted).toString("base64url") } as const;
  database.commit([pinned(first)]);
  keep(
    { ...message(1, "hi", laptop), who: whoKey(bob), doubt },
    { ...message(2, "hi", laptop), who: "mallory", doubt },
  );
  for (const userKey of [first, later, doubted, later]) database.commit([pinned(userKey)]);
  const rows = database.history(conversation, { before: null, limit: 9 }).toReversed();
  expect(rows.map(({ entry }) => (entry.kind === "message" ? entry.doubt : null))).toEqual([undefined, doubt]);
});

test("AS-18 what is deleted stays so, and an edit that comes again changes nothing", () => {
  keep(message(1, "one", laptop), edit(2, "two", { of: 1 }), edit(3, "three", { of: 1 }));
  keep(edit(2, "two", { of: 1 }));
  expect(shown()).toEqual(["three (edited)"]);
  keep(deletion(4, { of: 1 }), edit(5, "four", { of: 1 }));
  expect(shown()).toEqual([" (deleted)"]);
  expect(database.search("four", { conversation, limit: 9 })).toEqual([]);
});

test("AS-18 a loss just before an edit stays visible", () => {
  keep(message(1, "one", laptop), { ...edit(2, "two", { of: 1 }), missed: 3 });
  expect(database.history(conversation, { before: null, limit: 9 }).map(({ amended }) => amended)).toEqual([
    "applied",
    "edited",
  ]);
});

test("AS-19 of a deleted message nothing is left in the files, nor of what it was edited to", () => {
  keep(message(1, "xylophone", laptop), edit(2, "marimba", { of: 1 }), edit(3, "vibraphone", { of: 1 }));
  database.tidy();
  expect(place.bytes().includes("vibraphone")).toBe(true);
  keep(deletion(4, { of: 1 }));
  database.tidy();
  for (const word of ["xylophone", "marimba", "vibraphone"]) {
    expect(place.bytes().includes(word), word).toBe(false);
    expect(database.search(word, { conversation, limit: 9 })).toEqual([]);
  }
});

test("AS-20 readers are told with their message, each set is kept once, and a commit that fails leaves none that is wrong", () => {
  const sets = [
    ["alice", "bob"],
    ["bob", "alice"],
    ["alice", "bob", "carol"],
  ];
  for (const [index, readers] of sets.entries()) {
    database.commit([{ ...kept(message(index + 1, "hi", laptop)), readers }]);
  }
  const misfit = { kind: "cursor-moved", group, from: 99, to: 100, hash } as const;
  expect(() => database.commit([{ ...kept(message(9, "no", laptop)), readers: ["dave", "eve"] }, misfit])).toThrow();
  database.commit([{ ...kept(message(4, "hi", laptop)), readers: ["eve", "alice"] }]);
  const rows = database.history(conversation, { before: null, limit: 9 });
  expect(rows.toReversed().map(({ readers }) => readers.toSorted().join())).toEqual([
    "alice,bob",
    "alice,bob",
    "alice,bob,carol",
    "alice,eve",
  ]);
  database.close();
  const reading = connect(`${place.folder}/device.db`, "read-only");
  expect(Object.values(reading.prepare("SELECT count(*) FROM reader_sets").get() ?? {})).toEqual([3]);
  reading.close();
  database = openDatabase(place);
});

test("AS-20 a group's people, access and reach are there again; its reach only rises, and who may be written to openly stays so", () => {
  database.commit([
    { kind: "members-known", group, access: "open", readers: ["alice", "bob"] },
    { kind: "group-reached", group, number: 7 },
    { kind: "group-reached", group, number: 5 },
    { kind: "plain-allowed", name: "bob" },
    { kind: "plain-allowed", name: "bob" },
  ]);
  database.close();
  database = openDatabase(place);
  const { facts, plainAllowed } = database.load();
  expect(facts.get(Buffer.from(group).toString("hex"))).toEqual({
    access: "open",
    readers: ["alice", "bob"],
    reached: 7,
  });
  expect(plainAllowed).toEqual(new Set(["bob"]));
});

test("AS-21 a message is found by its id, behind a number, among one's own, and among the news", () => {
  const other = id(88);
  database.commit([groupAdded(other)]);
  keep(
    message(1, "one", laptop),
    message(2, "two", phone),
    { kind: "gap", from: 3, to: 4 },
    message(5, "five", laptop),
  );
  keep(edit(6, "ONE", { of: 1 }));
  database.commit([historyKept(1, message(7, "elsewhere", laptop), other)]);

  expect(textOf(database.message(conversation, laptop, id(1)))).toBe("ONE (edited)");
  expect(database.message(conversation, phone, id(1))).toBeNull();
  expect(database.since(conversation, { number: 1, limit: 9 }).map(textOf)).toEqual(["two", null, "five", "elsewhere"]);
  expect(database.since(conversation, { number: 1, limit: 1 }).map(textOf)).toEqual(["two"]);
  const own = { device: laptop, from: 1, to: 5, limit: 9 };
  expect(database.sentBetween(group, own).map(textOf)).toEqual(["five"]);
  expect(database.sentBetween(group, { ...own, from: 0 }).map(textOf)).toEqual(["five", "ONE (edited)"]);
  expect(database.news(2, 9).map(({ number, amended }) => [number, amended])).toEqual([
    [3, null],
    [4, null],
    [5, "applied"],
    [1, null],
  ]);
  expect(database.lastPlace()).toBe(6);
});

test("AS-21 none of it reads more of the history than it gives", () => {
  database.close();
  const reading = connect(`${place.folder}/device.db`, "read-only");
  const plans = [
    "SELECT 1 FROM history WHERE conversation = 'c' AND hidden = 0 AND position < 9 ORDER BY position DESC LIMIT 1",
    "SELECT max(position) FROM history WHERE conversation = 'c' AND hidden = 0",
    "SELECT 1 FROM history WHERE conversation = 'c' AND hidden = 0 AND position = 9",
    "SELECT 1 FROM history WHERE group_id = x'' AND number < 9 AND hidden = 0 ORDER BY number DESC LIMIT 1",
    "SELECT 1 FROM history WHERE conversation = 'c' AND device = x'' AND message_id = x''",
    "SELECT 1 FROM history WHERE group_id = x'' AND number > 1 AND hidden = 0 ORDER BY number LIMIT 1",
    "SELECT 1 FROM history WHERE place > 1 ORDER BY place LIMIT 1",
  ].map((sql) => JSON.stringify(reading.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()));
  reading.close();
  database = openDatabase(place);
  for (const plan of plans) {
    expect(plan).toMatch(/SEARCH history USING (?:COVERING )?(?:INDEX|INTEGER PRIMARY KEY)/);
    expect(plan).not.toContain("TEMP B-TREE");
  }
});

test("AS-30 what an imported file has brought stands where it was said, page by page; what comes stands last, whatever the clocks say", () => {
  database.commit([heard(11, 2_000), heard(12, 4_000)]);
  // The file has messages before, between and behind those, and one that is here.
  database.commit([imported(9, 1_000), imported(10, 1_500), imported(11, 2_000), imported(1, 3_000, "other")]);
  database.commit([heard(13, 3_500), { ...heard(14, 0), entry: { kind: "gap", from: 14, to: 14 } }, heard(15, 4_000)]);
  expect(inPages(1)).toEqual(["9", "10", "11", "other 1", "12", "13", "gap", "15"]);
  expect(inPages(3)).toEqual(inPages(1));
  // Of the same moment: behind those that are there; within a group by its numbers, though the server's clock was set back.
  database.commit([imported(7, 1_500), imported(8, 900), imported(2, 3_000, "other")]);
  expect(inPages(2)).toEqual(["9", "10", "7", "8", "11", "other 1", "other 2", "12", "13", "gap", "15"]);
});

test("AS-30 a file that is read in again asks for no place, and among many messages of one moment a new one asks for few", () => {
  database.close();
  const asked: string[] = [];
  database = openDatabase(place, { faultPoint: (statement) => void asked.push(statement) });
  // The server's clock was years ahead for the first, so the others stand right behind it.
  const numbers = Array.from({ length: 500 }, (_, at) => at + 1);
  database.commit(numbers.map((number) => heard(number, number === 1 ? 9_000_000 : number)));
  asked.length = 0;
  database.commit(numbers.map((number) => imported(number, number === 1 ? 9_000_000 : number)));
  expect(asked.filter((statement) => statement.includes("position"))).toEqual([]);
  database.commit([imported(1, 9_000_000, "other")]);
  expect(asked.filter((statement) => statement.includes("position = ?")).length).toBeLessThanOrEqual(20);
  expect(inPages(499)).toEqual([...numbers.map(String), "other 1"]);
});

test("AS-30 whatever comes and is imported at whatever time: each is shown once, what came stands in its order, and so does what a file has of a group", () => {
  const time = fc.oneof(fc.nat(5), fc.nat(1_800_000_000_000), fc.constant(Number.MAX_SAFE_INTEGER));
  const step = fc.record({ isImported: fc.boolean(), at: time });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 7 }), (steps, limit) => {
      database.close();
      place.remove();
      place = deviceScratch("fast");
      database = openDatabase(place);
      database.commit([groupAdded()]);
      for (const [nth, { isImported, at }] of steps.entries())
        database.commit([isImported ? imported(nth + 1, at, "other") : heard(nth + 1, at)]);
      const shownNow = inPages(limit);
      expect(shownNow.length).toBe(steps.length);
      const came = shownNow.filter((text) => !text.startsWith("other"));
      expect(came).toEqual(came.toSorted((one, other) => Number(one) - Number(other)));
      const ofFile = shownNow.filter((text) => text.startsWith("other"));
      expect(ofFile).toEqual(ofFile.toSorted((one, other) => Number(one.slice(6)) - Number(other.slice(6))));
    }),
    { numRuns: 60 },
  );
});

test("AS-30 what an earlier version kept as it came stands in the same order, and what a file had brought where it was said", () => {
  database.close();
  place.remove();
  place = deviceScratch("fast");
  const { connection: older } = openDevice(place, undefined, MIGRATIONS.slice(0, 8));
  older.exec(
    `INSERT INTO groups (id, conversation, status, cursor, hash, sent, update_due) VALUES (x'01', '${conversation}', 'active', 0, x'', 0, 0)`,
  );
  const keepRow = older.prepare(
    `INSERT INTO history (conversation, group_id, number, at, kind, who, device, message_id, content, text, detail, shown)
     VALUES ('${conversation}', ?, ?, ?, 'message', 'p:bob', x'07', ?, x'', ?, '{"kind":"message","missed":0}', ?)`,
  );
  const rows = [
    [1, 11, 2_000, "first"],
    [1, 12, 5_000, "second"],
    // The server's clock was set back.
    [1, 13, 4_000, "third"],
    [1, 10, 1_000, "file, before all"],
    [2, 1, 3_000, "file, of another group"],
    [1, 14, 5_000, "fourth"],
  ] as const;
  for (const [nth, [of, number, at, text]] of rows.entries())
    keepRow.run(Uint8Array.of(of), number, at, Uint8Array.of(nth), text, number);
  older.close();
  database = openDatabase(place);
  expect(inPages(1)).toEqual(["file, before all", "first", "file, of another group", "second", "third", "fourth"]);
});

/** All that is shown, the oldest first, from pages of so many. */
function inPages(limit: number): readonly string[] {
  const texts: string[] = [];
  for (let before: number | null = null; ;) {
    const page: readonly HistoryRow[] = database.history(conversation, { before, limit });
    texts.push(...page.map(({ entry }) => (entry.kind === "message" ? (entry.text ?? "") : entry.kind)));
    before = page.at(-1)?.position ?? null;
    if (before === null) return texts.toReversed();
  }
}

/** A message that came, called by its number. */
function heard(number: number, at: number) {
  const entry: HistoryEntry = message(number, `${number}`, laptop);
  return { kind: "history-kept", conversation, group, number, at, entry } as const;
}

/** One from a file: of that group, or of one that this device was never in. */
function imported(number: number, at: number, of: "same" | "other" = "same") {
  const entry = of === "same" ? message(number, `${number}`, laptop) : message(number, `other ${number}`, phone);
  return { ...heard(number, at), group: of === "same" ? group : id(99), entry, isImported: true } as const;
}

function kept(entry: HistoryEntry) {
  next += 1;
  return { kind: "history-kept", conversation, group, number: next, at: next, entry } as const;
}

function keep(...entries: readonly HistoryEntry[]): void {
  for (const entry of entries) database.commit([kept(entry)]);
}

interface Amending {
  /** Number of the laptop's message that it is about. */
  readonly of: number;
  readonly from?: Uint8Array;
  readonly who?: string;
}

function edit(number: number, text: string, amending: Amending): Message {
  return { ...message(number, text, amending.from ?? laptop), ...by("edit", amending) };
}

function deletion(number: number, amending: Amending): HistoryEntry {
  return { ...edit(number, "", amending), text: null, ...by("deletion", amending) };
}

function by(how: Amends["how"], { of, who = whoKey(bob) }: Amending) {
  return { who, amends: { how, device: laptop, messageId: id(of) } };
}

function keyOf(fill: number): Uint8Array {
  return new Uint8Array(32).fill(fill);
}

function pinned(userKey: Uint8Array) {
  return { kind: "pin-kept", pin: pinOf(bob, userKey, 0) } as const;
}

function shown(): readonly (string | null)[] {
  return database.history(conversation, { before: null, limit: 99 }).toReversed().map(textOf);
}

function textOf(row: HistoryRow | null): string | null {
  if (row?.entry.kind !== "message") return null;
  return row.amended === null ? row.entry.text : `${row.entry.text ?? ""} (${row.amended})`;
}
