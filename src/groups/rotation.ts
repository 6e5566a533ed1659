/**
 * A removed device knows the user key, so another takes its place (SEALED.md 7). The server only orders: which key is the present one,
 * and so which devices may come. Whether the new key is the old one's successor, members judge by themselves.
 */
import { get } from "../core/persistent-map.ts";
import type { KeepSuccessions, RotateUserKey, ServerCommand } from "./commands.ts";
import { refuse, reply, type Context, type Decision, type Push } from "./decision.ts";
import { endOf, forgottenDevices, gone, refusalOfNewDevice } from "./devices.ts";
import type { DeviceId } from "./ids.ts";
import { confirmedDevice, confirmedDevicesOf, isBarred, liveDevicesOf, sameOwner } from "./members.ts";
import { devicesChanged } from "./pending.ts";
import { floorOf } from "./receipts.ts";
import type { GroupRefusal } from "./refusals.ts";
import type { ConfirmationRow, DeviceRow, Owner, Row } from "./rows.ts";
import { incarnationOf, ownerKey, type State } from "./state.ts";

/** Of one owner that are kept: as many former keys as a pin remembers (mls/identity/judge-succession.ts). */
const MOST_STATEMENTS = 8;

/** One user key in place of another (compare and set), without the devices that are removed; those that stay find what they need. */
export function decideRotate(state: State, command: RotateUserKey, { at }: Context): Decision {
  const device = confirmedDevice(state, command.device);
  if ("refusal" in device) return device;
  const { owner } = device;
  const present = get(state.userKeys, ownerKey(owner));
  // Told again, since the answer was lost.
  if (device.userKey === command.userKey && command.former !== command.userKey) return reply({ kind: "done" });
  const refusal = refusalOfRotation(state, command, device);
  if (refusal !== null || present === undefined) return refuse(refusal ?? { reason: "no-user-key" });

  const { userKey, statement, removed, staying, own } = command;
  const left = gone(state, removed, at);
  const neverCame = removedBeforeTheyCame(state, removed, at);
  const incarnation = incarnationOf(state);
  const { first = present.userKey } = present;
  const statements = [...(present.statements ?? []), statement].slice(-MOST_STATEMENTS);
  const rows: Row[] = [
    {
      table: "user-key",
      key: ownerKey(owner),
      value: { userKey, since: at, first, incarnation, floor: floorOf(present, incarnation), statements },
    },
    { table: "device", key: command.device, value: { ...device, userKey, record: own.record } },
    ...(neverCame.length === 0 ? [] : forgottenDevices(state, owner, neverCame.length)),
    ...left.rows,
    ...neverCame,
    ...withoutConfirmations(state, owner, new Set(staying.map(({ device: id }) => id))),
  ];
  const pushes: Push[] = [...left.pushes];
  for (const { device: id, key, record, sealed } of staying) {
    const row = get(state.devices, id);
    if (row === undefined || key === null) continue;
    const confirmation: ConfirmationRow = { owner, key, userKey, record, sealed, statement, at };
    rows.push({ table: "device", key: id, value: { ...row, userKey, record } });
    rows.push({ table: "confirmation", key: id, value: confirmation });
    pushes.push({ to: [id], except: null, push: { kind: "confirmed", device: id, confirmation } });
  }
  // Those of a version without a seal key can't be given the new key: they wait to be confirmed anew.
  const named = new Set([command.device, ...removed, ...staying.map(({ device: id }) => id)]);
  const unnamed = liveDevicesOf(state, owner).filter((id) => !named.has(id));
  return {
    rows,
    appends: [],
    trims: left.trims,
    pushes: [...pushes, devicesChanged(state, owner)],
    live: [...left.live, ...unnamed.flatMap((id) => endOf(state, id, { reason: "other-user-key", userKey }))],
    reply: { kind: "done" },
  };
}

function refusalOfRotation(state: State, command: RotateUserKey, { owner, key }: DeviceRow): GroupRefusal | null {
  const { device, former, userKey, removed, staying, own } = command;
  const present = get(state.userKeys, ownerKey(owner))?.userKey;
  if (present === undefined) return { reason: "no-user-key" };
  if (present !== former || userKey === former) return { reason: "other-user-key", userKey: present };
  if (!sameOwner(command.owner, owner) || own.key !== key || removed.includes(device))
    return { reason: "wrong-device" };
  const others = new Set(confirmedDevicesOf(state, owner).filter((id) => id !== device));
  for (const { device: id, key: named } of staying) {
    if (!others.delete(id) || removed.includes(id)) return { reason: "unknown-device", device: id };
    if (get(state.devices, id)?.key !== named) return { reason: "wrong-device" };
  }
  for (const id of removed) {
    const row = get(state.devices, id) ?? get(state.confirmations, id);
    if (row === undefined || !sameOwner(row.owner, owner)) return { reason: "unknown-device", device: id };
    others.delete(id);
  }
  const forgotten = [...others].find((id) => get(state.devices, id)?.sealKey !== undefined);
  return forgotten === undefined ? null : { reason: "unknown-device", device: forgotten };
}

