import { get } from "../../core/persistent-map.ts";
import type { State } from "../../groups/state.ts";
import { readVerifiedRecord } from "../../mls/identity/device-record.ts";
import { fromBase64url } from "../groups/found-device.ts";
import type { ComingDevice } from "../groups/user-keys.ts";

/**
 * Whether a hello shows others anything that they don't see yet of this device: it is a new one, or its record says something else than the
 * one that is kept. When a record ends is not shown to anybody.
 */
export function showsNews(state: State, { device, record }: Pick<ComingDevice, "device" | "record">): boolean {
  const before = get(state.devices, device);
  if (before === undefined || before.removed) return true;
  return before.record !== record && shown(before.record) !== shown(record);
}

/** Both records were verified, by this server or the one that kept it. */
function shown(record: string): string {
  const read = readVerifiedRecord(fromBase64url(record));
  if (!read.ok) return record;
  const { kind, identity, label, deviceLabel, node, userKey } = read.record;
  return JSON.stringify([kind, identity, label, deviceLabel, node, Buffer.from(userKey).toString("base64url")]);
}
