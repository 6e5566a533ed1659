import * as v from "valibot";
import type { Append, LogEntry, LogId, Range } from "../../core/ports.ts";
import { isRow, rowKey, type StoredBatch } from "../stored.ts";
import type { Row } from "../../groups/rows.ts";
import { refuseUnlessName, refuseUnlessNext } from "../logs.ts";
import type { Connection } from "./connection.ts";
import { readJournaled } from "./journaled.ts";
import type { Part } from "./log-tables.ts";
import { sameSum, sumOf } from "./sums.ts";

/**
 * What a message leaves belongs in half a dozen places of the tables. A batch of nothing else is first kept as it came: one row of the
 * journal, under the number of its commit. The tables take over what waits there in one transaction, together with the batch that
 * finds the journal full or isn't for it; until then whoever reads gets what waits as well.
 *
 * Rows of the journal count up by one from the commit that the tables stand at, and each has its own sum: so a missing one shows, the
 * last by the mark beside the database.
 */
export interface Journal {
  /** The last commit: of the journal, or where it is empty of the tables. */
  readonly commits: number;
  /** How many bytes wait. */
  readonly bytes: number;
  /** What waits, as one batch. */
  waiting(): StoredBatch;
  /**
   * Keeps a batch in a transaction of its own: it is on the disk when this returns. Throws a `StoreError` for a batch that no store
   * takes, and the driver's errors; then nothing has changed.
   * @param packed `packJournaled` of it. Whoever holds it must not change it any more.
   */
  add(batch: StoredBatch, packed: Uint8Array): void;
  /** Within a transaction of the caller's, who puts all that waits into the tables. */
  clear(): void;
  /** That transaction is on the disk, as this commit. */
  cleared(commits: number): void;
  /** `found` in the tables, and what waits behind it. */
  read(range: Range, found: Part): readonly LogEntry[];
}

/**
 * The journal behind the commit that the tables stand at, with its statements prepared; throws where there is none, and a `ValiError`
 * for what we can't have written.
 * @param headOf the last number of a log in the tables.
 */
export function openJournal(connection: Connection, since: number, headOf: (log: LogId) => number): Journal {
  const put = connection.prepare("INSERT INTO journal (number, batch, sum) VALUES (?, ?, ?)");
  const empty = connection.prepare("DELETE FROM journal");
  const rows = new Map<string, Row>();
  const logs = new Map<LogId, Append[]>();
  let [commits, bytes] = [since, 0];
  for (const row of rowsOf(connection)) {
    const packed = readJournalRow(row, commits + 1);
    keep(readJournaled(packed), packed.length);
  }

  return {
    get commits() {
      return commits;
    },
    get bytes() {
      return bytes;
    },
    waiting: () => ({ facts: [...rows.values()], appends: [...logs.values()].flat(), trims: [] }),
    add(batch, packed) {
      refuseUnlessAllNext(batch.appends);
      const number = commits + 1;
      put.run(number, packed, sumOf("journal", [number, packed]));
      keep(batch, packed.length);
    },
    clear() {
      if (bytes > 0) empty.run();
    },
    cleared(now) {
      [commits, bytes] = [now, 0];
      rows.clear();
      logs.clear();
    },
    read: (range, found) => readOn(range, found, logs.get(range.log) ?? []),
  };

  function refuseUnlessAllNext(appends: readonly Append[]): void {
    const heads = new Map<LogId, number>();
    for (const append of appends) {
      const { log } = append;
      refuseUnlessName(log);
      refuseUnlessNext(append, heads.get(log) ?? logs.get(log)?.at(-1)?.number ?? headOf(log));
      heads.set(log, append.number);
    }
  }

  function keep(batch: StoredBatch, length: number): void {
    for (const fact of batch.facts) if (isRow(fact)) rows.set(rowKey(fact), fact);
    for (const append of batch.appends) {
      const before = logs.get(append.log);
      if (before === undefined) logs.set(append.log, [append]);
      else before.push(append);
    }
    commits += 1;
    bytes += length;
  }
}

/** What is wrong with the journal behind that commit, for people to read; null: it is whole. And the last commit. */
export function checkJournal(
  connection: Connection,
  since: number,
  heads: ReadonlyMap<LogId, number>,
): { readonly commits: number; readonly damage: string | null } {
  let commits = since;
  const last = new Map(heads);
  for (const row of rowsOf(connection)) {
    try {
      for (const { log, number } of readJournaled(readJournalRow(row, commits + 1)).appends) {
        v.parse(
          v.literal((last.get(log) ?? 0) + 1, "An entry in the journal doesn't follow the one before it"),
          number,
        );
        last.set(log, number);
      }
    } catch (error) {
      if (!v.isValiError(error)) throw error;
      return { commits, damage: `commit ${commits + 1} in the journal is not as it was written` };
    }
    commits += 1;
  }
  return { commits, damage: null };
}

function rowsOf(connection: Connection): Iterable<unknown> {
  return connection.prepare("SELECT number, batch, sum FROM journal ORDER BY number").iterate();
}

const JournalRow = v.object({ number: v.number(), batch: v.instance(Uint8Array), sum: v.instance(Uint8Array) });

/** The batch of a row of `journal`, which must be of this number. Throws a `ValiError` when the row isn't one that we wrote. */
function readJournalRow(row: unknown, expected: number): Uint8Array {
  const { number, batch, sum } = v.parse(JournalRow, row);
  v.parse(v.literal(expected, "A batch in the journal is missing"), number);
  const isOurs = sameSum(sum, sumOf("journal", [number, batch]));
  v.parse(v.literal(true, "The checksum of a batch in the journal is not its own"), isOurs);
  return batch;
}

/** Copies, since what waits is held for the next reader, too. */
function readOn({ after, limit, bytes }: Range, { entries, isEnd }: Part, waiting: readonly Append[]): LogEntry[] {
  const found = [...entries];
  if (!isEnd) return found;
  let taken = entries.reduce((sum, { body }) => sum + body.length, 0);
  const first = waiting[0]?.number ?? 0;
  for (const { number, body } of waiting.slice(Math.max(0, after + 1 - first))) {
    taken += body.length;
    if (found.length >= limit || (found.length > 0 && taken > bytes)) return found;
    found.push({ number, body: body.slice() });
  }
  return found;
}
