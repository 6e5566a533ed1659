import type { UserKeyRow } from "./rows.ts";

/**
 * What a device says of its owner's user key when it comes, out of what this server itself has signed for it (server/groups/receipt.ts): that
 * the key was taken at this time, by this incarnation. A server that was restored from a backup has forgotten what came after it; a
 * removed device is none there any more, and knows the key of then. So what the server itself has taken before, behind the backup, counts
 * over the backup, and over whatever was done since by those who knew the backup's key (SEALED.md 10).
 */
export interface Receipt {
  readonly since: number;
  readonly incarnation: string;
}

/**
 * Whether the key of a receipt is to be the present one. Never by a receipt of this same incarnation: it has forgotten nothing; nor where
 * the backup knew of no key, or since the owner has begun anew.
 */
export function takesOver(receipt: Receipt, row: UserKeyRow, incarnation: string): boolean {
  return receipt.incarnation !== incarnation && receipt.since > floorOf(row, incarnation);
}

/** Since when the key was the present one that came with the backup from which this incarnation was restored. */
export function floorOf(row: UserKeyRow, incarnation: string): number {
  return row.incarnation === incarnation ? (row.floor ?? row.since) : row.since;
}
