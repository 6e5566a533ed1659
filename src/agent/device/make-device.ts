/** What this device is: its keys, its record, and whom it knows. It knows no group and no network. */
import { readVerifiedRecord, signRecord } from "../../mls/identity/device-record.ts";
import type { RecordFields } from "../../mls/identity/device-record.ts";
import { newSigningKey, signingKeyOf } from "../../mls/identity/ed25519.ts";
import type { Change } from "../storage/changes.ts";
import type { OwnDevice } from "../storage/kept.ts";

export interface MadeDevice {
  readonly device: OwnDevice;
  readonly userSeed: Uint8Array | null;
  /** One commit, before anything of it leaves. */
  readonly changes: readonly Change[];
}

/**
 * At the first start: one signature key for all groups and a random id. The person's first device makes the user key, too, and
 * signs its own record. A later one is *pending*: it has no record (no bytes) until a confirmed device signs one.
 */
export function makeDevice(
  fields: Omit<RecordFields, "deviceId">,
  options: { readonly isFirst: boolean; readonly randomBytes: (length: number) => Uint8Array },
): MadeDevice {
  const key = newSigningKey();
  const id = newDeviceId(options.randomBytes);
  const userKey = options.isFirst ? newSigningKey() : null;
  const record = userKey === null ? new Uint8Array() : signRecord({ ...fields, deviceId: id }, userKey, key.publicKey);
  const device = { id, seed: key.seed, record };
  const changes: Change[] = [{ kind: "device-made", device }];
  if (userKey !== null) changes.push({ kind: "user-key-kept", seed: userKey.seed });
  return { device, userSeed: userKey?.seed ?? null, changes };
}

/** 16 bytes by chance. People type ids, in base64url, at command lines: none begins with a dash, which would make it an option there. */
export function newDeviceId(randomBytes: (length: number) => Uint8Array): Uint8Array {
  for (;;) {
    const id = randomBytes(16);
    // Base64url's sign for the six bits 62.
    if ((id[0] ?? 0) >> 2 !== 62) return id;
  }
}

export function isPending({ record }: OwnDevice): boolean {
  return record.length === 0;
}

/** The record that a confirmed device signs for another, whose key its person has compared (confirm-code.ts). */
export function confirmDevice(fields: RecordFields, userSeed: Uint8Array, deviceKey: Uint8Array): Uint8Array {
  return signRecord(fields, signingKeyOf(userSeed), deviceKey);
}

/** In place of a device that was rolled back, for the same person: a device whose keys were never used, signed by the user key. */
export function makeReplacement(
  fields: Omit<RecordFields, "deviceId">,
  options: { readonly userSeed: Uint8Array; readonly randomBytes: (length: number) => Uint8Array },
): OwnDevice {
  const key = newSigningKey();
  const id = newDeviceId(options.randomBytes);
  return { id, seed: key.seed, record: confirmDevice({ ...fields, deviceId: id }, options.userSeed, key.publicKey) };
}

/** What a verified record calls its device; nothing where it is none, as of a device that waits. */
export function deviceLabelIn(record: Uint8Array): string {
  const read = readVerifiedRecord(record);
  return read.ok ? read.record.deviceLabel : "";
}
