/**
 * The delivery service's rules (RFC 9750, section 5): devices, key packages, groups, epochs, logs, Welcomes, cursors. This folder
 * is pure: it knows no socket, no SQL, no clock, no protocol, and no MLS. What an observer found in a handshake comes in as a
 * value, and bytes that are sealed for others are passed on unread.
 *
 * All that must outlive the process is a row with a table and a key; a later row replaces the one before. State is made of
 * rows alone, so what `load` finds and what a commit leaves can't differ.
 */
import { emptyMap, get, put, without, type PersistentMap } from "../core/persistent-map.ts";
import type { SessionId } from "../core/events.ts";
import type { LiveEvent } from "./decision.ts";
import type { DeviceId, GroupId } from "./ids.ts";
import type {
  CommitterRow,
  ConfirmationRow,
  CursorRow,
  DeviceRow,
  GroupRow,
  HeadRow,
  Owner,
  PackagesRow,
  PendingRow,
  Row,
  ServerRow,
  UserKeyRow,
  WelcomeRow,
  WriterRow,
} from "./rows.ts";
import type { Settings } from "./settings.ts";

export interface State {
  readonly settings: Settings;
  /** Null until the first start has made it. */
  readonly server: ServerRow | null;
  readonly devices: PersistentMap<DeviceId, DeviceRow>;
  /** Each owner's present user key, by the owner's key. */
  readonly userKeys: PersistentMap<string, UserKeyRow>;
  /** Devices that ask to be confirmed, and what waits for devices that were. */
  readonly pending: PersistentMap<DeviceId, PendingRow>;
  readonly confirmations: PersistentMap<DeviceId, ConfirmationRow>;
  readonly packages: PersistentMap<DeviceId, PackagesRow>;
  readonly groups: PersistentMap<GroupId, GroupRow>;
  readonly heads: PersistentMap<GroupId, HeadRow>;
  /** By group and device, see `pairKey`. */
  readonly writers: PersistentMap<string, WriterRow>;
  readonly committers: PersistentMap<string, CommitterRow>;
  readonly cursors: PersistentMap<string, CursorRow>;
  /** Welcomes that wait for a device, by group and device. */
  readonly welcomes: PersistentMap<string, WelcomeRow>;

  // What follows from the rows.
  /** The one group that stands for `everyone`, a room's name or a pair of people; see `placeKey`. */
  readonly places: PersistentMap<string, GroupId>;
  /** The group that was made last in each place, whether or not it goes on. */
  readonly lastIn: PersistentMap<string, GroupId>;
  /** Groups that a device is in, or was removed from and may still read its removal of. */
  readonly groupsOf: PersistentMap<DeviceId, ReadonlySet<GroupId>>;
  /** Devices of an owner, by the owner's key. */
  readonly devicesOf: PersistentMap<string, ReadonlySet<DeviceId>>;
  /** The same for those that wait, and for those for which a confirmation does. */
  readonly pendingOf: PersistentMap<string, ReadonlySet<DeviceId>>;
  readonly confirmedOf: PersistentMap<string, ReadonlySet<DeviceId>>;
  readonly welcomesOf: PersistentMap<DeviceId, ReadonlySet<GroupId>>;
  /** Groups that go on and that anybody may see. */
  readonly openRooms: ReadonlySet<GroupId>;
  readonly deviceCount: number;
  readonly groupCount: number;
  /** How many groups that go on each owner has created, by the owner's key. */
  readonly createdBy: PersistentMap<string, number>;
  /** The same for bare names, by the source that they came from. */
  readonly createdFrom: PersistentMap<string, number>;

  // What is gone with the process.
  /** The one connection of each device that is there, and the other way round. */
  readonly online: PersistentMap<DeviceId, SessionId>;
  readonly devicesOnline: PersistentMap<SessionId, DeviceId>;
  /** The same for devices that ask to be confirmed. */
  readonly asking: PersistentMap<DeviceId, SessionId>;
  readonly devicesAsking: PersistentMap<SessionId, DeviceId>;
  /** Owners who are banned, by their keys. */
  readonly barred: PersistentMap<string, true>;
}

function emptyState(settings: Settings): State {
  return {
    settings,
    server: null,
    devices: emptyMap(),
    userKeys: emptyMap(),
    pending: emptyMap(),
    confirmations: emptyMap(),
    packages: emptyMap(),
    groups: emptyMap(),
    heads: emptyMap(),
    writers: emptyMap(),
    committers: emptyMap(),
    cursors: emptyMap(),
    welcomes: emptyMap(),
    places: emptyMap(),
    lastIn: emptyMap(),
    groupsOf: emptyMap(),
    devicesOf: emptyMap(),
    pendingOf: emptyMap(),
    confirmedOf: emptyMap(),
    welcomesOf: emptyMap(),
    openRooms: new Set(),
    deviceCount: 0,
    groupCount: 0,
    createdBy: emptyMap(),
    createdFrom: emptyMap(),
    online: emptyMap(),
    devicesOnline: emptyMap(),
    asking: emptyMap(),
    devicesAsking: emptyMap(),
    barred: emptyMap(),
  };
}

