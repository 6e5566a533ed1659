/**
 * `agent/device`: a device's own record and keys, and whom it knows. It knows no server and no group.
 *
 * How the user key gets from a confirmed device to another one of the same person: sealed to its seal key, beside the record that makes it
 * one. Pure; nothing here knows how the bytes travel. Format: docs/device-record.md.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Hpke } from "../../mls/hpke.ts";
import { concat, sameBytes, withLength } from "../../mls/identity/bytes.ts";
import { readRecord } from "../../mls/identity/device-record.ts";
import { KEY_BYTES, signingKeyOf } from "../../mls/identity/ed25519.ts";
import { isSameWho, whoBytes } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import type { SealKeyPair } from "../storage/kept.ts";
import { confirmProof, PROOF_BYTES } from "./token.ts";
import type { TokenKey } from "./token.ts";

/** What one of the person's devices has made for another. */
export interface Confirmation {
  readonly record: Uint8Array;
  readonly sealed: Uint8Array;
}

export type OpenedConfirmation =
  | { readonly ok: true; readonly userSeed: Uint8Array; readonly record: Uint8Array }
  | { readonly ok: false; readonly why: ConfirmationFault };

/**
 * - `record`: it is no record, or not for this device's key
 * - `another-device`: it names another device or person
 * - `sealed`: it isn't sealed to this device's seal key, or for another record, or by a newer version
 * - `another-key`: the user key in it isn't the one that has signed the record
 * - `token`: this device has a token, and whoever made this hasn't
 */
type ConfirmationFault = "record" | "another-device" | "sealed" | "another-key" | "token";

const VERSION = 1;

/**
 * The user key's seed, sealed to the device with that record.
 * @param key of the token that the device was invited by, if it was
 */
export function sealUserKey(
  to: {
    readonly hpke: Hpke;
    readonly who: Who;
    readonly deviceId: Uint8Array;
    readonly record: Uint8Array;
    readonly sealKey: Uint8Array;
  },
  userSeed: Uint8Array,
  key: TokenKey | null = null,
): Uint8Array {
  const proof = key === null ? new Uint8Array() : confirmProof(key, to.record);
  const plain = concat(Uint8Array.of(VERSION), userSeed, proof);
  try {
    return to.hpke.hpkeSeal(to.sealKey, infoOf(to.who, to.deviceId, to.record), plain);
  } finally {
    plain.fill(0);
  }
}

/** What it holds, if it is for this device and nobody has put another thing in its place. Never throws. */
export function openConfirmation(
  own: {
    readonly hpke: Hpke;
    readonly who: Who;
    readonly device: { readonly id: Uint8Array; readonly seed: Uint8Array };
    readonly sealKey: SealKeyPair;
  },
  { record, sealed }: Confirmation,
  key: TokenKey | null = null,
): OpenedConfirmation {
  const read = readRecord(record, signingKeyOf(own.device.seed).publicKey);
  if (!read.ok) return refused("record");
  if (!sameBytes(read.record.deviceId, own.device.id) || !isSameWho(read.record, own.who))
    return refused("another-device");
  const plain = open(own, { record, sealed });
  if (plain === null) return refused("sealed");
  try {
    return judge(plain, { record, userKey: read.record.userKey }, key);
  } finally {
    plain.fill(0);
  }
}

function judge(
  plain: Uint8Array,
  { record, userKey }: { readonly record: Uint8Array; readonly userKey: Uint8Array },
  key: TokenKey | null,
): OpenedConfirmation {
  if (plain[0] !== VERSION || plain.length < 1 + KEY_BYTES) return refused("sealed");
  const userSeed = plain.subarray(1, 1 + KEY_BYTES);
  if (!sameBytes(signingKeyOf(userSeed).publicKey, userKey)) return refused("another-key");
  if (key !== null && !isProof(plain.subarray(1 + KEY_BYTES), confirmProof(key, record))) return refused("token");
  return { ok: true, userSeed: Uint8Array.from(userSeed), record };
}

function open(
  { hpke, who, device, sealKey }: Parameters<typeof openConfirmation>[0],
  { record, sealed }: Confirmation,
): Uint8Array | null {
  try {
    return hpke.hpkeOpen(sealKey.secretKey, sealKey.publicKey, infoOf(who, device.id, record), sealed);
  } catch {
    return null;
  }
}

function infoOf(who: Who, deviceId: Uint8Array, record: Uint8Array): Uint8Array {
  const hash = createHash("sha256").update(record).digest();
  return concat(whoBytes("padserve user key for a device v1", who), withLength(deviceId), hash);
}

function isProof(given: Uint8Array, expected: Uint8Array): boolean {
  return given.length === PROOF_BYTES && timingSafeEqual(given, expected);
}

function refused(why: ConfirmationFault): OpenedConfirmation {
  return { ok: false, why };
}
