import * as v from "valibot";
import type { Ban, Claim, KeptRight } from "../../core/events.ts";
import type { Identity } from "../../core/identity.ts";
import { foldName } from "../../core/names.ts";
import type { Row } from "../../groups/rows.ts";
import { isRowOfOurs } from "../stored.ts";
import { sameSum, sumOf } from "./sums.ts";

const IdentitySchema = v.variant("kind", [
  v.object({ kind: v.literal("person"), login: v.string(), userId: v.exactOptional(v.string()) }),
  v.object({ kind: v.literal("machine"), node: v.string(), label: v.string(), tags: v.array(v.string()) }),
  v.object({ kind: v.literal("labelled-machine"), label: v.string(), tags: v.array(v.string()) }),
  v.object({ kind: v.literal("address"), address: v.string() }),
  v.object({ kind: v.literal("local") }),
]);

const IdentityColumn = v.pipe(v.string(), v.parseJson(), IdentitySchema);
const Milliseconds = v.pipe(v.number(), v.safeInteger());

const Sum = v.instance(Uint8Array);

const ClaimRow = v.pipe(
  v.object({ folded: v.string(), name: v.string(), identity: v.string(), claimed_at: Milliseconds, sum: Sum }),
  v.check((row) => hasOwnSum("claims", row), "The checksum of a name's row is not its own"),
  v.check((row) => namesAgree(row), "The name and its folded form disagree"),
);

const BanRow = v.pipe(
  v.object({
    folded: v.string(),
    name: v.string(),
    identity: v.nullable(v.string()),
    banned_by: v.string(),
    banned_at: Milliseconds,
    sum: Sum,
  }),
  v.check((row) => hasOwnSum("bans", row), "The checksum of a ban's row is not its own"),
  v.check((row) => namesAgree(row), "The name and its folded form disagree"),
);

const MetaRow = v.pipe(
  v.object({ key: v.string(), value: v.string(), sum: Sum }),
  v.check((row) => hasOwnSum("meta", row), "The checksum of a row is not its own"),
);

const PlainRow = v.pipe(
  v.object({ kind: v.string(), key: v.string(), value: v.string(), sum: Sum }),
  v.check((row) => hasOwnSum("rows", row), "The checksum of a row is not its own"),
);

const OurRow = v.pipe(
  v.object({ table: v.string(), key: v.string(), value: v.pipe(v.string(), v.parseJson()) }),
  v.guard(isRowOfOurs, "A row of no table that is known"),
);

const KeptRightValue = v.pipe(
  v.string(),
  v.parseJson(),
  v.variant("kind", [
    v.object({ kind: v.literal("address"), name: v.string(), address: v.string() }),
    v.object({ kind: v.literal("user-key"), name: v.string(), userKey: v.string() }),
  ]),
);

/** A row of `claims` as a claim. Throws a `ValiError` when the row isn't one that we wrote. */
export function readClaim(row: unknown): Claim {
  const { name, identity, claimed_at: claimedAt } = v.parse(ClaimRow, row);
  return { name, identity: v.parse(IdentityColumn, identity), claimedAt };
}

/** A row of `bans` as a ban. Throws a `ValiError` when the row isn't one that we wrote. */
export function readBan(row: unknown): Ban {
  const { name, identity, banned_by: by, banned_at: bannedAt } = v.parse(BanRow, row);
  return { name, identity: identity === null ? null : v.parse(IdentityColumn, identity), by, bannedAt };
}

/** A row of `meta`. Throws a `ValiError` when the row isn't one that we wrote. */
export function readMeta(row: unknown): { readonly key: string; readonly value: string } {
  const { key, value } = v.parse(MetaRow, row);
  return { key, value };
}

/** The value that `meta` has for the right of the first operator. Throws a `ValiError` when it isn't one that we wrote. */
export function readKeptRight(value: string | undefined): KeptRight | null {
  return value === undefined ? null : v.parse(KeptRightValue, value);
}

/** A row of `rows` as one of the delivery service. Throws a `ValiError` when the row isn't one that we wrote. */
export function readRow(row: unknown): Row {
  const { kind, key, value } = v.parse(PlainRow, row);
  return v.parse(OurRow, { table: kind, key, value });
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

/** Whether a row's last column is the checksum of the others, which are in the order of the table's. */
function hasOwnSum(
  table: string,
  { sum, ...columns }: { readonly [column: string]: string | number | null | Uint8Array; readonly sum: Uint8Array },
): boolean {
  return sameSum(sum, sumOf(table, Object.values(columns)));
}

/** The folded name is made from the name; where the two disagree, one of them was damaged. */
function namesAgree(row: { readonly folded: string; readonly name: string }): boolean {
  return row.folded === foldName(row.name);
}

function writeIdentity(identity: Identity): string {
  return JSON.stringify(identity);
}
