import * as v from "valibot";
import type { Append, LogEntry, LogId, Range, Trim } from "../../core/ports.ts";
import { LAST_NUMBER, refuseUnlessName, refuseUnlessNext, refuseUnlessNumber, refuseUnlessRange } from "../logs.ts";
import type { Connection } from "./connection.ts";
import { Digest, entrySum, sameSum, sumOf } from "./sums.ts";

export interface LogTables {
  /** Within a transaction of the caller's. Keeps the digest of all rows. Throws a `StoreError` for a batch that no store takes. */
  apply(appends: readonly Append[], trims: readonly Trim[], digest: Digest): void;
  /** The last number of a log; 0: there is none. Throws a `ValiError` for what we can't have written. */
  headOf(name: LogId): number;
  /** Throws a `ValiError` for what we can't have written, and for an entry that is missing. */
  read(range: Range): Part;
}

/** What was read of a range, and whether nothing that was left out of it may follow. */
export interface Part {
  readonly entries: readonly LogEntry[];
  readonly isEnd: boolean;
}

/** The tables of logs, with their statements prepared; throws where one is missing. */
export function logTables(connection: Connection): LogTables {
  const statements = prepare(connection);
  return {
    apply: (appends, trims, digest) => {
      const touched = new Map<LogId, Touched>();
      for (const each of appends) append(statements, touch(statements, touched, each.log), each);
      for (const each of trims) trim(statements, touched, each);
      for (const { log, before } of touched.values()) keep(statements, log, before, digest);
    },
    headOf: (name) => {
      const found = statements.log.get(name);
      return found === undefined ? 0 : readLog(found).log.head;
    },
    read: (range) => read(statements, range),
  };
}

type Statements = ReturnType<typeof prepare>;

