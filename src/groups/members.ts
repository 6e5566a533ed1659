import { get } from "../core/persistent-map.ts";
import type { DeviceId, GroupId } from "./ids.ts";
import type { GroupRefusal } from "./refusals.ts";
import type { DeviceRow, GroupRow, HeadRow, Owner } from "./rows.ts";
import { ownerKey, placeKey, type State } from "./state.ts";

/** A group that goes on, with the end of its log. */
export interface OpenGroup {
  readonly group: GroupRow;
  readonly head: HeadRow;
}

/** The group, if it is there and hasn't ended. */
export function openGroup(state: State, id: GroupId): OpenGroup | { readonly refusal: GroupRefusal } {
  const group = get(state.groups, id);
  const head = get(state.heads, id);
  if (group === undefined || head === undefined) return { refusal: { reason: "unknown-group" } };
  if (group.status.kind === "ended") return { refusal: ended(state, group) };
  return { group, head };
}

function ended(state: State, group: GroupRow): GroupRefusal {
  return { reason: "group-ended", successor: get(state.places, placeKey(group.place)) ?? null };
}

/** Whether a device is in the group and may go on there: a member whose removal is ordered hears and says nothing more. */
export function isActive(group: GroupRow, device: DeviceId): boolean {
  return device in group.members && !(device in group.ordered);
}

/** Whether a device that isn't known as a member may be one all the same, of a group whose server was restored from a backup. */
export function mayBelong(state: State, group: GroupRow, id: DeviceId): boolean {
  const device = get(state.devices, id);
  if (device === undefined || device.removed) return false;
  switch (group.place.kind) {
    case "everyone":
    case "room":
      return group.access === "open" && device.owner.kind !== "machine";
    case "direct":
      return group.place.between.some((owner) => sameOwner(owner, device.owner));
  }
}

export function activeMembers(group: GroupRow): DeviceId[] {
  return Object.keys(group.members).filter((device) => !(device in group.ordered));
}

export function sameOwner(a: Owner, b: Owner): boolean {
  return ownerKey(a) === ownerKey(b);
}

/** The devices of an owner that are members. */
export function membersOf(state: State, group: GroupRow, owner: Owner): DeviceId[] {
  return Object.keys(group.members).filter((device) => {
    const row = get(state.devices, device);
    return row !== undefined && sameOwner(row.owner, owner);
  });
}

/** Whether another device of the same owner is in any group. */
export function hasCompanionIn(state: State, device: DeviceId): boolean {
  const owner = get(state.devices, device)?.owner;
  const devices = owner === undefined ? [] : [...(get(state.devicesOf, ownerKey(owner)) ?? [])];
  return devices.some((other) => other !== device && (get(state.groupsOf, other)?.size ?? 0) > 0);
}

/** How many different people and machines the members belong to. */
export function ownersOf(state: State, devices: readonly DeviceId[]): Set<string> {
  const owners = new Set<string>();
  for (const device of devices) {
    const row = get(state.devices, device);
    if (row !== undefined) owners.add(ownerKey(row.owner));
  }
  return owners;
}

/** The device, if it may act. */
export function knownDevice(state: State, id: DeviceId): DeviceRow | { readonly refusal: GroupRefusal } {
  const device = get(state.devices, id);
  if (device === undefined) return { refusal: { reason: "unknown-device", device: id } };
  if (device.removed) return { refusal: { reason: "device-removed" } };
  return isBarred(state, device.owner) ? { refusal: { reason: "not-allowed" } } : device;
}

/** The same, if it is one of its owner's under the present user key. */
export function confirmedDevice(state: State, id: DeviceId): DeviceRow | { readonly refusal: GroupRefusal } {
  const device = knownDevice(state, id);
  if ("refusal" in device) return device;
  const userKey = get(state.userKeys, ownerKey(device.owner))?.userKey;
  if (userKey === undefined) return { refusal: { reason: "no-user-key" } };
  return userKey === device.userKey ? device : { refusal: { reason: "other-user-key", userKey } };
}

/** Devices of an owner that are not removed. */
export function liveDevicesOf(state: State, owner: Owner): DeviceId[] {
  return [...(get(state.devicesOf, ownerKey(owner)) ?? [])].filter((id) => get(state.devices, id)?.removed === false);
}

/** Those of them that are under the owner's present user key. */
export function confirmedDevicesOf(state: State, owner: Owner): DeviceId[] {
  const present = get(state.userKeys, ownerKey(owner))?.userKey;
  return liveDevicesOf(state, owner).filter((id) => get(state.devices, id)?.userKey === present);
}

/** The device, if others may add it: a banned person's is as good as none, and so is one that isn't under its owner's present user key. */
export function addableDevice(state: State, id: DeviceId): DeviceRow | { readonly refusal: GroupRefusal } {
  const device = get(state.devices, id);
  const isOwn = device?.userKey === get(state.userKeys, device === undefined ? "" : ownerKey(device.owner))?.userKey;
  const isThere = device !== undefined && !isBarred(state, device.owner) && (isOwn || device.removed);
  return isThere ? knownDevice(state, id) : { refusal: { reason: "unknown-device", device: id } };
}

/** Whether an owner is banned. */
export function isBarred(state: State, owner: Owner): boolean {
  return get(state.barred, ownerKey(owner)) !== undefined;
}
