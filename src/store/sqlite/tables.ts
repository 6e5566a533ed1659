import * as v from "valibot";
import type { LogEntry, Range } from "../../core/ports.ts";
import { isRow, lastOfEach, type StoredBatch, type StoredFact, type SavedAll } from "../stored.ts";
import { inTransaction, pragma, rollBackRest } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { factTables } from "./facts.ts";
import { openJournal } from "./journal.ts";
import { packJournaled } from "./journaled.ts";
import { logTables } from "./log-tables.ts";
import { JOURNAL_SINCE, SUMS_SINCE } from "./migrations.ts";
import { Digest, sameSum, sumOf } from "./sums.ts";

export interface Tables {
  /** With what the journal holds. */
  load(): SavedAll;
  /**
   * All of the batch or nothing: into the journal, or with all that waits there into the tables. Returns the number of the last commit:
   * this one, or the one before an empty batch.
   * @param packed `packJournaled` of it, where the caller has that already.
   */
  commit(batch: StoredBatch, packed?: Uint8Array | null): number;
  read(range: Range): readonly LogEntry[];
  /** The tables take over what the journal holds: no commit, and nothing where it holds nothing. Throws the driver's errors. */
  emptyJournal(): void;
}

/** A journal with more bytes is not added to. So much a start reads again at the most, and one transaction takes over. */
const JOURNAL_BYTES = 512 * 1024;

/** The tables of the newest migration, with their statements prepared; throws where a table or column is missing. */
export function openTables(connection: Connection): Tables {
  const facts = factTables(connection);
  const logs = logTables(connection);
  const keep = connection.prepare("UPDATE whole SET commits = ?, digest = ?, sum = ?");
  let whole = readWhole(connection);
  const journal = hasJournal(connection) ? openJournal(connection, whole.commits, (log) => logs.headOf(log)) : null;
  return {
    load: () => withRows(facts.load(), journal?.waiting().facts ?? []),
    read: (range) => {
      rollBackRest(connection);
      const found = logs.read(range);
      return journal === null ? found.entries : journal.read(range, found);
    },
    commit: (batch, packed = packJournaled(batch)) => {
      rollBackRest(connection);
      const commits = journal?.commits ?? whole.commits;
      if (batch.facts.length + batch.appends.length + batch.trims.length === 0) return commits;
      if (journal === null || packed === null || journal.bytes + packed.length > JOURNAL_BYTES)
        takeOver(batch, commits + 1);
      else journal.add(batch, packed);
      return commits + 1;
    },
    emptyJournal: () => {
      rollBackRest(connection);
      if (journal !== null && journal.bytes > 0) takeOver(NOTHING, journal.commits);
    },
  };

  function takeOver(batch: StoredBatch, commits: number): void {
    const next = { commits, digest: new Digest(whole.digest.bytes) };
    const waiting = journal?.waiting() ?? NOTHING;
    inTransaction(connection, () => {
      journal?.clear();
      facts.apply(lastOfEach([...waiting.facts, ...batch.facts]), next.digest);
      logs.apply([...waiting.appends, ...batch.appends], batch.trims, next.digest);
      keep.run(commits, next.digest.bytes, sumOf("whole", [commits, next.digest.bytes]));
    });
    whole = next;
    journal?.cleared(commits);
  }
}

const NOTHING: StoredBatch = { facts: [], appends: [], trims: [] };

/** What was saved, with rows that are newer. */
function withRows(saved: SavedAll, newer: readonly StoredFact[]): SavedAll {
  if (newer.length === 0) return saved;
  const rows = lastOfEach([...saved.rows, ...newer]).filter((fact) => isRow(fact));
  return { ...saved, rows: rows.filter(({ value }) => value !== null) };
}

/** The number of the last commit of a database of any version; 0 also where they weren't counted yet. Throws as `readWhole` does. */
export function lastCommit(connection: Connection): number {
  if (Number(pragma(connection, "user_version")) < SUMS_SINCE) return 0;
  const { commits } = readWhole(connection);
  if (!hasJournal(connection)) return commits;
  return Math.max(commits, Number(connection.prepare("SELECT max(number) AS last FROM journal").get()?.["last"]));
}

export function hasJournal(connection: Connection): boolean {
  return Number(pragma(connection, "user_version")) >= JOURNAL_SINCE;
}

/** How many commits the tables have taken in, and the digest of all rows but those of entries and of the journal. */
export interface Whole {
  readonly commits: number;
  readonly digest: Digest;
}

const WholeRow = v.pipe(
  v.object({
    commits: v.pipe(v.number(), v.safeInteger()),
    digest: v.instance(Uint8Array),
    sum: v.instance(Uint8Array),
  }),
  v.check(
    ({ commits, digest, sum }) => sameSum(sum, sumOf("whole", [commits, digest])),
    "The checksum of the row about the whole is not its own",
  ),
);

/** Throws a `ValiError` when the row isn't one that we wrote, or missing. */
export function readWhole(connection: Connection): Whole {
  const { commits, digest } = v.parse(WholeRow, connection.prepare("SELECT commits, digest, sum FROM whole").get());
  return { commits, digest: new Digest(digest) };
}