/**
 * Who was confirmed and has not come gets its row now, by which it is known as removed when it comes. Where there is no room for more rows it
 * gets none: then it is as one that asks for the first time, since what confirmed it is void.
 */
function removedBeforeTheyCame(state: State, removed: readonly DeviceId[], at: number): Row[] {
  const rows = [...new Set(removed)].flatMap((id): Row[] => {
    const confirmation = get(state.confirmations, id);
    if (confirmation === undefined || get(state.devices, id) !== undefined) return [];
    const { owner, key, userKey, record } = confirmation;
    const value: DeviceRow = { owner, key, userKey, record, counter: 0, since: at, seen: at, removed: true };
    return [{ table: "device", key: id, value }];
  });
  return rows.slice(0, Math.max(0, state.settings.maxDevices - state.deviceCount));
}

/**
 * What a server that was restored has forgotten of how its owner's user key came to be the present one, one of the owner's devices tells it. It
 * changes no key: it is what others are told who heard of none of it.
 */
export function decideKeepSuccessions(state: State, { device: id, userKey, statements }: KeepSuccessions): Decision {
  const device = confirmedDevice(state, id);
  if ("refusal" in device) return device;
  const key = ownerKey(device.owner);
  const present = get(state.userKeys, key);
  if (present === undefined) return refuse({ reason: "no-user-key" });
  if (present.userKey !== userKey) return refuse({ reason: "other-user-key", userKey: present.userKey });
  // What is there stays: whoever has the key could sign another way to it.
  const there = present.statements ?? [];
  const isMore = statements.length > there.length && there.every((one, at) => one === statements.at(at - there.length));
  if (!isMore) return reply({ kind: "done" });
  const value = { ...present, statements: statements.slice(-MOST_STATEMENTS) };
  return { ...reply({ kind: "done" }), rows: [{ table: "user-key", key, value }] };
}

/** The owner begins anew with one device: for whoever has lost all, and whom the tailnet vouches for. */
export function decideReset(
  state: State,
  command: Extract<ServerCommand, { kind: "reset-user-key" }>,
  { at }: Context,
): Decision {
  const { device: id, owner, key, userKey, record, counter, sealKey, session } = command;
  const refusal = refusalOfReset(state, command);
  if (refusal !== null) return refuse(refusal);
  const left = gone(state, liveDevicesOf(state, owner), at);
  const incarnation = incarnationOf(state);
  const device: DeviceRow = { owner, key, userKey, record, counter, since: at, seen: at, removed: false, sealKey };
  const pending = [...(get(state.pendingOf, ownerKey(owner)) ?? [])];
  const others = pending.filter((one) => one !== id && get(state.asking, one) !== session);
  return {
    rows: [
      ...left.rows,
      ...forgottenDevices(state, owner),
      ...withoutConfirmations(state, owner, new Set()),
      ...pending.map((waiting): Row => ({ table: "pending", key: waiting, value: null })),
      {
        table: "user-key",
        key: ownerKey(owner),
        value: { userKey, since: at, first: userKey, incarnation, floor: at },
      },
      { table: "device", key: id, value: device },
    ],
    appends: [],
    trims: left.trims,
    pushes: left.pushes,
    // Whoever waited asks again, now the device that began anew.
    live: [...left.live, ...others.flatMap((one) => endOf(state, one, { reason: "timed-out" }))],
    reply: { kind: "done" },
  };
}

function refusalOfReset(
  state: State,
  { device: id, owner, key, userKey }: Extract<ServerCommand, { kind: "reset-user-key" }>,
): GroupRefusal | null {
  if (isBarred(state, owner)) return { reason: "not-allowed" };
  // Nothing but the key tells who a bare name is.
  if (owner.kind === "name") return { reason: "name-has-key" };
  const known = get(state.devices, id);
  if (known?.removed === true) return { reason: "device-removed" };
  const pending = get(state.pending, id);
  if (known !== undefined || (pending !== undefined && pending.key !== key)) return { reason: "wrong-device" };
  const present = get(state.userKeys, ownerKey(owner))?.userKey;
  if (present === userKey) return { reason: "other-user-key", userKey };
  return refusalOfNewDevice(state, 0);
}

function withoutConfirmations(state: State, owner: Owner, except: ReadonlySet<DeviceId>): Row[] {
  const waiting = [...(get(state.confirmedOf, ownerKey(owner)) ?? [])].filter((id) => !except.has(id));
  return waiting.map((id) => ({ table: "confirmation", key: id, value: null }));
}