export function initialState(settings: Settings, rows: Iterable<Row>): State {
  let state = emptyState(settings);
  for (const row of rows) state = apply(state, row);
  return state;
}

/** The state with a row put in place of the one with its key, or taken away. Rows are facts: none is refused here. */
export function apply(state: State, row: Row): State {
  switch (row.table) {
    case "server":
      return { ...state, server: row.value };
    // Of no account for any rule: the running server has it from the store.
    case "receipt-key":
      return state;
    case "device":
      return applyDevice(state, row.key, row.value);
    case "pending":
      return {
        ...state,
        pending: set(state.pending, row.key, row.value),
        pendingOf: moved(state.pendingOf, row.key, get(state.pending, row.key), row.value),
      };
    case "confirmation":
      return {
        ...state,
        confirmations: set(state.confirmations, row.key, row.value),
        confirmedOf: moved(state.confirmedOf, row.key, get(state.confirmations, row.key), row.value),
      };
    case "user-key":
      return { ...state, userKeys: set(state.userKeys, row.key, row.value) };
    case "packages":
      return { ...state, packages: set(state.packages, row.key, row.value) };
    case "group":
      return applyGroup(state, row.key, row.value);
    case "head":
      return { ...state, heads: set(state.heads, row.key, row.value) };
    case "writer":
      return { ...state, writers: set(state.writers, row.key, row.value) };
    case "committer":
      return { ...state, committers: set(state.committers, row.key, row.value) };
    case "cursor":
      return { ...state, cursors: set(state.cursors, row.key, row.value) };
    case "welcome":
      return applyWelcome(state, row.key, row.value);
  }
}

/** The state when a device's connection came or went, or an owner was banned. */
export function applyLive(state: State, event: LiveEvent): State {
  switch (event.kind) {
    case "device-came": {
      const { device, session, replaced } = event;
      const others = replaced === null ? state.devicesOnline : without(state.devicesOnline, replaced);
      return { ...state, online: put(state.online, device, session), devicesOnline: put(others, session, device) };
    }
    case "owner-barred":
      return { ...state, barred: put(state.barred, event.owner, true) };
    case "owner-unbarred":
      return { ...state, barred: without(state.barred, event.owner) };
    case "asking-came": {
      const { device, session, replaced } = event;
      const others = replaced === null ? state.devicesAsking : without(state.devicesAsking, replaced);
      return { ...state, asking: put(state.asking, device, session), devicesAsking: put(others, session, device) };
    }
    case "device-gone":
    case "session-ended":
      return goneFrom(state, event.session);
  }
}

/** A connection may be that of a device that is there, of one that asks, or neither. */
function goneFrom(state: State, session: SessionId): State {
  let after = state;
  const device = get(state.devicesOnline, session);
  if (device !== undefined) {
    const devicesOnline = without(after.devicesOnline, session);
    after = { ...after, online: without(after.online, device), devicesOnline };
  }
  const asking = get(state.devicesAsking, session);
  if (asking !== undefined) {
    const devicesAsking = without(after.devicesAsking, session);
    after = { ...after, asking: without(after.asking, asking), devicesAsking };
  }
  return after;
}

/** The devices of each owner when one of them came, changed its owner, or went. */
function moved(
  map: PersistentMap<string, ReadonlySet<DeviceId>>,
  id: DeviceId,
  before: { readonly owner: Owner } | undefined,
  after: { readonly owner: Owner } | null,
): PersistentMap<string, ReadonlySet<DeviceId>> {
  const left = before === undefined ? map : removeFrom(map, ownerKey(before.owner), id);
  return after === null ? left : addTo(left, ownerKey(after.owner), id);
}

function applyDevice(state: State, id: DeviceId, device: DeviceRow | null): State {
  const before = get(state.devices, id);
  const devicesOf = moved(state.devicesOf, id, before, device);
  const deviceCount = state.deviceCount + Number(device !== null) - Number(before !== undefined);
  return { ...state, devices: set(state.devices, id, device), devicesOf, deviceCount };
}

