import { get } from "../core/persistent-map.ts";
import type { Trim } from "../core/ports.ts";
import type { ServerCommand } from "./commands.ts";
import { refuse, reply, type Context, type Decision } from "./decision.ts";
import type { DeviceId } from "./ids.ts";
import { liftedOrders, removalOrders } from "./removals.ts";
import { packageLog } from "./logs.ts";
import { knownDevice, sameOwner } from "./members.ts";
import type { GroupRefusal } from "./refusals.ts";
import type { PackagesRow, Row } from "./rows.ts";
import { ownerKey, type State } from "./state.ts";

type Online = Extract<ServerCommand, { kind: "device-online" }>;

/**
 * A device that has proved to hold its key says hello. The first user key of an owner is compared and set here, so that of two
 * new devices only one can be the first; the counter rises with each hello, so that a copy shows (SEALED.md 5 and 9).
 */
export function decideOnline(state: State, command: Online, { at }: Context): Decision {
  const refusal = refusalOfOnline(state, command);
  if (refusal !== null) return refuse(refusal);
  const { device: id, owner, key, userKey, record, counter } = command;
  const before = get(state.devices, id);
  const rows: Row[] = [
    {
      table: "device",
      key: id,
      value: { owner, key, userKey, record, counter, since: before?.since ?? at, seen: at, removed: false },
    },
  ];
  if (get(state.userKeys, ownerKey(owner)) === undefined) {
    rows.push({ table: "user-key", key: ownerKey(owner), value: { userKey, since: at } });
  }
  const packages = get(state.packages, id);
  // Whoever was unseen for long is back before anybody has removed it.
  const lifted = liftedOrders(state, [id], "unseen");
  return {
    rows: [...rows, ...lifted.rows],
    appends: [],
    trims: [],
    pushes: lifted.pushes,
    live: [{ kind: "device-came", device: id, session: command.session, replaced: get(state.online, id) ?? null }],
    reply: {
      kind: "online",
      packages: packages?.references.length ?? 0,
      lastResort: (packages?.lastResort ?? null) !== null,
    },
  };
}

/** Why a device may not come; null: it may. */
export function refusalOfOnline(state: State, command: Online): GroupRefusal | null {
  const { owner, userKey } = command;
  const known = get(state.devices, command.device);
  if (get(state.barred, ownerKey(owner)) !== undefined) return { reason: "not-allowed" };
  if (known?.removed === true) return { reason: "device-removed" };
  if (known !== undefined && (known.key !== command.key || !sameOwner(known.owner, owner))) {
    return { reason: "wrong-device" };
  }
  if (known !== undefined && command.counter <= known.counter) return { reason: "rolled-back" };
  const first = get(state.userKeys, ownerKey(owner));
  if (first !== undefined && first.userKey !== userKey) return { reason: "other-user-key", userKey: first.userKey };
  if (known !== undefined) return null;
  const { maxDevices, maxDevicesPerOwner } = state.settings;
  const own = [...(get(state.devicesOf, ownerKey(owner)) ?? [])].filter((id) => isLive(state, id));
  return state.deviceCount >= maxDevices || own.length >= maxDevicesPerOwner
    ? { reason: "too-many", of: "devices" }
    : null;
}

export function decideOffline({ session }: Extract<ServerCommand, { kind: "device-offline" }>): Decision {
  return { ...reply({ kind: "done" }), live: [{ kind: "device-gone", session }] };
}

/** A device that is gone for good: nobody can add it any more, and it is to be removed wherever it is a member. */
export function decideRemoveDevice(
  state: State,
  { device: id, why }: Extract<ServerCommand, { kind: "remove-device" }>,
  { at }: Context,
): Decision {
  const device = knownDevice(state, id);
  if ("refusal" in device) return device;
  const packages = get(state.packages, id);
  const rows: Row[] = [{ table: "device", key: id, value: { ...device, removed: true } }];
  if (packages !== undefined) rows.push({ table: "packages", key: id, value: null });
  const orders = removalOrders(state, [id], why, at);
  return {
    rows: [...rows, ...orders.rows],
    appends: [],
    trims: packages === undefined ? [] : [{ log: packageLog(id), through: lastPackage(packages), lasting: true }],
    pushes: orders.pushes,
    reply: { kind: "done" },
  };
}

/** An owner's devices are gone for good, and the user key with them: whoever is that owner next sets the first one anew. */
export function decideReleaseOwner(
  state: State,
  { owner }: Extract<ServerCommand, { kind: "release-owner" }>,
  { at }: Context,
): Decision {
  const own = [...(get(state.devicesOf, ownerKey(owner)) ?? [])];
  const rows: Row[] = [];
  const trims: Trim[] = [];
  if (get(state.userKeys, ownerKey(owner)) !== undefined) {
    rows.push({ table: "user-key", key: ownerKey(owner), value: null });
  }
  for (const id of own) {
    const device = get(state.devices, id);
    if (device !== undefined) rows.push({ table: "device", key: id, value: { ...device, removed: true } });
    const packages = get(state.packages, id);
    if (packages === undefined) continue;
    rows.push({ table: "packages", key: id, value: null });
    trims.push({ log: packageLog(id), through: lastPackage(packages), lasting: true });
  }
  const orders = removalOrders(state, own, "device-removed", at);
  return { ...reply({ kind: "done" }), rows: [...rows, ...orders.rows], trims, pushes: orders.pushes };
}

/** The number of the last key package that was ever published. */
export function lastPackage({ first, references }: PackagesRow): number {
  return first + references.length - 1;
}

function isLive(state: State, id: DeviceId): boolean {
  return get(state.devices, id)?.removed === false;
}
