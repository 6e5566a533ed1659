import { get } from "../core/persistent-map.ts";
import type { DeviceId, GroupId } from "./ids.ts";
import { activeMembers, addableDevice, isBarred } from "./members.ts";
import type { State } from "./state.ts";

/** Whether a member may add this device to a room that it could enter by itself: it isn't there yet, and has left key packages. */
export function mayBeAdded(state: State, id: GroupId, device: DeviceId): boolean {
  const group = get(state.groups, id);
  if (group?.status.kind !== "open" || group.access !== "open" || device in group.members) return false;
  const known = addableDevice(state, device);
  if ("refusal" in known || known.owner.kind === "machine") return false;
  const packages = get(state.packages, device);
  return packages !== undefined && (packages.references.length > 0 || packages.lastResort !== null);
}

/** Members that are there and may commit. */
export function membersThere(state: State, id: GroupId): DeviceId[] {
  const group = get(state.groups, id);
  if (group === undefined) return [];
  return activeMembers(group).filter((device) => {
    const row = get(state.devices, device);
    const isThere = get(state.online, device) !== undefined;
    return isThere && row !== undefined && !row.removed && !isBarred(state, row.owner);
  });
}
