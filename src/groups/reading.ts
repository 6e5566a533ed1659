import { get } from "../core/persistent-map.ts";
import type { DeviceCommand } from "./commands.ts";
import { refuse, reply, type Decision } from "./decision.ts";
import type { DeviceId, GroupId } from "./ids.ts";
import { welcomeLog } from "./logs.ts";
import { isActive, isBarred } from "./members.ts";
import type { GroupRefusal } from "./refusals.ts";
import { dueIn, type RemovalDue } from "./removals.ts";
import type { GroupRow, Place, WelcomeRow } from "./rows.ts";
import { pairKey, type State } from "./state.ts";

/** What a device may read of a group's log: numbers above `after`, up to and with `through`. */
export interface Readable {
  readonly after: number;
  readonly through: number;
  /** Messages up to and with this number are forgotten, or not for this device: those that are left out before it are a gap. */
  readonly messagesForgotten: number;
  /** Of the log up to `through`; null where that isn't the log's end. */
  readonly hash: string | null;
}

/**
 * How far a device may read a group's log. A member reads from the commit that added it (so that it sees its own external commit taken), a
 * removed one up to its removal, and one whose removal is ordered reads nothing at all. Whoever isn't in an open room is told that. `too-old`:
 * commits behind `after` are forgotten, so the device can't go on from there; it must join anew (SEALED.md 13).
 */
export function readable(
  state: State,
  device: DeviceId,
  id: GroupId,
  after: number,
): Readable | { readonly refusal: GroupRefusal } {
  const group = get(state.groups, id);
  const head = get(state.heads, id);
  if (group === undefined || head === undefined || !mayKnow(group, device))
    return { refusal: { reason: "unknown-group" } };
  const isIn = device in group.members && !(device in group.ordered);
  if (!isIn && !(device in group.removed)) return { refusal: { reason: "not-a-member-of-group" } };
  const from = Math.max(after, (group.members[device] ?? 1) - 1);
  if (from < head.commitsForgotten) return { refusal: { reason: "too-old", first: head.commitsForgotten + 1 } };
  const through = group.removed[device] ?? head.number;
  const messagesForgotten = Math.max(head.messagesForgotten, from > after ? from : 0);
  return { after: from, through, messagesForgotten, hash: through === head.number ? head.hash : null };
}

/** Whether a device may read the group info, with which it can come in by itself: in an open room, or back in where it is a member. */
export function mayReadInfo(state: State, device: DeviceId, id: GroupId): boolean {
  const group = get(state.groups, id);
  const row = get(state.devices, device);
  if (group?.status.kind !== "open" || row === undefined || row.removed || isBarred(state, row.owner)) return false;
  const ordered = group.ordered[device];
  const open = group.access === "open" && row.owner.kind !== "machine";
  if (ordered !== undefined) return ordered === "left" && open;
  return open || device in group.members;
}

/** How far a device has read; lazy. It never goes back, nor beyond the log's end. */
export function decideAcknowledge(
  state: State,
  { device, group: id, number }: Extract<DeviceCommand, { kind: "acknowledge" }>,
): Decision {
  const group = get(state.groups, id);
  const head = get(state.heads, id);
  if (group === undefined || head === undefined || !isActive(group, device))
    return refuse({ reason: "not-a-member-of-group" });
  if (number > head.number) return refuse({ reason: "not-allowed" });
  if (number <= cursorOf(state, group, id, device)) return reply({ kind: "done" });
  return { ...reply({ kind: "done" }), rows: [{ table: "cursor", key: pairKey(id, device), value: { number } }] };
}

/** The last entry that a member has read; at first the commit that it came in with. */
export function cursorOf(state: State, group: GroupRow, id: GroupId, device: DeviceId): number {
  return Math.max(get(state.cursors, pairKey(id, device))?.number ?? 0, group.members[device] ?? 0);
}

/** The device has joined by its Welcome and kept the group: it isn't needed any more, nor are those that nobody waits for. */
export function decideWelcomeDone(
  state: State,
  { device, group: id }: Extract<DeviceCommand, { kind: "welcome-done" }>,
): Decision {
  const key = pairKey(id, device);
  const welcome = get(state.welcomes, key);
  const group = get(state.groups, id);
  if (welcome === undefined || group === undefined) return reply({ kind: "done" });
  const others = Object.keys(group.members)
    .filter((member) => member !== device)
    .map((member) => get(state.welcomes, pairKey(id, member))?.number ?? Number.POSITIVE_INFINITY);
  const oldest = others.reduce((least, number) => Math.min(least, number), group.welcomes + 1);
  return {
    ...reply({ kind: "done" }),
    rows: [{ table: "welcome", key, value: null }],
    trims: oldest > 1 ? [{ log: welcomeLog(id), through: oldest - 1, lasting: true }] : [],
  };
}

/** Welcomes that wait for a device. */
export function welcomesFor(state: State, device: DeviceId): WelcomeRow[] {
  return [...(get(state.welcomesOf, device) ?? [])].flatMap(
    (group) => get(state.welcomes, pairKey(group, device)) ?? [],
  );
}

/** A group as one of its devices sees it. */
export interface GroupView {
  readonly group: GroupId;
  readonly place: Place;
  readonly access: GroupRow["access"];
  readonly epoch: number;
  readonly head: number;
  readonly hash: string;
  readonly members: number;
  /** null: not a member, or not one any more. */
  readonly cursor: number | null;
  readonly ended: boolean;
  /** Members who are to be removed; null: none, or this device isn't a member. */
  readonly removal: RemovalDue | null;
  /** Up to which number all members have this device's messages from this log, if it ends now. */
  readonly written: number;
}

/** The groups that a device is in, and the open rooms that it may join. */
export function groupsFor(state: State, device: DeviceId): GroupView[] {
  const own = get(state.groupsOf, device) ?? new Set<GroupId>();
  return [...new Set([...own, ...state.openRooms])].flatMap((id) => viewOf(state, device, id) ?? []);
}

export function viewOf(state: State, device: DeviceId, id: GroupId): GroupView | null {
  const group = get(state.groups, id);
  const head = get(state.heads, id);
  if (group === undefined || head === undefined || !mayKnow(group, device)) return null;
  const active = isActive(group, device);
  return {
    group: id,
    place: group.place,
    access: group.access,
    epoch: group.epoch,
    head: head.number,
    // Whoever isn't in the group has no use for it.
    hash: active ? head.hash : "",
    members: Object.keys(group.members).length,
    cursor: active ? cursorOf(state, group, id, device) : null,
    ended: group.status.kind === "ended",
    // Where all have left, each hears that they are out, so that none of their devices makes a successor.
    removal: active || isLeft(group, device) ? dueIn(state, group) : null,
    written: Math.min(get(state.writers, pairKey(id, device))?.number ?? 0, certain(group)),
  };
}

/** Whether it was a member of a group in which nobody is left who could commit its removal. */
function isLeft({ status, members }: GroupRow, device: DeviceId): boolean {
  return status.kind === "ended" && status.why === "empty" && device in members;
}

/** The last number that all members have in common: behind it some can't read this log (SEALED.md 10 and 15). */
function certain({ doubtful, reports, status }: GroupRow): number {
  if (doubtful !== undefined) return doubtful;
  const isReported = status.kind === "ended" && status.why === "invalid-commit";
  return isReported && reports !== null ? reports.number - 1 : Infinity;
}

/** Open rooms are for all to see; of other groups only those know who are in them, or were when they were removed. */
function mayKnow(group: GroupRow, device: DeviceId): boolean {
  return group.access === "open" || device in group.members || device in group.removed;
}
