import { get } from "../core/persistent-map.ts";
import type { DeviceId, GroupId } from "./ids.ts";
import { isActive } from "./members.ts";
import { cursorOf } from "./reading.ts";
import type { GroupRow } from "./rows.ts";
import { ownerKey, type State } from "./state.ts";

/** How far the people and machines of a group have got: each as far as the one of its devices that has got furthest. */
export interface Reached {
  /** Whoever has got least far, by the owner's key, and how far. */
  readonly last: { readonly owner: string; readonly number: number };
  /** How far the next one has got; null: there is nobody else. */
  readonly next: number | null;
}

/** Null: nobody is in the group any more. Takes time in proportion to the members. */
export function reachedIn(state: State, id: GroupId, group: GroupRow): Reached | null {
  const furthest = new Map<string, number>();
  for (const device of Object.keys(group.members)) {
    const owner = ownerOf(state, device);
    if (owner === null || !isActive(group, device)) continue;
    furthest.set(owner, Math.max(furthest.get(owner) ?? 0, cursorOf(state, group, id, device)));
  }
  let last: Reached["last"] | null = null;
  let next: number | null = null;
  for (const [owner, number] of furthest) {
    if (last === null || number < last.number) {
      next = last === null ? null : last.number;
      last = { owner, number };
    } else if (next === null || number < next) {
      next = number;
    }
  }
  return last === null ? null : { last, next };
}

/** Up to which number everybody but this device's own person has acknowledged; null: nobody else is there. */
export function reachedBeside(reached: Reached, owner: string): number | null {
  return reached.last.owner === owner ? reached.next : reached.last.number;
}

/** The key of a device's owner; null: no device that is known. */
export function ownerOf(state: State, device: DeviceId): string | null {
  const row = get(state.devices, device);
  return row === undefined ? null : ownerKey(row.owner);
}
