import { get } from "../core/persistent-map.ts";
import type { Trim } from "../core/ports.ts";
import type { DeviceCommand, ServerCommand } from "./commands.ts";
import { refuse, reply, type Context, type Decision, type LiveEvent, type Push } from "./decision.ts";
import type { DeviceId } from "./ids.ts";
import { liftedOrders, removalOrders } from "./removals.ts";
import { packageLog } from "./logs.ts";
import { confirmedDevice, knownDevice, liveDevicesOf, sameOwner } from "./members.ts";
import { takesOver } from "./receipts.ts";
import type { GroupRefusal } from "./refusals.ts";
import type { Owner, PackagesRow, RemovalReason, Row, UserKeyRow } from "./rows.ts";
import { incarnationOf, ownerKey, type State } from "./state.ts";

type Online = Extract<ServerCommand, { kind: "device-online" }>;

/**
 * A device that has proved to hold its key says hello. The first user key of an owner is compared and set here, so that of two
 * new devices only one can be the first; the counter rises with each hello, so that a copy shows (SEALED.md 5 and 9). A device
 * that was away while its owner's user key was replaced comes with its former record: it has a row under the present key, which stays.
 */
export function decideOnline(state: State, command: Online, { at }: Context): Decision {
  const refusal = refusalOfOnline(state, command);
  if (refusal !== null) return refuse(refusal);
  const { device: id, owner, key, userKey, record, counter } = command;
  const before = get(state.devices, id);
  const present = get(state.userKeys, ownerKey(owner));
  const takesKey = present !== undefined && isTaken(state, command, present);
  const isFormer = present !== undefined && present.userKey !== userKey && !takesKey;
  const sealKey = command.sealKey ?? before?.sealKey;
  const now = { counter, since: before?.since ?? at, seen: at, removed: false, ...(sealKey && { sealKey }) };
  const device = isFormer && before !== undefined ? { ...before, ...now } : { owner, key, userKey, record, ...now };
  const forgotten = before === undefined ? forgottenDevices(state, owner) : [];
  const rows: Row[] = [{ table: "device", key: id, value: device }, ...forgotten];
  const live: LiveEvent[] = [];
  const pushes: Push[] = [];
  if (present === undefined) {
    const value = { userKey, since: at, first: userKey, incarnation: incarnationOf(state), floor: at };
    rows.push({ table: "user-key", key: ownerKey(owner), value });
  } else if (takesKey) {
    const taken = takeKey(state, command, present, at);
    rows.push(...taken.rows);
    pushes.push(...taken.pushes);
    live.push(...taken.live);
  }
  // It has come with what waited for it.
  if (!isFormer && get(state.confirmations, id) !== undefined) {
    rows.push({ table: "confirmation", key: id, value: null });
  }
  if (!isFormer && get(state.pending, id) !== undefined) rows.push({ table: "pending", key: id, value: null });
  const packages = get(state.packages, id);
  // Whoever was unseen for long is back before anybody has removed it; or it was removed by those whose key isn't the present one.
  const lifted = liftedOrders(state, [id], before?.removed === true ? "device-removed" : "unseen");
  const isNews = before === undefined ? liveDevicesOf(state, owner).length > 0 : before.record !== device.record;
  const others = { to: liveDevicesOf(state, owner), except: id, push: { kind: "devices" } } as const;
  /** A group in which others are to be removed, and this device isn't any more. */
  const merged = (row: Row): Row => {
    const other = rows.find((one) => isSameRow(one, row));
    if (row.table !== "group" || other?.table !== "group" || row.value === null || other.value === null) return row;
    const ordered = Object.fromEntries(Object.entries(other.value.ordered).filter(([each]) => each !== id));
    return { ...row, value: { ...other.value, ordered } };
  };
  return {
    rows: [...rows.filter((row) => !lifted.rows.some((one) => isSameRow(one, row))), ...lifted.rows.map(merged)],
    appends: [],
    trims: [],
    pushes: [...pushes, ...lifted.pushes, ...(isNews ? [others] : [])],
    live: [
      ...live,
      { kind: "device-came", device: id, session: command.session, replaced: get(state.online, id) ?? null },
    ],
    reply: {
      kind: "online",
      packages: packages?.references.length ?? 0,
      lastResort: (packages?.lastResort ?? null) !== null,
      isNews,
    },
  };
}

