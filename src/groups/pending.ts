/** A second device of a person waits until one of the others says whose it is (SEALED.md 6): the server's word alone adds none. */
import { forEach, get } from "../core/persistent-map.ts";
import type { ConfirmDevice, DeviceCommand, ServerCommand } from "./commands.ts";
import { refuse, reply, type Context, type Decision, type LiveEvent, type Push } from "./decision.ts";
import type { DeviceId } from "./ids.ts";
import { confirmedDevice, isBarred, liveDevicesOf, sameOwner } from "./members.ts";
import type { GroupRefusal } from "./refusals.ts";
import type { ConfirmationRow, Owner, PendingRow, Row } from "./rows.ts";
import { ownerKey, type State } from "./state.ts";

type Ask = Extract<ServerCommand, { kind: "ask-confirmation" }>;

/** A device gets what waits for it, or waits itself: one connection for one device, and the newest connection counts. */
export function decideAsk(state: State, command: Ask, { at }: Context): Decision {
  const refusal = refusalOfAsk(state, command);
  if (refusal !== null) return refuse(refusal);
  const { device: id, owner, key, label, sealKey, token, source, session } = command;
  const fresh = command.fresh && maySpoil(state, command);
  const confirmation = get(state.confirmations, id);
  if (confirmation !== undefined && !fresh) {
    const rows: Row[] = get(state.pending, id) === undefined ? [] : [{ table: "pending", key: id, value: null }];
    return { ...reply({ kind: "confirmation", confirmation }), rows };
  }
  if (isThere(state, command, fresh)) return reply({ kind: "confirmation", confirmation: null });
  const live: LiveEvent[] = [];
  const replaced = get(state.asking, id) ?? null;
  if (replaced !== session) live.push({ kind: "asking-came", device: id, session, replaced });
  const answer = { ...reply({ kind: "confirmation", confirmation: null }), live };
  const before = get(state.pending, id);
  const waiting: PendingRow = {
    owner,
    key,
    label,
    sealKey,
    token,
    source,
    at: before === undefined || fresh ? at : before.at,
  };
  if (before !== undefined && !fresh && isSame(before, waiting)) return answer;

  const rows: Row[] = [{ table: "pending", key: id, value: waiting }];
  if (confirmation !== undefined) rows.push({ table: "confirmation", key: id, value: null });
  const candidates = before === undefined ? whoMakesRoom(state, command) : [];
  const leaving = longestAway(state, candidates);
  if (candidates.length > 0 && leaving === null) return refuse({ reason: "too-many", of: "devices" });
  if (leaving !== null) rows.push({ table: "pending", key: leaving, value: null });
  const push = { kind: "device-waits", device: id, waiting } as const;
  return { ...answer, rows, pushes: [{ to: liveDevicesOf(state, owner), except: id, push }] };
}

function refusalOfAsk(state: State, { device: id, owner, key, session }: Ask): GroupRefusal | null {
  if (isBarred(state, owner)) return { reason: "not-allowed" };
  if (get(state.userKeys, ownerKey(owner)) === undefined) return { reason: "no-user-key" };
  const known = get(state.devices, id);
  if (known?.removed === true) return { reason: "device-removed" };
  for (const row of [known, get(state.pending, id), get(state.confirmations, id)]) {
    if (row !== undefined && (row.key !== key || !sameOwner(row.owner, owner))) return { reason: "wrong-device" };
  }
  if ((get(state.devicesAsking, session) ?? id) !== id) return { reason: "wrong-device" };
  return null;
}

/**
 * Asking proves no key: one of the person's devices, removed since, knows all that another one asks with. So what waits for a device that is
 * known under the present user key is given up by nobody but who has said hello as it.
 */
function maySpoil(state: State, { device: id, owner, session }: Ask): boolean {
  const present = get(state.userKeys, ownerKey(owner))?.userKey;
  return get(state.devices, id)?.userKey !== present || get(state.online, id) === session;
}

/** One that is here under the present user key has come with its confirmation already, however late it asks. */
function isThere(state: State, { device: id, owner }: Ask, fresh: boolean): boolean {
  const isOwn = get(state.devices, id)?.userKey === get(state.userKeys, ownerKey(owner))?.userKey;
  return isOwn && !fresh && get(state.online, id) !== undefined;
}

function isSame(a: PendingRow, b: PendingRow): boolean {
  return a.label === b.label && a.token === b.token && a.sealKey.key === b.sealKey.key;
}

/** Of whom one must go before one more comes; none: there is room. Where all places are taken it is one of the source that has most of them. */
function whoMakesRoom(state: State, { owner, source }: Ask): readonly DeviceId[] {
  const { maxPending, maxPendingPerOwner, maxPendingPerSource, maxPendingOfName } = state.settings;
  const ofOwner = [...(get(state.pendingOf, ownerKey(owner)) ?? [])];
  const from = (id: DeviceId) => get(state.pending, id)?.source ?? "";
  const isFromHere = (id: DeviceId) => from(id) === source;
  if (owner.kind === "name" && ofOwner.filter(isFromHere).length >= maxPendingOfName) {
    return ofOwner.filter(isFromHere);
  }
  if (ofOwner.length >= maxPendingPerOwner) return ofMost(ofOwner, from);
  const all: DeviceId[] = [];
  forEach(state.pending, (_, id) => all.push(id));
  if (all.filter(isFromHere).length >= maxPendingPerSource) return all.filter(isFromHere);
  return all.length >= maxPending ? ofMost(all, from) : [];
}

