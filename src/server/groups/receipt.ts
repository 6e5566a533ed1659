import { createHmac, timingSafeEqual } from "node:crypto";
import type { Receipt } from "../../groups/receipts.ts";
import type { Owner, UserKeyRow } from "../../groups/rows.ts";
import { ownerKey } from "../../groups/state.ts";
import { fromBase64url } from "./found-device.ts";

const DOMAIN = "padserve user key receipt v1\0";
const TIME_BYTES = 8;
const INCARNATION_BYTES = 16;
const MAC_BYTES = 32;

/**
 * What a device is given to keep: that this server has this user key as its owner's since then. Time (8 bytes, big-endian), incarnation
 * (16), HMAC-SHA256 under the server's secret. Only the server reads it, see groups/receipts.ts.
 */
export function writeReceipt(
  secret: Uint8Array,
  owner: Owner,
  { userKey, since, incarnation }: Pick<UserKeyRow, "userKey" | "since"> & { readonly incarnation: string },
): Uint8Array {
  const time = Buffer.alloc(TIME_BYTES);
  time.writeBigUInt64BE(BigInt(since));
  const said = Buffer.concat([time, fromBase64url(incarnation)]);
  return new Uint8Array(Buffer.concat([said, mac(secret, owner, userKey, said)]));
}

/** What a receipt says of this user key of this owner; null: it isn't ours, or is of another key. Never throws. */
export function readReceipt(secret: Uint8Array, owner: Owner, userKey: string, receipt: Uint8Array): Receipt | null {
  if (receipt.length !== TIME_BYTES + INCARNATION_BYTES + MAC_BYTES) return null;
  const bytes = Buffer.from(receipt);
  const said = bytes.subarray(0, TIME_BYTES + INCARNATION_BYTES);
  if (!timingSafeEqual(mac(secret, owner, userKey, said), bytes.subarray(said.length))) return null;
  const since = Number(said.readBigUInt64BE(0));
  return { since, incarnation: said.subarray(TIME_BYTES).toString("base64url") };
}

function mac(secret: Uint8Array, owner: Owner, userKey: string, said: Uint8Array): Buffer {
  const whose = Buffer.from(JSON.stringify([ownerKey(owner), userKey]));
  return createHmac("sha256", secret).update(DOMAIN).update(said).update(whose).digest();
}