/** Why a device may not come; null: it may. */
export function refusalOfOnline(state: State, command: Online): GroupRefusal | null {
  const { owner, userKey } = command;
  const known = get(state.devices, command.device);
  if (get(state.barred, ownerKey(owner)) !== undefined) return { reason: "not-allowed" };
  const present = get(state.userKeys, ownerKey(owner));
  const takesKey = present !== undefined && isTaken(state, command, present);
  if (known?.removed === true && !takesKey) return { reason: "device-removed" };
  if (known !== undefined && (known.key !== command.key || !sameOwner(known.owner, owner))) {
    return { reason: "wrong-device" };
  }
  if (known !== undefined && command.counter <= known.counter) return { reason: "rolled-back" };
  if (present !== undefined && present.userKey !== userKey && !takesKey) {
    return known?.userKey === present.userKey ? null : { reason: "other-user-key", userKey: present.userKey };
  }
  return known === undefined ? refusalOfNewDevice(state, liveDevicesOf(state, owner).length) : null;
}

/** `own`: how many its owner has already. */
export function refusalOfNewDevice(state: State, own: number): GroupRefusal | null {
  const { maxDevices, maxDevicesPerOwner } = state.settings;
  return state.deviceCount >= maxDevices || own >= maxDevicesPerOwner ? { reason: "too-many", of: "devices" } : null;
}

/**
 * Devices count against all owners' bound, removed ones too: whoever makes and removes one after another would take the room of all others.
 * An id that is forgotten so may be used again, by who can sign a record for it; a group that knows the device keeps it.
 *
 * @param more so many removed ones are about to be added
 */
export function forgottenDevices(state: State, owner: Owner, more = 0): Row[] {
  const seen = (id: DeviceId) => get(state.devices, id)?.seen ?? 0;
  const removed = [...(get(state.devicesOf, ownerKey(owner)) ?? [])].filter((id) => get(state.devices, id)?.removed);
  const surplus = removed.length + more - state.settings.maxRemovedPerOwner;
  if (surplus <= 0) return [];
  const isIn = (id: DeviceId) => get(state.groupsOf, id) !== undefined || get(state.welcomesOf, id) !== undefined;
  const forgettable = removed.filter((id) => !isIn(id)).toSorted((a, b) => seen(a) - seen(b) || (a < b ? -1 : 1));
  return forgettable.slice(0, surplus).flatMap((key) => [
    { table: "device", key, value: null },
    { table: "packages", key, value: null },
  ]);
}

/** Whether this server itself had taken the key of this device before it was restored from an older backup, see receipts.ts. */
function isTaken(state: State, { userKey, receipt = null }: Online, present: UserKeyRow): boolean {
  return userKey !== present.userKey && receipt !== null && takesOver(receipt, present, incarnationOf(state));
}

/** The key that was the present one before the restore is it again; who comes with another waits to be confirmed. */
function takeKey(state: State, { device, owner, userKey, receipt = null }: Online, present: UserKeyRow, at: number) {
  const { since, incarnation } = receipt ?? present;
  const { first = present.userKey } = present;
  const value: UserKeyRow = { userKey, since, first, ...(incarnation !== undefined && { incarnation }) };
  const rows: Row[] = [{ table: "user-key", key: ownerKey(owner), value }];
  for (const id of get(state.confirmedOf, ownerKey(owner)) ?? []) {
    if (get(state.confirmations, id)?.userKey !== userKey) rows.push({ table: "confirmation", key: id, value: null });
  }
  const former = liveDevicesOf(state, owner).filter((id) => get(state.devices, id)?.userKey !== userKey);
  const others = former.filter((id) => id !== device);
  // Whoever comes into a group later couldn't tell whose leaves these are; one that comes with the present key is no more to be removed.
  const orders = removalOrders(state, others, "unseen", at);
  return {
    rows: [...rows, ...orders.rows],
    pushes: orders.pushes,
    // They come again at once: who has the present key by then is let in, and the others are refused for good.
    live: former.flatMap((id) => endOf(state, id, { reason: "other-user-key", userKey })),
  };
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
  return "refusal" in device ? device : { ...reply({ kind: "done" }), ...gone(state, [id], at, why) };
}

