import * as v from "valibot";
import type { Ban, Claim } from "../../core/events.ts";
import type { Identity } from "../../core/identity.ts";
import { foldName } from "../../core/names.ts";

const IdentitySchema = v.variant("kind", [
  v.object({ kind: v.literal("person"), login: v.string(), userId: v.exactOptional(v.string()) }),
  v.object({ kind: v.literal("machine"), node: v.string(), label: v.string(), tags: v.array(v.string()) }),
  v.object({ kind: v.literal("labelled-machine"), label: v.string(), tags: v.array(v.string()) }),
  v.object({ kind: v.literal("address"), address: v.string() }),
  v.object({ kind: v.literal("local") }),
]);

const IdentityColumn = v.pipe(v.string(), v.parseJson(), IdentitySchema);
const Milliseconds = v.pipe(v.number(), v.safeInteger());

const ClaimRow = v.pipe(
  v.object({ folded: v.string(), name: v.string(), identity: IdentityColumn, claimed_at: Milliseconds }),
  v.check((row) => namesAgree(row), "The name and its folded form disagree"),
);

const BanRow = v.pipe(
  v.object({
    folded: v.string(),
    name: v.string(),
    identity: v.nullable(IdentityColumn),
    banned_by: v.string(),
    banned_at: Milliseconds,
  }),
  v.check((row) => namesAgree(row), "The name and its folded form disagree"),
);

/** A row of `claims` as a claim. Throws a `ValiError` when the row is none that we wrote. */
export function readClaim(row: unknown): Claim {
  const { name, identity, claimed_at: claimedAt } = v.parse(ClaimRow, row);
  return { name, identity, claimedAt };
}

/** A row of `bans` as a ban. Throws a `ValiError` when the row is none that we wrote. */
export function readBan(row: unknown): Ban {
  const { name, identity, banned_by: by, banned_at: bannedAt } = v.parse(BanRow, row);
  return { name, identity, by, bannedAt };
}

/** In the order of the columns of `claims`. */
export function writeClaim(claim: Claim): [string, string, string, number] {
  return [foldName(claim.name), claim.name, writeIdentity(claim.identity), claim.claimedAt];
}

/** In the order of the columns of `bans`. */
export function writeBan(ban: Ban): [string, string, string | null, string, number] {
  const identity = ban.identity === null ? null : writeIdentity(ban.identity);
  return [foldName(ban.name), ban.name, identity, ban.by, ban.bannedAt];
}

/** The folded name is made from the name; where the two disagree, one of them was damaged. */
function namesAgree(row: { readonly folded: string; readonly name: string }): boolean {
  return row.folded === foldName(row.name);
}

function writeIdentity(identity: Identity): string {
  return JSON.stringify(identity);
}
