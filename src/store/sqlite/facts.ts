import type { Fact } from "../../core/events.ts";
import { foldName } from "../../core/names.ts";
import type { Saved } from "../../core/ports.ts";
import { inTransaction } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { readBan, readClaim, writeBan, writeClaim } from "./rows.ts";

export interface FactTables {
  /** Throws a `ValiError` for a row that we can't have written. */
  load(): Saved;
  /** All of the facts or none. Throws the driver's errors. */
  commit(facts: readonly Fact[]): void;
}

/** The tables of the newest migration, with their statements prepared; throws where a table or column is missing. */
export function factTables(connection: Connection): FactTables {
  const statements = prepare(connection);
  return {
    load: () => ({
      claims: statements.claims.all().map(readClaim),
      bans: statements.bans.all().map(readBan),
      tailscaledSeen: statements.seen.get() !== undefined,
    }),
    commit: (facts) =>
      inTransaction(connection, () => {
        for (const fact of facts) apply(statements, fact);
      }),
  };
}

function prepare(connection: Connection) {
  return {
    claims: connection.prepare("SELECT folded, name, identity, claimed_at FROM claims"),
    bans: connection.prepare("SELECT folded, name, identity, banned_by, banned_at FROM bans"),
    seen: connection.prepare("SELECT 1 FROM meta WHERE key = 'tailscaled-seen'"),
    claim: connection.prepare("INSERT OR REPLACE INTO claims (folded, name, identity, claimed_at) VALUES (?, ?, ?, ?)"),
    release: connection.prepare("DELETE FROM claims WHERE folded = ?"),
    ban: connection.prepare(
      "INSERT OR REPLACE INTO bans (folded, name, identity, banned_by, banned_at) VALUES (?, ?, ?, ?, ?)",
    ),
    lift: connection.prepare("DELETE FROM bans WHERE folded = ?"),
    see: connection.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('tailscaled-seen', 'yes')"),
  };
}

function apply(statements: ReturnType<typeof prepare>, fact: Fact): void {
  switch (fact.kind) {
    case "name-claimed":
      statements.claim.run(...writeClaim(fact.claim));
      return;
    case "name-released":
      statements.release.run(foldName(fact.name));
      return;
    case "ban-placed":
      statements.ban.run(...writeBan(fact.ban));
      return;
    case "ban-lifted":
      statements.lift.run(foldName(fact.name));
      return;
    case "tailscaled-seen":
      statements.see.run();
      return;
    default:
      throw new TypeError(`a fact of unknown kind: ${JSON.stringify(fact satisfies never)}`);
  }
}
