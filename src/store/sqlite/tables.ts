import * as v from "valibot";
import type { LogEntry, Range } from "../../core/ports.ts";
import type { StoredBatch, SavedAll } from "../stored.ts";
import { inTransaction } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { factTables } from "./facts.ts";
import { logTables } from "./log-tables.ts";
import { Digest, sameSum, sumOf } from "./sums.ts";

export interface Tables {
  load(): SavedAll;
  /** All of the batch or nothing. Returns the number of the last commit: this one, or the one before an empty batch. */
  commit(batch: StoredBatch): number;
  read(range: Range): readonly LogEntry[];
}

/** The tables of the newest migration, with their statements prepared; throws where a table or column is missing. */
export function openTables(connection: Connection): Tables {
  const facts = factTables(connection);
  const logs = logTables(connection);
  const keep = connection.prepare("UPDATE whole SET commits = ?, digest = ?, sum = ?");
  let whole = readWhole(connection);
  return {
    load: () => facts.load(),
    read: (range) => logs.read(range),
    commit: (batch) => {
      if (batch.facts.length + batch.appends.length + batch.trims.length === 0) return whole.commits;
      const next = { commits: whole.commits + 1, digest: new Digest(whole.digest.bytes) };
      inTransaction(connection, () => {
        facts.apply(batch.facts, next.digest);
        logs.apply(batch.appends, batch.trims, next.digest);
        keep.run(next.commits, next.digest.bytes, sumOf("whole", [next.commits, next.digest.bytes]));
      });
      whole = next;
      return whole.commits;
    },
  };
}

/** How many commits there were, and the digest of all rows but those of entries. */
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