/** One of an owner's devices says that another one is no more, such as one that it has taken the place of. */
export function decideRetire(
  state: State,
  { device: id, other }: Extract<DeviceCommand, { kind: "dismiss-device" | "retire-device" }>,
  { at }: Context,
): Decision {
  const device = confirmedDevice(state, id);
  if ("refusal" in device) return device;
  const row = get(state.devices, other);
  if (row === undefined || !sameOwner(row.owner, device.owner))
    return refuse({ reason: "unknown-device", device: other });
  if (other === id) return refuse({ reason: "wrong-device" });
  if (row.removed) return reply({ kind: "done" });
  const left = gone(state, [other], at);
  const changed = { to: liveDevicesOf(state, row.owner), except: other, push: { kind: "devices" } } as const;
  return { ...reply({ kind: "done" }), ...left, pushes: [...left.pushes, changed] };
}

/** An owner's devices are gone for good, and the user key with them: whoever is that owner next sets the first one anew. */
export function decideReleaseOwner(
  state: State,
  { owner }: Extract<ServerCommand, { kind: "release-owner" }>,
  { at }: Context,
): Decision {
  const key = ownerKey(owner);
  const rows: Row[] = [];
  if (get(state.userKeys, key) !== undefined) rows.push({ table: "user-key", key, value: null });
  for (const id of get(state.pendingOf, key) ?? []) rows.push({ table: "pending", key: id, value: null });
  for (const id of get(state.confirmedOf, key) ?? []) rows.push({ table: "confirmation", key: id, value: null });
  const left = gone(state, [...(get(state.devicesOf, key) ?? [])], at);
  // Whoever waited there may be the first now, and hears so when it asks again.
  const waiting = [...(get(state.pendingOf, key) ?? [])];
  const live = [...left.live, ...waiting.flatMap((id) => endOf(state, id, { reason: "timed-out" }))];
  return { ...reply({ kind: "done" }), ...left, rows: [...rows, ...left.rows], live };
}

/** What it takes that these devices are gone for good: their packages go, their connections end, and members hear whom to remove. */
export function gone(state: State, devices: readonly DeviceId[], at: number, why: RemovalReason = "device-removed") {
  const rows: Row[] = [];
  const trims: Trim[] = [];
  const live: LiveEvent[] = [];
  for (const id of devices) {
    const device = get(state.devices, id);
    if (device !== undefined) rows.push({ table: "device", key: id, value: { ...device, removed: true } });
    if (get(state.confirmations, id) !== undefined) rows.push({ table: "confirmation", key: id, value: null });
    if (get(state.pending, id) !== undefined) rows.push({ table: "pending", key: id, value: null });
    const packages = get(state.packages, id);
    if (packages !== undefined) {
      const last = lastPackage(packages);
      // It may come back (receipts.ts), and then the log's numbers go on.
      const value = { ...packages, first: last + 1, references: [], lastResort: null, handedOut: [] };
      rows.push({ table: "packages", key: id, value });
      if (last > 0) trims.push({ log: packageLog(id, packages.life), through: last, lasting: true });
    }
    live.push(...endOf(state, id, { reason: "device-removed" }));
  }
  const orders = removalOrders(state, devices, why, at);
  return { rows: [...rows, ...orders.rows], trims, live, pushes: orders.pushes };
}

/** The connections of a device end, and are told why. */
export function endOf(state: State, id: DeviceId, refusal: GroupRefusal): LiveEvent[] {
  const sessions = [get(state.online, id), get(state.asking, id)];
  return sessions.flatMap((session) => (session === undefined ? [] : [{ kind: "session-ended", session, refusal }]));
}

/** The number of the last key package that was ever published. */
export function lastPackage({ first, references }: PackagesRow): number {
  return first + references.length - 1;
}

function isSameRow(one: Row, other: Row): boolean {
  return one.table === other.table && one.key === other.key;
}
