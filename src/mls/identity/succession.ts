import { createHash } from "node:crypto";
import { concat, domain, includes, sameBytes, withLength } from "./bytes.ts";
import { signRecord } from "./device-record.ts";
import type { RecordFields } from "./device-record.ts";
import { isSignedBy, KEY_BYTES, newSigningKey, SIGNATURE_BYTES, signBytes } from "./ed25519.ts";
import type { SigningKey } from "./ed25519.ts";
import { whoBytes } from "./who.ts";
import type { Who } from "./who.ts";

/**
 * A removed device knows the user key. So removing one makes a new user key that signs the records of the rest, and a
 * statement, signed by both keys, that tells peers of it. The old key's signature proves nothing by itself (the removed device
 * has that key, too): what counts is who announces it, and when (judge-succession.ts).
 */
export interface Rotation {
  readonly userKey: SigningKey;
  /** For each device that stays, in the order given. */
  readonly records: readonly Uint8Array[];
  readonly statement: Uint8Array;
}

export interface StayingDevice {
  readonly fields: RecordFields;
  readonly deviceKey: Uint8Array;
}

export interface Statement {
  readonly old: Uint8Array;
  readonly next: Uint8Array;
  /** Tags (`stayingTag`) of the devices that go on, whose leaves may carry the old key for a while. */
  readonly staying: readonly Uint8Array[];
  /** Device ids. */
  readonly removed: readonly Uint8Array[];
}

/** Devices in one statement, staying and removed together: what fits into a commit's authenticated data. */
export const MOST_STATED = 48;

const ID_BYTES = 16;
const PURPOSE = "padserve user key succession v1";
const HEAD_BYTES = 2 * KEY_BYTES + 2;

/** Throws a `RangeError` when no device is removed, there are more than 48 in all, or one that stays is among the removed. */
export function rotateUserKey(
  who: Who,
  old: SigningKey,
  staying: readonly StayingDevice[],
  removed: readonly Uint8Array[],
): Rotation {
  if (removed.length === 0 || removed.length + staying.length > MOST_STATED)
    throw new RangeError(`at least one device is removed, and at most ${MOST_STATED} are named`);
  if (removed.some((id) => id.length !== ID_BYTES)) throw new RangeError(`a device id has ${ID_BYTES} bytes`);
  if (staying.some(({ fields }) => includes(removed, fields.deviceId)))
    throw new RangeError("a device that stays is removed");
  const userKey = newSigningKey();
  const tags = staying.map(({ fields, deviceKey }) => stayingTag(fields.deviceId, deviceKey));
  return {
    userKey,
    records: staying.map(({ fields, deviceKey }) => signRecord(fields, userKey, deviceKey)),
    statement: signStatement(who, old, userKey, { staying: tags, removed }),
  };
}

/**
 * What a statement calls a device that stays: 16 bytes of a hash of its id and key. Its id alone would not do, since whoever has the old user
 * key can sign that id for a key of their own.
 */
export function stayingTag(deviceId: Uint8Array, deviceKey: Uint8Array): Uint8Array {
  const hash = createHash("sha256")
    .update(domain("padserve staying device v1"))
    .update(withLength(deviceId))
    .update(withLength(deviceKey));
  return Uint8Array.from(hash.digest().subarray(0, ID_BYTES));
}

/** The bytes: old key, new key, how many stay, how many are removed, tags of the ones, ids of the others, signature by the old key, by the new one. */
export function signStatement(
  who: Who,
  old: SigningKey,
  next: SigningKey,
  { staying, removed }: Pick<Statement, "staying" | "removed">,
): Uint8Array {
  const counts = Uint8Array.of(staying.length, removed.length);
  const body = concat(old.publicKey, next.publicKey, counts, ...staying, ...removed);
  const signed = signedBytes(who, body);
  return concat(body, signBytes(old, signed), signBytes(next, signed));
}

export type ReadStatement =
  | { readonly ok: true; readonly statement: Statement }
  | { readonly ok: false; readonly fault: "malformed" | "signature" };

/** What these bytes say, if both keys have signed it for this person. Never throws. */
export function readStatement(bytes: Uint8Array, who: Who): ReadStatement {
  const [staying, removed] = [bytes[HEAD_BYTES - 2] ?? 0, bytes[HEAD_BYTES - 1] ?? 0];
  const end = HEAD_BYTES + (staying + removed) * ID_BYTES;
  const isWhole = bytes.length === end + 2 * SIGNATURE_BYTES && removed > 0 && staying + removed <= MOST_STATED;
  if (!isWhole) return { ok: false, fault: "malformed" };
  const body = bytes.slice(0, end);
  const ids = Array.from({ length: staying + removed }, (_, index) => {
    const at = HEAD_BYTES + index * ID_BYTES;
    return body.slice(at, at + ID_BYTES);
  });
  const [old, next] = [body.slice(0, KEY_BYTES), body.slice(KEY_BYTES, 2 * KEY_BYTES)];
  if (sameBytes(old, next)) return { ok: false, fault: "malformed" };
  const signed = signedBytes(who, body);
  const isSigned =
    isSignedBy(old, bytes.slice(end, end + SIGNATURE_BYTES), signed) &&
    isSignedBy(next, bytes.slice(end + SIGNATURE_BYTES), signed);
  if (!isSigned) return { ok: false, fault: "signature" };
  return { ok: true, statement: { old, next, staying: ids.slice(0, staying), removed: ids.slice(staying) } };
}

function signedBytes(who: Who, body: Uint8Array): Uint8Array {
  return concat(domain(PURPOSE), withLength(whoBytes(PURPOSE, who)), body);
}
