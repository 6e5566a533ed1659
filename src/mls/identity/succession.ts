import { concat, domain, sameBytes, withLength } from "./bytes.ts";
import { signRecord } from "./device-record.ts";
import type { DeviceRecord, RecordFields } from "./device-record.ts";
import { isSignedBy, KEY_BYTES, newSigningKey, SIGNATURE_BYTES, signBytes } from "./ed25519.ts";
import type { SigningKey } from "./ed25519.ts";
import type { Pin } from "./pins.ts";
import { isSameWho, whoBytes } from "./who.ts";
import type { Who } from "./who.ts";

/**
 * A removed device knows the user key. So removing one makes a new user key that signs the records of the rest, and a
 * statement, signed by both keys, that tells peers of it. The old key's signature proves nothing by itself (the removed device
 * has that key, too): what counts is who announces it, and when (`judgeSuccession`).
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

/** At most this many devices in one statement. */
const MOST_REMOVED = 64;
const DEVICE_ID_BYTES = 16;
const PURPOSE = "padserve user key succession v1";

/** Throws a `RangeError` when no device or more than 64 are removed, or one that stays is among them. */
export function rotateUserKey(
  who: Who,
  old: SigningKey,
  staying: readonly StayingDevice[],
  removed: readonly Uint8Array[],
): Rotation {
  if (removed.length === 0 || removed.length > MOST_REMOVED)
    throw new RangeError(`1 to ${MOST_REMOVED} devices are removed at once`);
  if (removed.some((id) => id.length !== DEVICE_ID_BYTES))
    throw new RangeError(`a device id has ${DEVICE_ID_BYTES} bytes`);
  if (staying.some(({ fields }) => includes(removed, fields.deviceId)))
    throw new RangeError("a device that stays is removed");
  const userKey = newSigningKey();
  return {
    userKey,
    records: staying.map(({ fields, deviceKey }) => signRecord(fields, userKey, deviceKey)),
    statement: state(who, old, userKey, removed),
  };
}

/** Old key, new key, number of devices, device ids, signature by the old key, signature by the new one. */
function state(who: Who, old: SigningKey, next: SigningKey, removed: readonly Uint8Array[]): Uint8Array {
  const body = concat(old.publicKey, next.publicKey, Uint8Array.of(removed.length), ...removed);
  const signed = signedBytes(who, body);
  return concat(body, signBytes(old, signed), signBytes(next, signed));
}

/** An announcement as it came: over a group, from a member that the group's own signature proves. */
export interface Announcement {
  readonly statement: Uint8Array;
  /** Of the leaf that sent it. */
  readonly announcer: DeviceRecord;
  /** The epoch since which that leaf's device has been in the group. */
  readonly memberSince: number;
  /** Epoch whose commit removed the device with this id from the group, or null if none did. */
  readonly removedAt: (deviceId: Uint8Array) => number | null;
}

export type Succession =
  | { readonly kind: "accepted"; readonly userKey: Uint8Array }
  | {
      readonly kind: "refused";
      readonly why:
        | "malformed"
        | "signature"
        | "another-person"
        | "not-the-pinned-key"
        | "announcer-was-removed"
        | "not-after-removal";
    };

/**
 * Whether a peer takes the new key for the pinned one's successor: only from a leaf of that person that was in the group before
 * the removal and still is, after a commit that removed the devices named. A removed device that comes back under the old key
 * is new in the group, so it can't. What is refused is a changed pin, like any other.
 */
export function judgeSuccession(pin: Pin, { statement, announcer, memberSince, removedAt }: Announcement): Succession {
  const read = readStatement(statement);
  if (read === null) return { kind: "refused", why: "malformed" };
  if (!isSameWho(pin.who, announcer)) return { kind: "refused", why: "another-person" };
  if (!sameBytes(pin.userKey, read.old)) return { kind: "refused", why: "not-the-pinned-key" };
  const isOfEither = sameBytes(announcer.userKey, read.old) || sameBytes(announcer.userKey, read.next);
  if (!isOfEither) return { kind: "refused", why: "another-person" };
  if (includes(read.removed, announcer.deviceId)) return { kind: "refused", why: "announcer-was-removed" };
  const removals = read.removed.map(removedAt);
  if (removals.some((epoch) => epoch === null || memberSince >= epoch))
    return { kind: "refused", why: "not-after-removal" };
  const signed = signedBytes(pin.who, read.body);
  if (!isSignedBy(read.old, read.byOld, signed) || !isSignedBy(read.next, read.byNext, signed)) {
    return { kind: "refused", why: "signature" };
  }
  return { kind: "accepted", userKey: read.next };
}

function readStatement(bytes: Uint8Array) {
  const count = bytes[2 * KEY_BYTES] ?? 0;
  const bodyBytes = 2 * KEY_BYTES + 1 + count * DEVICE_ID_BYTES;
  if (count === 0 || count > MOST_REMOVED || bytes.length !== bodyBytes + 2 * SIGNATURE_BYTES) return null;
  const body = bytes.slice(0, bodyBytes);
  return {
    body,
    old: body.slice(0, KEY_BYTES),
    next: body.slice(KEY_BYTES, 2 * KEY_BYTES),
    removed: Array.from({ length: count }, (_, index) => {
      const at = 2 * KEY_BYTES + 1 + index * DEVICE_ID_BYTES;
      return body.slice(at, at + DEVICE_ID_BYTES);
    }),
    byOld: bytes.slice(bodyBytes, bodyBytes + SIGNATURE_BYTES),
    byNext: bytes.slice(bodyBytes + SIGNATURE_BYTES),
  };
}

function signedBytes(who: Who, body: Uint8Array): Uint8Array {
  return concat(domain(PURPOSE), withLength(whoBytes(PURPOSE, who)), body);
}

function includes(ids: readonly Uint8Array[], id: Uint8Array): boolean {
  return ids.some((other) => sameBytes(other, id));
}