function applyGroup(state: State, id: GroupId, group: GroupRow | null): State {
  const before = get(state.groups, id);
  let { groupsOf, places, lastIn } = state;
  for (const device of before === undefined ? [] : readersOf(before)) groupsOf = removeFrom(groupsOf, device, id);
  for (const device of group === null ? [] : readersOf(group)) groupsOf = addTo(groupsOf, device, id);
  const place = (group ?? before)?.place;
  // A group that has ended leaves its place to a successor.
  if (place !== undefined) {
    const key = placeKey(place);
    if (isOpen(group)) places = put(places, key, id);
    else if (get(places, key) === id) places = without(places, key);
    const last = get(lastIn, key);
    if (group !== null && isLater(group, id, state, last)) lastIn = put(lastIn, key, id);
  }
  const openRooms = withOpenRoom(state.openRooms, id, isOpen(group) && group?.access === "open");
  const change = Number(isOpen(group)) - Number(isOpen(before));
  const { creator, source } = group ?? before ?? {};
  const createdBy = counted(state.createdBy, creator === undefined ? undefined : ownerKey(creator), change);
  const createdFrom = counted(state.createdFrom, source, change);
  const groupCount = state.groupCount + change;
  const groups = set(state.groups, id, group);
  return { ...state, groups, groupsOf, places, lastIn, openRooms, groupCount, createdBy, createdFrom };
}

function counted(
  counts: PersistentMap<string, number>,
  key: string | undefined,
  change: number,
): PersistentMap<string, number> {
  if (change === 0 || key === undefined) return counts;
  const count = (get(counts, key) ?? 0) + change;
  return count === 0 ? without(counts, key) : put(counts, key, count);
}

/** Whether a group was made later in its place than another there. Rows come in any order at a start. */
function isLater(group: GroupRow, id: GroupId, state: State, other: GroupId | undefined): boolean {
  const last = other === undefined || other === id ? undefined : get(state.groups, other);
  if (last === undefined || isOpen(group)) return true;
  if (isOpen(last) || last.createdAt !== group.createdAt) return !isOpen(last) && last.createdAt < group.createdAt;
  return (other ?? "") < id;
}

function applyWelcome(state: State, key: string, welcome: WelcomeRow | null): State {
  const before = get(state.welcomes, key);
  let { welcomesOf } = state;
  if (before !== undefined) welcomesOf = removeFrom(welcomesOf, before.device, before.group);
  if (welcome !== null) welcomesOf = addTo(welcomesOf, welcome.device, welcome.group);
  return { ...state, welcomes: set(state.welcomes, key, welcome), welcomesOf };
}

function withOpenRoom(rooms: ReadonlySet<GroupId>, id: GroupId, isOne: boolean): ReadonlySet<GroupId> {
  if (rooms.has(id) === isOne) return rooms;
  const after = new Set(rooms);
  if (isOne) after.add(id);
  else after.delete(id);
  return after;
}

function isOpen(group: GroupRow | null | undefined): boolean {
  return group?.status.kind === "open";
}

/** Members, and those who were removed and may read up to their removal. */
function readersOf(group: GroupRow): DeviceId[] {
  return [...Object.keys(group.members), ...Object.keys(group.removed)];
}

/** Which incarnation of the server this is; empty before the first start has made one. */
export function incarnationOf(state: State): string {
  return state.server?.incarnation ?? "";
}

/** One string for each owner: equal exactly when the owners are. */
export function ownerKey(owner: Owner): string {
  return `${owner.kind}:${owner.identity}`;
}

/** A group's present epoch; -1: there is no such group. */
export function epochOf({ groups }: State, group: GroupId): number {
  return get(groups, group)?.epoch ?? -1;
}

/** One string for each (group, device). */
export function pairKey(group: GroupId, device: DeviceId): string {
  return `${group}/${device}`;
}

/** One string for what a group stands for. */
export function placeKey(place: GroupRow["place"]): string {
  switch (place.kind) {
    case "everyone":
      return "everyone";
    case "room":
      return `room:${place.name.toLowerCase()}`;
    case "direct":
      return `direct:${JSON.stringify(place.between.map(ownerKey).toSorted())}`;
  }
}

function set<K extends string, V>(map: PersistentMap<K, V>, key: K, value: V | null): PersistentMap<K, V> {
  return value === null ? without(map, key) : put(map, key, value);
}

function addTo<K extends string, V>(
  map: PersistentMap<K, ReadonlySet<V>>,
  key: K,
  value: V,
): PersistentMap<K, ReadonlySet<V>> {
  const before = get(map, key);
  return before?.has(value) === true ? map : put(map, key, new Set([...(before ?? []), value]));
}

function removeFrom<K extends string, V>(
  map: PersistentMap<K, ReadonlySet<V>>,
  key: K,
  value: V,
): PersistentMap<K, ReadonlySet<V>> {
  const before = get(map, key);
  if (before === undefined || !before.has(value)) return map;
  const after = new Set(before);
  after.delete(value);
  return after.size === 0 ? without(map, key) : put(map, key, after);
}
