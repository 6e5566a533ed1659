import { createPrivateKey, createPublicKey, randomBytes, sign } from "node:crypto";
import { createGroupEngine } from "../../src/mls/create-group-engine.ts";
import type { GroupEngine } from "../../src/mls/group-engine.ts";
import type { RecordKind, RoomPolicy } from "../../src/mls/room-policy.ts";

/** Seconds since 1970: what tests say the time is. */
export const NOW = 1_800_000_000;
/** Seconds. */
export const LIFETIME = 30 * 24 * 3600;

export const OPEN: RoomPolicy = { access: "open", add: "members", remove: "members", moderators: [], listed: [] };
export const INVITE: RoomPolicy = { ...OPEN, access: "invite" };

export interface RecordParts {
  readonly kind?: RecordKind;
  readonly server?: string;
  readonly identity: string;
  readonly deviceId?: Uint8Array;
  readonly notAfter?: number;
}

/** A person's user key, as a seed; a device's likewise. */
export function seed(): Uint8Array {
  return randomBytes(32);
}

function publicKey(of: Uint8Array): Buffer {
  return createPublicKey(privateKey(of)).export({ format: "der", type: "spki" }).subarray(-32);
}

/** As docs/device-record.md says it, written down a second time on purpose. */
export function makeRecord(parts: RecordParts, user: Uint8Array, device: Uint8Array): Buffer {
  const { kind = "person", server = "server", identity, deviceId = randomBytes(16), notAfter = 0 } = parts;
  const end = Buffer.alloc(8);
  end.writeBigUInt64BE(BigInt(notAfter));
  const unsigned = Buffer.concat([
    Buffer.of(1, 1 + ["person", "machine", "address", "name"].indexOf(kind)),
    ...[Buffer.from(server), Buffer.from(identity), Buffer.from(`${identity}@example.com`), deviceId].map(field),
    ...[Buffer.from("laptop"), Buffer.from("n1"), publicKey(user), end].map(field),
  ]);
  const signed = Buffer.concat([Buffer.from("padserve device record v1\0"), unsigned, field(publicKey(device))]);
  return Buffer.concat([unsigned, field(sign(null, signed, privateKey(user)))]);
}

/** An engine for a new device of somebody. */
export function newDevice(parts: RecordParts, user: Uint8Array = seed()): GroupEngine {
  const device = seed();
  return createGroupEngine({ seed: device, record: makeRecord(parts, user, device) });
}

function field(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
}

function privateKey(of: Uint8Array): ReturnType<typeof createPrivateKey> {
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), of]);
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}
