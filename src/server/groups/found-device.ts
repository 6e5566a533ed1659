import type { FoundDevice } from "../../groups/commands.ts";
import { readVerifiedRecord } from "../../mls/identity/device-record.ts";
import type { Member } from "../../mls/group-engine.ts";

/** Bytes as the ids, keys and hashes of `src/groups` are written. */
export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}

export function fromBase64url(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64url"));
}

/** What a leaf's record says of its device. The observer has verified it; null all the same if it can't be read, or is of another server. */
export function foundDevice({ record, deviceKey }: Member, server: Uint8Array): FoundDevice | null {
  const read = readVerifiedRecord(record);
  if (!read.ok || base64url(read.record.server) !== base64url(server)) return null;
  const { deviceId, kind, identity } = read.record;
  return { device: base64url(deviceId), key: base64url(deviceKey), owner: { kind, identity } };
}

/** All of them; null if one can't be read. */
export function foundDevices(members: readonly Member[], server: Uint8Array): FoundDevice[] | null {
  const found: FoundDevice[] = [];
  for (const member of members) {
    const device = foundDevice(member, server);
    if (device === null) return null;
    found.push(device);
  }
  return found;
}