/** Those from the source that most of them are from. */
function ofMost(ids: readonly DeviceId[], from: (id: DeviceId) => string): readonly DeviceId[] {
  return [...Map.groupBy(ids, from).values()].reduce((most, each) => (each.length > most.length ? each : most), []);
}

/** A device that is connected stays, whoever comes; null: all are. */
function longestAway(state: State, ids: readonly DeviceId[]): DeviceId | null {
  const since = (id: DeviceId) => get(state.pending, id)?.at ?? 0;
  const away = ids.filter((id) => get(state.asking, id) === undefined);
  return away.toSorted((a, b) => since(a) - since(b) || (a < b ? -1 : 1))[0] ?? null;
}

/** One of the owner's devices has made a record for a device that waits: under the present user key, and no other. */
export function decideConfirm(state: State, command: ConfirmDevice, { at }: Context): Decision {
  const { device: id, other, owner, key, userKey, record, sealed } = command;
  const device = confirmedDevice(state, id);
  if ("refusal" in device) return device;
  const waiting = waitingOf(state, device.owner, other);
  if (waiting === null) {
    // Another device of theirs was faster, with a record that is as good.
    const kept = get(state.confirmations, other);
    const isKept = kept?.key === key && kept.userKey === device.userKey && sameOwner(kept.owner, device.owner);
    return isKept ? reply({ kind: "done" }) : refuse({ reason: "unknown-device", device: other });
  }
  const isIts = key === waiting.key && sameOwner(owner, device.owner) && userKey === device.userKey;
  if (!isIts) return refuse({ reason: "wrong-device" });
  const others = new Set([...liveDevicesOf(state, device.owner), ...(get(state.confirmedOf, ownerKey(owner)) ?? [])]);
  if (others.add(other).size > state.settings.maxDevicesPerOwner) return refuse({ reason: "too-many", of: "devices" });
  const confirmation: ConfirmationRow = { owner, key, userKey, record, sealed, statement: null, at };
  return {
    ...reply({ kind: "done" }),
    rows: [
      { table: "pending", key: other, value: null },
      { table: "confirmation", key: other, value: confirmation },
    ],
    pushes: [
      { to: [other], except: null, push: { kind: "confirmed", device: other, confirmation } },
      devicesChanged(state, device.owner),
    ],
  };
}

/** It may ask again; its connection ends, so that it doesn't wait for nothing. */
export function decideDismiss(
  state: State,
  { device: id, other }: Extract<DeviceCommand, { kind: "dismiss-device" | "retire-device" }>,
): Decision {
  const device = confirmedDevice(state, id);
  if ("refusal" in device) return device;
  if (waitingOf(state, device.owner, other) === null) return refuse({ reason: "unknown-device", device: other });
  return {
    ...reply({ kind: "done" }),
    rows: [{ table: "pending", key: other, value: null }],
    pushes: [devicesChanged(state, device.owner)],
    live: askingEnds(state, other, { reason: "not-allowed" }),
  };
}

/** Of a device that is known already nothing is forgotten but with it: there is one for each at most. */
export function decideForgetWaiting(state: State, { at }: Context): Decision {
  const { pendingAge, confirmationAge } = state.settings;
  const rows: Row[] = [];
  const live: LiveEvent[] = [];
  forEach(state.pending, (waiting, id) => {
    if (at - waiting.at < pendingAge) return;
    rows.push({ table: "pending", key: id, value: null });
    live.push(...askingEnds(state, id, { reason: "not-allowed" }));
  });
  forEach(state.confirmations, (confirmation, id) => {
    const isKnown = get(state.devices, id)?.removed === false;
    if (isKnown || at - confirmation.at < confirmationAge) return;
    rows.push({ table: "confirmation", key: id, value: null });
  });
  return { ...reply({ kind: "done" }), rows, live };
}

/** What an owner's devices hear when there are others of them than before. */
export function devicesChanged(state: State, owner: Owner): Push {
  return { to: liveDevicesOf(state, owner), except: null, push: { kind: "devices" } };
}

function waitingOf(state: State, owner: Owner, id: DeviceId): PendingRow | null {
  const row = get(state.pending, id);
  return row === undefined || !sameOwner(row.owner, owner) ? null : row;
}

/** The connection on which a device asks ends, and is told why. */
function askingEnds(state: State, id: DeviceId, refusal: GroupRefusal): LiveEvent[] {
  const session = get(state.asking, id);
  return session === undefined ? [] : [{ kind: "session-ended", session, refusal }];
}
