/** A person's own devices, as frames tell them: of rows that the delivery service keeps, with their bytes. */
import { get } from "../../core/persistent-map.ts";
import { confirmedDevicesOf } from "../../groups/members.ts";
import type { ConfirmationRow, Owner, PendingRow, SealKey } from "../../groups/rows.ts";
import { ownerKey, type State } from "../../groups/state.ts";
import type { Confirmation, OwnDevice, PendingDevice } from "../../wire/frames/devices.ts";
import type { ReplyBody } from "../../wire/frames/requests.ts";
import { fromBase64url } from "../groups/found-device.ts";

/** Devices under the present user key and those that are confirmed under it and have not come yet, and those that wait, by the time they came. */
export function ownDevices(state: State, owner: Owner): ReplyBody<"own-devices"> {
  const there = new Set(confirmedDevicesOf(state, owner));
  const came = [...there].flatMap((device): OwnDevice[] => {
    const row = get(state.devices, device);
    if (row === undefined) return [];
    const { key, since, seen } = row;
    const online = get(state.online, device) !== undefined;
    const sealKey = row.sealKey === undefined ? null : sent(row.sealKey);
    return [{ device, key, record: fromBase64url(row.record), since, seen, online, sealKey, hasCome: true }];
  });
  const expected = [...(get(state.confirmedOf, ownerKey(owner)) ?? [])].flatMap((device): OwnDevice[] => {
    const row = get(state.confirmations, device);
    if (row === undefined || there.has(device)) return [];
    const { key, at } = row;
    const record = fromBase64url(row.record);
    return [{ device, key, record, since: at, seen: at, online: false, sealKey: null, hasCome: false }];
  });
  const pending = [...(get(state.pendingOf, ownerKey(owner)) ?? [])].flatMap((device): PendingDevice[] => {
    const row = get(state.pending, device);
    return row === undefined ? [] : [sentPending(device, row)];
  });
  return {
    devices: [...came, ...expected].toSorted((a, b) => a.since - b.since || (a.device < b.device ? -1 : 1)),
    pending: pending.toSorted((a, b) => a.at - b.at || (a.device < b.device ? -1 : 1)),
  };
}

/** Of anybody: a member of a group sees as much in the commit that announces it. */
export function successionsOf(state: State, owner: Owner): Uint8Array[] {
  return (get(state.userKeys, ownerKey(owner))?.statements ?? []).map(fromBase64url);
}

export function sentPending(device: string, { key, label, sealKey, token, at }: PendingRow): PendingDevice {
  return { device, key, label, sealKey: sent(sealKey), token: token === null ? null : fromBase64url(token), at };
}

/** @param receipt of its user key, see `UserKeys.receiptWith`. */
export function sentConfirmation(
  { record, sealed, statement }: ConfirmationRow,
  receipt: Uint8Array | null,
): Confirmation {
  return {
    record: fromBase64url(record),
    sealed: fromBase64url(sealed),
    statement: statement === null ? null : fromBase64url(statement),
    receipt,
  };
}

function sent({ key, signature }: SealKey): { key: string; signature: Uint8Array } {
  return { key, signature: fromBase64url(signature) };
}
