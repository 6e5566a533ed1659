import * as v from "valibot";
import { bytesUpTo, count, deviceId, key, listOf, name, owner, record } from "./values.ts";

/** Devices of one person beside the one that speaks. Feature `devices`. */

const nothing = v.object({});
const signature = bytesUpTo(64);

/** What the device calls itself, for its own person to read. */
const deviceLabel = v.pipe(v.string(), v.maxBytes(64));

/**
 * An HPKE key (X25519) of a device, to which its person's user key is sealed. `signature`: Ed25519 by the device key over `padserve seal
 * key v1`, a zero byte, who, device id and key (src/mls/identity/seal-key.ts).
 */
export const sealKey = v.object({ key, signature });

/** The user key, sealed by HPKE to a device's seal key. The server can't read it. */
const sealedKey = bytesUpTo(512);
/** A user key's successor, signed by both (src/mls/identity/succession.ts); it names who goes and who stays. */
const statement = bytesUpTo(2_048);

/**
 * What the server knows of the succession of an owner's user keys, signed by itself and for itself: opaque. A device keeps the last one
 * that it was given, and shows it in its hello: so a server that was restored from an older backup learns which key is the present one.
 */
export const receipt = bytesUpTo(128);

/** What one of the person's devices has made for another: a record under their user key, and that key. */
const confirmation = v.object({
  record,
  sealed: sealedKey,
  /** Where the user key has followed another: the statement of that; null for a device that was confirmed by its code or token. */
  statement: v.nullable(statement),
  /** Of the key that is in it, for the device to keep once it takes that; null: it isn't the present one, or the server is an older one. */
  receipt: v.optional(v.nullable(receipt), null),
});
export type Confirmation = v.InferOutput<typeof confirmation>;

/** A device that waits to be confirmed. All of it is the asking device's own word, but for `at` (the server's clock). */
const pending = v.object({
  device: deviceId,
  key,
  label: deviceLabel,
  sealKey,
  /** Proves the knowledge of an invitation's token to the device that made it. */
  token: v.nullable(bytesUpTo(32)),
  at: count,
});
export type PendingDevice = v.InferOutput<typeof pending>;

/** A device of one's own person, under the present user key or confirmed under it. */
const own = v.object({
  device: deviceId,
  key,
  record,
  /** When it came first, and when it was here last, by the server's clock; of one that has not come yet both are when it was confirmed. */
  since: count,
  seen: count,
  online: v.boolean(),
  /** Null: it is of a version that has none, or has not come yet. */
  sealKey: v.nullable(sealKey),
  /** False: it was confirmed, and has not come since. */
  hasCome: v.optional(v.boolean(), true),
});
export type OwnDevice = v.InferOutput<typeof own>;

/**
 * A device without a confirmation asks for one: before the hello where a name is all that there is to go by, or behind a hello
 * without a device. One connection asks for one device. Whoever has no user key yet is refused `no-user-key`: this device is the first.
 */
export const askConfirmation = {
  request: v.object({
    /** Whose device, where a name is the owner: the name to speak under; null: the one that this identity has claimed. */
    name: v.nullable(name),
    device: deviceId,
    key,
    label: deviceLabel,
    sealKey,
    token: v.nullable(bytesUpTo(32)),
    /** What is kept for this device is of no use to it: forget it, and let the person confirm it anew. */
    fresh: v.optional(v.boolean(), false),
  }),
  /** Null: it waits, and `confirmed` comes on this connection. */
  reply: v.object({ confirmation: v.nullable(confirmation) }),
};

/** The own person's devices, and those that wait. Of confirmed devices only, as are the requests below but the last. */
export const ownDevices = {
  request: nothing,
  reply: v.object({ devices: listOf(own, 32), pending: listOf(pending, 16) }),
};

/** A waiting device is one of the person's: `record` names it, under the present user key. It is kept until that device has come with it. */
export const confirmDevice = {
  request: v.object({ device: deviceId, record, sealed: sealedKey }),
  reply: nothing,
};

/** Forgets a device that waits. It may ask again. */
export const dismissDevice = { request: v.object({ device: deviceId }), reply: nothing };

/**
 * Another device of the own person is gone for good, without a new user key: for one that is known to be no more (a copy, a replaced one).
 * One that somebody else may have is removed by `rotate-user-key`.
 */
export const retireDevice = { request: v.object({ device: deviceId }), reply: nothing };

/**
 * A new user key in place of the present one, without the devices that are `removed`. Those that stay get their new record and the key:
 * each other device of `own-devices` with a seal key, or `unknown-device` names one that is in neither list. Who has not come yet may be removed,
 * too, or waits to be confirmed anew. Told again, it is answered again.
 */
export const rotateUserKey = {
  request: v.object({
    /** The user key that is replaced: of two devices that replace it at once, one is refused `other-user-key`. */
    former: key,
    userKey: key,
    removed: v.pipe(v.array(deviceId), v.minLength(1), v.maxLength(64)),
    statement,
    /** The new record of the device that asks. */
    own: record,
    staying: listOf(v.object({ device: deviceId, record, sealed: sealedKey }), 32),
  }),
  reply: v.object({ receipt }),
};

/**
 * How somebody's user key came to be the present one: what each key before it has signed of the next, the oldest first. For whoever was in no
 * group in which a device of theirs announced it; it is the server's word that there is no other. Feature `successions`.
 */
export const successions = { request: v.object({ owner }), reply: v.object({ statements: listOf(statement, 8) }) };

/**
 * The same of the own person, from a device that knows more of it than the server, which was restored since: each signed by both its keys, one
 * leading to the next, and the last to the present user key; else `wrong-proof`. Taken where it is more than what is there. Feature `successions`.
 */
export const keepSuccessions = {
  request: v.object({ statements: v.pipe(listOf(statement, 8), v.minLength(1)) }),
  reply: nothing,
};

/**
 * All devices of the person are lost or untrusted: this one, under a new user key, is the only one from now on. For whom a tailnet vouches;
 * a bare name is refused `name-has-key`. Before the hello, or behind one; then say hello as this device, on a new connection.
 */
export const resetUserKey = {
  request: v.object({
    name: v.nullable(name),
    device: v.object({ device: deviceId, key, record, counter: count, proof: signature, sealKey }),
  }),
  reply: nothing,
};

/** To a device that waits, or to one whose person's user key another device has replaced. */
export const confirmed = v.object({ type: v.literal("confirmed"), device: deviceId, confirmation });

/** To a person's devices that are there: one waits to be theirs. */
export const deviceWaits = v.object({ type: v.literal("device-waits"), waiting: pending });

/** To a person's devices that are there: what `own-devices` says has changed. */
export const devicesChanged = v.object({ type: v.literal("devices") });
