import type { Fact } from "../../core/events.ts";
import { foldName } from "../../core/names.ts";
import type { Saved } from "../../core/ports.ts";
import type { Connection } from "./connection.ts";
import { readBan, readClaim, readMeta, writeBan, writeClaim } from "./rows.ts";
import { sumOf } from "./sums.ts";
import type { Digest } from "./sums.ts";

export interface FactTables {
  /** Throws a `ValiError` for a row that we can't have written, or whose checksum is not its own. */
  load(): Saved;
  /** Within a transaction of the caller's. Keeps the digest of all rows. Throws the driver's errors. */
  apply(facts: readonly Fact[], digest: Digest): void;
}

/** The tables of names, bans and what else is a fact, with their statements prepared; throws where one is missing. */
export function factTables(connection: Connection): FactTables {
  const statements = prepare(connection);
  return {
    load: () => ({
      claims: Array.from(statements.claims.iterate(), readClaim),
      bans: Array.from(statements.bans.iterate(), readBan),
      tailscaledSeen: Array.from(statements.meta.iterate(), readMeta).some(({ key }) => key === "tailscaled-seen"),
    }),
    apply: (facts, digest) => {
      for (const fact of facts) apply(statements, fact, digest);
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
      return;
    }
    case "ban-lifted":
      remove(statements.lift, foldName(fact.name), digest);
      return;
    case "tailscaled-seen":
      remove(statements.forget, "tailscaled-seen", digest);
      insert(statements.note, "meta", ["tailscaled-seen", "yes"], digest);
      return;
    default:
      throw new TypeError(`a fact of unknown kind: ${JSON.stringify(fact satisfies never)}`);
  }
}

function insert(into: Statement, table: string, row: readonly (string | number | null)[], digest: Digest): void {
  const sum = sumOf(table, row);
  into.run(...row, sum);
  digest.toggle(sum);
}

function remove(from: Statement, key: string, digest: Digest): void {
  const removed = from.get(key);
  if (removed?.["sum"] instanceof Uint8Array) digest.toggle(removed["sum"]);
}
