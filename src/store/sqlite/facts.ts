import type { Ban, Fact } from "../../core/events.ts";
import { foldName } from "../../core/names.ts";
import type { Row } from "../../groups/rows.ts";
import { StoreError } from "../errors.ts";
import { isRow, isRowOfOurs, type SavedAll, type StoredFact } from "../stored.ts";
import type { Connection } from "./connection.ts";
import { readBan, readClaim, readKeptRight, readMeta, readRow, writeBan, writeClaim } from "./rows.ts";
import { sumOf } from "./sums.ts";
import type { Digest } from "./sums.ts";

export interface FactTables {
  /** Throws a `ValiError` for a row that we can't have written, or whose checksum is not its own. */
  load(): SavedAll;
  /** Within a transaction of the caller's. Keeps the digest of all rows. Throws the driver's errors. */
  apply(facts: readonly StoredFact[], digest: Digest): void;
}

/** The tables of names, bans and what else is a fact, with their statements prepared; throws where one is missing. */
export function factTables(connection: Connection): FactTables {
  const statements = prepare(connection);
  return {
    load: () => {
      const meta = new Map(Array.from(statements.meta.iterate(), readMeta).map(({ key, value }) => [key, value]));
      return {
        claims: Array.from(statements.claims.iterate(), readClaim),
        bans: bansWithReasons(Array.from(statements.bans.iterate(), readBan), meta),
        rows: Array.from(statements.rows.iterate(), readRow),
        tailscaledSeen: meta.has("tailscaled-seen"),
        keptRight: readKeptRight(meta.get(KEPT_RIGHT)),
      };
    },
    apply: (facts, digest) => {
      for (const fact of facts) {
        if (isRow(fact)) applyRow(statements, fact, digest);
        else apply(statements, fact, digest);
      }
    },
  };
}

type Statement = ReturnType<Connection["prepare"]>;

function prepare(connection: Connection) {
  return {
    claims: connection.prepare("SELECT folded, name, identity, claimed_at, sum FROM claims"),
    bans: connection.prepare("SELECT folded, name, identity, banned_by, banned_at, sum FROM bans"),
    meta: connection.prepare("SELECT key, value, sum FROM meta"),
    claim: connection.prepare("INSERT INTO claims (folded, name, identity, claimed_at, sum) VALUES (?, ?, ?, ?, ?)"),
    release: connection.prepare("DELETE FROM claims WHERE folded = ? RETURNING sum"),
    ban: connection.prepare(
      "INSERT INTO bans (folded, name, identity, banned_by, banned_at, sum) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    lift: connection.prepare("DELETE FROM bans WHERE folded = ? RETURNING sum"),
    rows: connection.prepare("SELECT kind, key, value, sum FROM rows"),
    put: connection.prepare("INSERT INTO rows (kind, key, value, sum) VALUES (?, ?, ?, ?)"),
    drop: connection.prepare("DELETE FROM rows WHERE kind = ? AND key = ? RETURNING sum"),
    note: connection.prepare("INSERT INTO meta (key, value, sum) VALUES (?, ?, ?)"),
    forget: connection.prepare("DELETE FROM meta WHERE key = ? RETURNING sum"),
  };
}

function apply(statements: ReturnType<typeof prepare>, fact: Fact, digest: Digest): void {
  switch (fact.kind) {
    case "name-claimed": {
      const row = writeClaim(fact.claim);
      remove(statements.release, row[0], digest);
      insert(statements.claim, "claims", row, digest);
      return;
    }
    case "name-released":
      remove(statements.release, foldName(fact.name), digest);
      return;
    case "ban-placed": {
      const row = writeBan(fact.ban);
      remove(statements.lift, row[0], digest);
      insert(statements.ban, "bans", row, digest);
      remove(statements.forget, reasonKey(row[0]), digest);
      if (fact.ban.reason !== undefined)
        insert(statements.note, "meta", [reasonKey(row[0]), fact.ban.reason.toWellFormed()], digest);
      return;
    }
    case "ban-lifted":
      remove(statements.lift, foldName(fact.name), digest);
      remove(statements.forget, reasonKey(foldName(fact.name)), digest);
      return;
    case "right-kept":
      remove(statements.forget, KEPT_RIGHT, digest);
      insert(statements.note, "meta", [KEPT_RIGHT, JSON.stringify(fact.right)], digest);
      return;
    case "kept-right-given-up":
      remove(statements.forget, KEPT_RIGHT, digest);
      return;
    case "tailscaled-seen":
      remove(statements.forget, "tailscaled-seen", digest);
      insert(statements.note, "meta", ["tailscaled-seen", "yes"], digest);
      return;
    default:
      throw new TypeError(`a fact of unknown kind: ${JSON.stringify(fact satisfies never)}`);
  }
}

/** The key of the row of `meta` that says whose the right of the first operator is. */
const KEPT_RIGHT = "kept-right";

/** Reasons came later than bans, and stand in the table of what else there is. */
function reasonKey(folded: string): string {
  return `ban-reason ${folded}`;
}

function bansWithReasons(bans: readonly Ban[], meta: ReadonlyMap<string, string>): Ban[] {
  return bans.map((ban) => {
    const reason = meta.get(reasonKey(foldName(ban.name)));
    return reason === undefined ? ban : { ...ban, reason };
  });
}

function applyRow(statements: ReturnType<typeof prepare>, row: Row, digest: Digest): void {
  if (row.value !== null && !isRowOfOurs(row))
    throw new StoreError("failed", `This store can't keep a row of this table: ${JSON.stringify(row)}.`);
  toggleRemoved(statements.drop.get(row.table, row.key), digest);
  if (row.value !== null) insert(statements.put, "rows", [row.table, row.key, JSON.stringify(row.value)], digest);
}

function insert(into: Statement, table: string, row: readonly (string | number | null)[], digest: Digest): void {
  const sum = sumOf(table, row);
  into.run(...row, sum);
  digest.toggle(sum);
}

function remove(from: Statement, key: string, digest: Digest): void {
  toggleRemoved(from.get(key), digest);
}

function toggleRemoved(removed: Record<string, unknown> | undefined, digest: Digest): void {
  if (removed?.["sum"] instanceof Uint8Array) digest.toggle(removed["sum"]);
}