function prepare(connection: Connection) {
  return {
    log: connection.prepare("SELECT id, name, head, trimmed, thinned, digest, sum FROM logs WHERE name = ?"),
    newId: connection.prepare("SELECT coalesce(max(id), 0) + 1 AS id FROM logs"),
    keep: connection.prepare(
      "INSERT OR REPLACE INTO logs (id, name, head, trimmed, thinned, digest, sum) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ),
    append: connection.prepare("INSERT INTO entries (place, lasting, body, sum) VALUES ((? << 32) | ?, ?, ?, ?)"),
    trim: connection.prepare(
      "DELETE FROM entries WHERE place > (?1 << 32) | ?2 AND place <= (?1 << 32) | ?3 AND lasting <= ?4 RETURNING sum",
    ),
    read: connection.prepare(
      `SELECT place & ${LAST_NUMBER} AS number, lasting, body, sum FROM entries
        WHERE place > (?1 << 32) | ?2 AND place <= (?1 << 32) | ?3 ORDER BY place LIMIT ?4`,
    ),
  };
}

/** A log's row; its digest goes on while entries come and go. */
export interface Log {
  readonly id: number;
  readonly name: LogId;
  head: number;
  trimmed: number;
  thinned: number;
  readonly digest: Digest;
}

/** A log that this batch has changed, and the sum of its row before; null: the log is new. */
interface Touched {
  readonly log: Log;
  readonly before: Uint8Array | null;
}

function touch(statements: Statements, touched: Map<LogId, Touched>, name: LogId): Touched {
  const already = touched.get(name);
  if (already !== undefined) return already;
  refuseUnlessName(name);
  const found = statements.log.get(name);
  const now = found === undefined ? { log: newLog(statements, name), before: null } : readLog(found);
  touched.set(name, now);
  // A new one takes its id at once, so that the next new one gets another.
  if (now.before === null) statements.keep.run(...columnsOf(now.log), new Uint8Array());
  return now;
}

function newLog(statements: Statements, name: LogId): Log {
  return { id: Number(statements.newId.get()?.["id"]), name, head: 0, trimmed: 0, thinned: 0, digest: new Digest() };
}

function append(statements: Statements, { log }: Touched, each: Append): void {
  refuseUnlessNext(each, log.head);
  const lasting = each.lasting ? 1 : 0;
  const sum = entrySum(log.id, each.number, lasting, each.body);
  statements.append.run(log.id, each.number, lasting, each.body, sum);
  log.digest.toggle(sum);
  log.head = each.number;
}

function trim(statements: Statements, touched: Map<LogId, Touched>, { log: name, through, lasting }: Trim): void {
  refuseUnlessName(name);
  refuseUnlessNumber(through);
  if (!touched.has(name) && statements.log.get(name) === undefined) return;
  const { log } = touch(statements, touched, name);
  const last = Math.min(through, log.head);
  const gone = lasting ? log.trimmed : log.thinned;
  if (last <= gone) return;
  for (const { sum } of statements.trim.iterate(log.id, gone, last, lasting ? 1 : 0))
    if (sum instanceof Uint8Array) log.digest.toggle(sum);
  log.thinned = Math.max(log.thinned, last);
  if (lasting) log.trimmed = last;
}

function keep(statements: Statements, log: Log, before: Uint8Array | null, digest: Digest): void {
  const sum = sumOf("logs", columnsOf(log));
  statements.keep.run(...columnsOf(log), sum);
  if (before !== null) digest.toggle(before);
  digest.toggle(sum);
}

function columnsOf(log: Log): [number, string, number, number, number, Uint8Array] {
  return [log.id, log.name, log.head, log.trimmed, log.thinned, log.digest.bytes];
}

function read(statements: Statements, range: Range): Part {
  refuseUnlessRange(range);
  const found = statements.log.get(range.log);
  if (found === undefined) return { entries: [], isEnd: true };
  const { log } = readLog(found);
  const after = Math.max(range.after, log.trimmed);
  const entries: LogEntry[] = [];
  if (after >= log.head || range.limit === 0) return { entries, isEnd: after >= log.head };
  let [last, bytes] = [after, 0];
  for (const row of statements.read.iterate(log.id, after, log.head, range.limit)) {
    const entry = readEntry(row, log, last);
    bytes += entry.body.length;
    if (entries.length > 0 && bytes > range.bytes) return { entries, isEnd: false };
    entries.push(entry);
    last = entry.number;
  }
  const isEnd = entries.length < range.limit;
  if (isEnd) refuseUnlessEnd(log, last);
  return { entries, isEnd };
}

const Whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Bytes = v.instance(Uint8Array);

const LogRow = v.pipe(
  v.object({ id: Whole, name: v.string(), head: Whole, trimmed: Whole, thinned: Whole, digest: Bytes, sum: Bytes }),
  v.check(
    ({ sum, ...columns }) => sameSum(sum, sumOf("logs", Object.values(columns))),
    "The checksum of a log's row is not its own",
  ),
);

/** A row of `logs`, with its sum. Throws a `ValiError` when the row isn't one that we wrote. */
export function readLog(row: unknown): { readonly log: Log; readonly before: Uint8Array } {
  const { sum, digest, ...columns } = v.parse(LogRow, row);
  return { log: { ...columns, digest: new Digest(digest) }, before: sum };
}

const EntryRow = v.object({ number: Whole, lasting: v.picklist([0, 1]), body: Bytes, sum: Bytes });

/**
 * A row of `entries`, which must follow number `last` in this log: only where a log is thinned may numbers be missing. Throws a
 * `ValiError` when the row isn't one that we wrote.
 */
export function readEntry(row: unknown, log: Log, last: number): LogEntry {
  const { number, lasting, body, sum } = v.parse(EntryRow, row);
  const isNext = lasting === 1 && number <= log.thinned ? number > last : number === Math.max(last, log.thinned) + 1;
  v.parse(v.literal(true, "An entry of a log is missing"), isNext);
  const isOurs = sameSum(sum, entrySum(log.id, number, lasting, body));
  v.parse(v.literal(true, "The checksum of a log's entry is not its own"), isOurs);
  return { number, body };
}

/** Throws a `ValiError` unless nothing may follow number `last` in this log. */
function refuseUnlessEnd(log: Log, last: number): void {
  v.parse(v.literal(log.head, "Entries of a log are missing"), Math.max(last, log.thinned));
}
