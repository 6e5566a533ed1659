/** Members whom the server wants out of their groups: it can exclude, never include (SEALED.md 8). */
import { get } from "../core/persistent-map.ts";
import type { ServerCommand } from "./commands.ts";
import { reply, type Context, type Decision, type Push } from "./decision.ts";
import type { DeviceId, GroupId } from "./ids.ts";
import { activeMembers } from "./members.ts";
import type { GroupRow, Owner, RemovalReason, Row } from "./rows.ts";
import { ownerKey, type State } from "./state.ts";

interface Orders {
  readonly rows: readonly Row[];
  readonly pushes: readonly Push[];
}

const NOTHING: Orders = { rows: [], pushes: [] };

/**
 * An owner is banned: nothing is delivered to any of its devices from now on, nobody is given their key packages, and their leaves are
 * to be removed from all groups.
 */
export function decideBar(state: State, { owner }: { readonly owner: Owner }, { at }: Context): Decision {
  const devices = [...(get(state.devicesOf, ownerKey(owner)) ?? [])];
  return {
    ...reply({ kind: "done" }),
    ...removalOrders(state, devices, "banned", at),
    live: [{ kind: "owner-barred", owner: ownerKey(owner) }],
  };
}

/** The ban is lifted, and with it what nobody has committed yet. */
export function decideUnbar(state: State, { owner }: { readonly owner: Owner }): Decision {
  const devices = [...(get(state.devicesOf, ownerKey(owner)) ?? [])];
  return {
    ...reply({ kind: "done" }),
    ...liftedOrders(state, devices, "banned"),
    live: [{ kind: "owner-unbarred", owner: ownerKey(owner) }],
  };
}

/** Looks at some devices: those that are there have been seen, and those unseen for too long are to be removed. */
export function decideUnseen(
  state: State,
  { devices }: Extract<ServerCommand, { kind: "look-at-devices" }>,
  { at }: Context,
): Decision {
  const { deviceAge } = state.settings;
  const seen: Row[] = [];
  const unseen: DeviceId[] = [];
  for (const id of devices) {
    const device = get(state.devices, id);
    if (device === undefined || device.removed) continue;
    if (get(state.online, id) !== undefined) {
      if (at - device.seen >= A_DAY) seen.push({ table: "device", key: id, value: { ...device, seen: at } });
    } else if (at - device.seen >= deviceAge) unseen.push(id);
  }
  const { rows, pushes } = removalOrders(state, unseen, "unseen", at);
  return { ...reply({ kind: "done" }), rows: [...seen, ...rows], pushes };
}

/** How exactly it is known when a device was there last. */
const A_DAY = 86_400_000;

/** The server wants an owner out of all groups. */
export function decideOrderRemoval(
  state: State,
  { owner, why }: Extract<ServerCommand, { kind: "order-removal" }>,
  { at }: Context,
): Decision {
  const devices = [...(get(state.devicesOf, ownerKey(owner)) ?? [])];
  return { ...reply({ kind: "done" }), ...removalOrders(state, devices, why, at) };
}

/** What orders the removal of these devices from every group that they are in. */
export function removalOrders(state: State, devices: readonly DeviceId[], why: RemovalReason, at: number): Orders {
  return inGroupsOf(state, devices, (id, group, members) => orderIn(state, id, group, { members, why, at }));
}

/** What takes back such orders for this reason, where nobody has committed them yet. */
export function liftedOrders(state: State, devices: readonly DeviceId[], why: RemovalReason): Orders {
  return inGroupsOf(state, devices, (id, group, members) => {
    const lifted = members.filter((device) => group.ordered[device] === why);
    if (lifted.length === 0) return { row: group, push: null };
    const ordered = Object.fromEntries(Object.entries(group.ordered).filter(([device]) => !lifted.includes(device)));
    const row = { ...group, ordered };
    return { row, push: removalDue(state, id, row) };
  });
}

interface Ordered {
  readonly row: GroupRow;
  readonly push: Push | null;
}

/** The removal of these members is ordered in one group. */
export function orderIn(
  state: State,
  id: GroupId,
  group: GroupRow,
  { members, why, at }: { readonly members: readonly DeviceId[]; readonly why: RemovalReason; readonly at: number },
): Ordered {
  // Who has left and is then banned is banned.
  const fresh = members.filter((device) => WEIGHT[why] > WEIGHT[group.ordered[device] ?? "none"]);
  if (fresh.length === 0) return { row: group, push: null };
  const ordered = { ...group.ordered, ...Object.fromEntries(fresh.map((device) => [device, why])) };
  const since = Object.keys(group.ordered).length === 0 ? at : (group.orderedSince ?? at);
  const row = { ...group, ordered, orderedSince: since };
  return { row, push: removalDue(state, id, row) };
}

const WEIGHT = { none: 0, left: 1, unseen: 2, banned: 3, "device-removed": 4 } as const satisfies Record<
  RemovalReason | "none",
  number
>;

/** What members hear, and find in the group's view. */
function removalDue(state: State, id: GroupId, group: GroupRow): Push {
  const due = dueIn(state, group);
  return {
    to: activeMembers(group),
    except: null,
    push: {
      kind: "removal-due",
      group: id,
      devices: due?.devices ?? [],
      since: due?.since ?? 0,
      until: due?.until ?? 0,
    },
  };
}

/** Members that are to be removed, since when, and until when others may still write to them. In milliseconds since 1970. */
export interface RemovalDue {
  readonly devices: readonly DeviceId[];
  readonly since: number;
  readonly until: number;
}

/** Null: nobody is to be removed. */
export function dueIn({ settings }: State, group: GroupRow): RemovalDue | null {
  const devices = Object.keys(group.ordered);
  if (devices.length === 0) return null;
  // A row of a version that didn't know: as if it had been ordered just when the group was made.
  const since = group.orderedSince ?? group.createdAt;
  return { devices, since, until: since + settings.removalTime };
}

function inGroupsOf(
  state: State,
  devices: readonly DeviceId[],
  change: (id: GroupId, group: GroupRow, members: readonly DeviceId[]) => Ordered,
): Orders {
  if (devices.length === 0) return NOTHING;
  const rows: Row[] = [];
  const pushes: Push[] = [];
  const membersIn = new Map<GroupId, DeviceId[]>();
  for (const device of devices) {
    for (const id of get(state.groupsOf, device) ?? []) membersIn.set(id, [...(membersIn.get(id) ?? []), device]);
  }
  for (const [id, candidates] of membersIn) {
    const group = get(state.groups, id);
    if (group?.status.kind !== "open") continue;
    const members = candidates.filter((device) => device in group.members);
    const { row, push } = change(id, group, members);
    if (row !== group) rows.push({ table: "group", key: id, value: row });
    if (push !== null) pushes.push(push);
  }
  return { rows, pushes };
}
