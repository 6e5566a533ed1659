import { sameBytes } from "../../mls/identity/bytes.ts";
import { readRecord, readVerifiedRecord } from "../../mls/identity/device-record.ts";
import type { RecordFields } from "../../mls/identity/device-record.ts";
import { signingKeyOf } from "../../mls/identity/ed25519.ts";
import { isSealKeyOf } from "../../mls/identity/seal-key.ts";
import { MOST_STATED, rotateUserKey } from "../../mls/identity/succession.ts";
import type { OwnDevice as Listed } from "../../wire/frames/devices.ts";
import { toBytes, toText } from "../delivery/base64url.ts";
import { sealUserKey } from "../device/confirmation.ts";
import type { Person } from "../group-sessions/person.ts";
import type { KeptRotation } from "../storage/kept.ts";
import type { Self } from "./introduce.ts";
import { ownWho } from "./introduce.ts";

export interface Rotating {
  readonly self: Self;
  readonly userSeed: Uint8Array;
  /** Ids of the devices that are to be out, in base64url. */
  readonly ids: readonly string[];
  /** All that the server lists as the person's. */
  readonly listed: readonly Listed[];
  /** The person's leaves in all groups that this device is in. */
  readonly leaves: readonly Person[];
}

/** A device that stays, checked. */
interface Staying {
  readonly fields: RecordFields;
  readonly deviceKey: Uint8Array;
  readonly sealKey: Uint8Array | null;
}

/**
 * The new user key, and what the server and the groups are to be told of it; a word for why there is none. Only devices whose listed record is
 * the person's by what this device has pinned get the new key: the server can list what it likes. What is neither such a device nor this one goes
 * with the others, also where it is only found in a group.
 */
export function makeRotation({ self, userSeed, ids, listed, leaves }: Rotating): KeptRotation | string {
  const own = toText(self.device.id);
  if (ids.includes(own)) return "own-device";
  if (
    ids.some(
      (id) => listed.every(({ device }) => device !== id) && leaves.every(({ deviceId }) => toText(deviceId) !== id),
    )
  )
    return "no-such-device";
  // Who was confirmed and has not come yet isn't told of the new key: unless it is to go, it waits to be confirmed anew.
  const others = listed.filter(({ device, hasCome }) => device !== own && (hasCome || ids.includes(device)));
  const staying = others.flatMap((device) => (ids.includes(device.device) ? [] : (stayingOf(self, device) ?? [])));
  const known = new Set([own, ...staying.map(({ fields }) => toText(fields.deviceId))]);
  const removed = new Set([...ids, ...others.map(({ device }) => device)].filter((id) => !known.has(id)));
  for (const { deviceId } of leaves) if (!known.has(toText(deviceId))) removed.add(toText(deviceId));
  const read = readVerifiedRecord(self.device.record);
  if (!read.ok) return "unreadable-record";
  if (removed.size === 0 || removed.size + staying.length + 1 > MOST_STATED) return "too-many";

  const former = signingKeyOf(userSeed);
  const ownKey = { fields: read.record, deviceKey: signingKeyOf(self.device.seed).publicKey };
  const who = ownWho(self);
  const listedOut = others.filter(({ device }) => removed.has(device)).map(({ device }) => device);
  const rotation = rotateUserKey(who, former, [ownKey, ...staying], [...removed].map(toBytes));
  const [ownRecord, ...records] = rotation.records;
  if (ownRecord === undefined) return "too-many";
  return {
    seed: rotation.userKey.seed,
    former: former.publicKey,
    statement: rotation.statement,
    // One that only a group still has, such as one that was retired: the server is to be told of one at least.
    removed: (listedOut.length > 0 ? listedOut : [...removed]).map(toBytes),
    own: ownRecord,
    staying: staying.flatMap(({ fields, sealKey }, at) => {
      const record = records[at];
      if (sealKey === null || record === undefined) return [];
      const to = { hpke: self.engine, who, deviceId: fields.deviceId, record, sealKey };
      return [{ device: fields.deviceId, record, sealed: sealUserKey(to, rotation.userKey.seed) }];
    }),
  };
}

/** Null: it isn't the person's, by what is pinned as theirs. Of a seal key that isn't the device's own nothing is made. */
function stayingOf(self: Self, { device, key, record, sealKey }: Listed): Staying | null {
  const [deviceId, deviceKey] = [toBytes(device), toBytes(key)];
  const read = readRecord(record, deviceKey);
  const who = ownWho(self);
  if (!read.ok || !sameBytes(read.record.deviceId, deviceId)) return null;
  const isOwn = read.record.kind === who.kind && read.record.identity === who.identity;
  if (!isOwn || self.people.blocksKey({ ...read.record, identity: who, deviceKey }) !== null) return null;
  if (sealKey === null) return { fields: read.record, deviceKey, sealKey: null };
  const shown = { who, deviceId, sealKey: toBytes(sealKey.key), signature: sealKey.signature };
  return isSealKeyOf(deviceKey, shown) ? { fields: read.record, deviceKey, sealKey: shown.sealKey } : null;
}
