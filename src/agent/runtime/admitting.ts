import { createObservers } from "../../mls/create-observers.ts";
import { readRecord } from "../../mls/identity/device-record.ts";
import { sameBytes } from "../../mls/identity/bytes.ts";
import { toBytes, toText } from "../delivery/base64url.ts";
import type { OwedDevice } from "../storage/kept.ts";
import type { Entrance } from "./entrance.ts";
import { MOST_ADDED, takeThoseThere } from "./take-packages.ts";

const observers = createObservers();

/**
 * How long a successor's maker is left to add whom it knows, and how long it waits for others than those before it says anything; how long it waits at most
 * before it has tried, and whoever else is in, who can't know that. In milliseconds.
 */
export const TIMEOUT = 3_000;
export const LONGEST = 15_000;

/**
 * Adds to a successor who was in the group before it: whom the server knows and has a key package of. The rest stays owed, until they
 * come back there. True: nobody is owed anything any more.
 */
export async function admitOwed(entrance: Entrance, group: Uint8Array): Promise<boolean> {
  const { store, groups, system } = entrance;
  const session = groups.session(toText(group));
  const kept = await store.group(group);
  if (session === null || kept === null || kept.owed.length === 0 || kept.row.successor !== null) return true;
  const { row, members } = await session.look();
  if (row.status !== "active") return false;
  const isThere = ({ deviceId }: OwedDevice) => members.some((member) => sameBytes(member.deviceId, deviceId));
  const settled = kept.owed.filter(isThere).map(({ deviceId }) => deviceId);
  if (settled.length > 0) await store.commit([{ kind: "owed-settled", group, devices: settled }]);
  const owed = kept.owed.filter((device) => !isThere(device));
  if (owed.length === 0) return true;
  for (let from = 0; from < owed.length; from += MOST_ADDED) {
    const devices = await packagesOf(entrance, group, owed.slice(from, from + MOST_ADDED));
    if (devices.length > 0) await session.commit({ kind: "add", devices });
  }
  // Who could be added is in; the others may take their time.
  session.awaitUntil(system.now() + TIMEOUT);
  groups.wake(toText(group));
  return false;
}

/** A key package of each of them that can be had. The server chooses it: it must be of the very device that was there. */
async function packagesOf(
  entrance: Entrance,
  group: Uint8Array,
  owed: readonly OwedDevice[],
): Promise<{ readonly deviceId: Uint8Array; readonly keyPackage: Uint8Array }[]> {
  const asked = owed.map(({ deviceId }) => toText(deviceId));
  const taken = await takeThoseThere(entrance, toText(group), asked);
  return taken.flatMap(({ device, keyPackage }) => {
    const known = owed.find(({ deviceId }) => toText(deviceId) === device);
    return known === undefined || !isOf(entrance, keyPackage, known) ? [] : [{ deviceId: toBytes(device), keyPackage }];
  });
}

function isOf({ self, system }: Entrance, keyPackage: Uint8Array, { deviceId, deviceKey }: OwedDevice): boolean {
  try {
    const inspected = observers.inspectKeyPackage(keyPackage, Math.floor(system.now() / 1000));
    const read = readRecord(inspected.record, inspected.deviceKey);
    if (!read.ok || !sameBytes(inspected.deviceKey, deviceKey)) return false;
    const { server } = read.record;
    const isHere = sameBytes(read.record.deviceId, deviceId) && sameBytes(server, self.server);
    return isHere && self.people.blocks({ ...read.record, identity: read.record, deviceKey }) === null;
  } catch {
    // An EngineError: it is none, or has expired.
    return false;
  }
}
