import { isValiError } from "valibot";
import { connect, IN_MEMORY } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { factTables } from "./facts.ts";
import { LAST_NUMBER } from "../logs.ts";
import { checkJournal } from "./journal.ts";
import { readEntry, readLog, type Log } from "./log-tables.ts";
import { SUMS_SINCE } from "./migrations.ts";
import { readBan, readClaim, readMeta, readRow } from "./rows.ts";
import { Digest, sameSum } from "./sums.ts";
import { hasJournal, readWhole } from "./tables.ts";

const FACT_TABLES = ["claims", "bans", "meta", "rows"] as const;

/** How a row of each is read and its checksum compared. */
const READ = { claims: readClaim, bans: readBan, meta: readMeta, rows: readRow };
/** What there was before rows had checksums. */
const OLDER_TABLES = ["claims", "bans", "meta"] as const;

/** So many places of damage are named; of the others the number is told. */
const MOST_NAMED = 5;

/**
 * Examines an open database of version `version` from end to end, without writing. Returns what is wrong, for people to
 * read; null: it is whole. `mark` is the number of the last commit as it stands beside the database, 0 where none does.
 * Throws the driver's errors where SQLite itself finds damage.
 */
export function findDamage(
  connection: Connection,
  version: number,
  migrations: readonly string[],
  mark: number,
): string | null {
  const check = connection.prepare("PRAGMA integrity_check(1)").get()?.["integrity_check"];
  if (check !== "ok") return String(check);
  if (schemaOf(connection) !== schemaAfter(migrations.slice(0, version)))
    return "its tables are not those of its version";
  const found = version < SUMS_SINCE ? checkOlder(connection, version, migrations) : checkSums(connection, mark);
  if (found.length === 0) return null;
  const more = found.length > MOST_NAMED ? `, and ${found.length - MOST_NAMED} more` : "";
  return found.slice(0, MOST_NAMED).join("; ") + more;
}

/** Before rows had checksums they held little; it is brought up to date in memory, and read. */
function checkOlder(connection: Connection, version: number, migrations: readonly string[]): readonly string[] {
  const copy = inMemory(migrations.slice(0, version));
  try {
    for (const table of version === 0 ? [] : OLDER_TABLES) {
      for (const row of connection.prepare(`SELECT * FROM ${table}`).iterate()) {
        const columns = Object.values(row);
        copy.prepare(`INSERT INTO ${table} VALUES (${columns.map(() => "?").join(", ")})`).run(...columns);
      }
    }
    for (const migration of migrations.slice(version, SUMS_SINCE)) copy.exec(migration);
    if (version > 0) factTables(copy).load();
    return [];
  } catch (error) {
    if (isValiError(error)) return [error.message];
    throw error;
  } finally {
    copy.close();
  }
}

function checkSums(connection: Connection, mark: number): readonly string[] {
  const { commits, digest } = readWhole(connection);
  const found = FACT_TABLES.flatMap((table) => checkFacts(connection, table, digest));
  const logs = checkLogs(connection, digest);
  found.push(...logs.found);
  // What is left of the digest when each row's sum has been taken out is the rows that aren't there.
  if (found.length === 0 && !sameSum(digest.bytes, new Digest().bytes)) found.push("rows are missing, or too many");
  const journal = hasJournal(connection) ? checkJournal(connection, commits, logs.heads) : { commits, damage: null };
  if (journal.damage !== null) found.push(journal.damage);
  else if (mark > journal.commits)
    found.unshift(
      `it ends with commit ${journal.commits}, and commit ${mark} had been kept: its write-ahead log is damaged or gone`,
    );
  return found;
}

function checkFacts(connection: Connection, table: (typeof FACT_TABLES)[number], digest: Digest): readonly string[] {
  const found: string[] = [];
  for (const row of connection.prepare(`SELECT * FROM ${table}`).iterate()) {
    const read = orDamage(found, `the row of ${quoted(Object.values(row)[0])} in ${table}`, () => READ[table](row));
    if (read !== null && row["sum"] instanceof Uint8Array) digest.toggle(row["sum"]);
  }
  return found;
}

/** What was found, and the last number of each log. */
function checkLogs(connection: Connection, digest: Digest) {
  const found: string[] = [];
  const logs = new Set<number>();
  const heads = new Map<string, number>();
  for (const row of connection.prepare("SELECT id, name, head, trimmed, thinned, digest, sum FROM logs").iterate()) {
    const read = orDamage(found, `the row of the log ${quoted(row["name"])}`, () => readLog(row));
    if (read === null) continue;
    digest.toggle(read.before);
    logs.add(read.log.id);
    heads.set(read.log.name, read.log.head);
    checkEntries(connection, read.log, found);
  }
  const strays = connection.prepare("SELECT DISTINCT place >> 32 AS id FROM entries").all();
  if (strays.some(({ id }) => !logs.has(Number(id)))) found.push("there are entries of a log that is not there");
  return { found, heads };
}

function checkEntries(connection: Connection, log: Log, found: string[]): void {
  const rows = connection.prepare(
    `SELECT place & ${LAST_NUMBER} AS number, lasting, body, sum FROM entries
      WHERE place >= (?1 << 32) AND place < (?1 + 1 << 32) ORDER BY place`,
  );
  let last = log.trimmed;
  for (const row of rows.iterate(log.id)) {
    const behind = last;
    const entry = orDamage(found, `entry ${behind + 1} of the log ${quoted(log.name)}`, () =>
      readEntry(row, log, behind),
    );
    if (entry === null) return;
    last = entry.number;
    if (row["sum"] instanceof Uint8Array) log.digest.toggle(row["sum"]);
  }
  const end = Math.max(last, log.thinned);
  if (end !== log.head)
    found.push(`the log ${quoted(log.name)} ends with entry ${end}, and entry ${log.head} had been kept`);
  else if (!sameSum(log.digest.bytes, new Digest().bytes))
    found.push(`entries of the log ${quoted(log.name)} are missing`);
}

function orDamage<T>(found: string[], what: string, read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (!isValiError(error)) throw error;
    found.push(`${what} is not as it was written`);
    return null;
  }
}

/** What the tables are after some migrations, by these: to make them takes longer than to look through a small database. */
const SCHEMAS = new Map<string, string>();

function schemaAfter(migrations: readonly string[]): string {
  const which = JSON.stringify(migrations);
  const known = SCHEMAS.get(which);
  if (known !== undefined) return known;
  const connection = inMemory(migrations);
  const schema = schemaOf(connection);
  connection.close();
  SCHEMAS.set(which, schema);
  return schema;
}

function inMemory(migrations: readonly string[]): Connection {
  const connection = connect(IN_MEMORY, "read-write");
  for (const migration of migrations) connection.exec(migration);
  return connection;
}

function schemaOf(connection: Connection): string {
  return JSON.stringify(
    connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name").all(),
  );
}

/** What stands in a damaged row may be anything: shortened, and nothing that a terminal obeys. */
function quoted(value: unknown): string {
  const text = typeof value === "string" ? value : String(value);
  return `"${text.slice(0, 40).replaceAll(/[^\x20-\x7e]/g, "?")}"`;
}
