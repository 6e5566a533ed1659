import { get } from "../core/persistent-map.ts";
import type { Append, Trim } from "../core/ports.ts";
import type { CommitHandshake, Findings, FoundDevice } from "./commands.ts";
import { refuse, reply, type Context, type Decision, type Push } from "./decision.ts";
import type { DeviceId } from "./ids.ts";
import { handedOutTo, usePackages } from "./key-packages.ts";
import { encodeEntry, hashEntry, type LogEntry } from "./log-entry.ts";
import { groupLog, infoLog, welcomeLog } from "./logs.ts";
import { countedWith } from "./log-size.ts";
import { activeMembers, addableDevice, knownDevice, openGroup, sameOwner } from "./members.ts";
import type { GroupRefusal } from "./refusals.ts";
import type { GroupRow, Row } from "./rows.ts";
import { pairKey, type State } from "./state.ts";

/** Removed devices whose removals a group remembers; beyond these the oldest are told nothing of it. */
const MAX_REMOVED = 1_000;

/**
 * A commit is taken for the current epoch only: the epoch is compared and raised in the transaction that keeps the commit, its
 * Welcome, the next group info and the new roster (mls.md 5.2 and 5.3). What an observer must find out of it is in `found`.
 */
export function decideCommit(state: State, command: CommitHandshake, context: Context): Decision {
  const open = openGroup(state, command.group);
  if ("refusal" in open) return open;
  const { group, head } = open;
  const before = get(state.committers, pairKey(command.group, command.device));
  if (before?.request === command.request) return reply({ kind: "stored", number: before.number, at: before.at });
  const { found } = command;
  // Before all else: who is behind can't be right about anything else.
  if (command.epoch !== group.epoch) return refuse({ reason: "stale-epoch", epoch: group.epoch, head: head.number });
  if (found === null || found.epoch !== command.epoch + 1) return refuse({ reason: "invalid-handshake" });
  const refusal = refusalOf(state, group, command, found, context);
  if (refusal !== null) return refuse(refusal);

  const { device, epoch, commit: bytes } = command;
  const number = head.number + 1;
  const at = context.at;
  const entry = hashEntry(head.hash, { kind: "commit", number, at, device, epoch, bytes }, context.sha256);
  const next = nextGroup(group, command, found, number);
  const [kept, trims] = keptBytes(command, entry, next);
  return {
    rows: [
      { table: "group", key: command.group, value: next },
      {
        table: "head",
        key: command.group,
        value: { ...head, number, hash: entry.hash, at, counted: countedWith(head, entry) },
      },
      {
        table: "committer",
        key: pairKey(command.group, device),
        value: { request: command.request, number, at },
      },
      ...rowsOfAdded(state, command, found, next, entry),
      ...rowsOfRemoved(state, command, found),
    ],
    appends: kept,
    trims,
    pushes: pushesOf(command, group, found, entry),
    reply: { kind: "stored", number, at },
  };
}

function refusalOf(
  state: State,
  group: GroupRow,
  command: CommitHandshake,
  found: Findings,
  { turn }: Context,
): GroupRefusal | null {
  const device = knownDevice(state, command.device);
  if ("refusal" in device) return device.refusal;
  const { committer } = found;
  if (
    committer.device !== command.device ||
    committer.key !== device.key ||
    !sameOwner(committer.owner, device.owner)
  ) {
    return { reason: "wrong-device" };
  }
  const { maxCommit, maxGroupInfo } = state.settings;
  if (command.commit.length > maxCommit || command.groupInfo.length > maxGroupInfo) return { reason: "too-large" };
  if ((command.welcome?.length ?? 0) > maxGroupInfo) return { reason: "too-large" };
  if (found.kind !== "external-join" && !(command.device in group.members)) return { reason: "not-a-member-of-group" };
  // Who was put out, or has left, may come back only by the ways in; who left an open room has a leaf in it still.
  if (command.device in group.ordered && found.kind !== "resync") return { reason: "not-a-member-of-group" };
  if (turn !== null && turn !== command.device) return { reason: "not-your-turn" };
  return refusalOfKind(state, group, command, found);
}

function refusalOfKind(state: State, group: GroupRow, command: CommitHandshake, found: Findings): GroupRefusal | null {
  switch (found.kind) {
    case "add":
      return refusalOfAdds(state, group, command, found);
    case "remove":
      return found.removed.every((removed) => mayRemove(group, found, removed)) ? null : { reason: "not-allowed" };
    case "update":
    case "policy":
      return null;
    case "external-join":
      if (group.access !== "open" || found.committer.owner.kind === "machine") return { reason: "not-allowed" };
      return Object.keys(group.members).length >= state.settings.maxMembers
        ? { reason: "too-many", of: "members" }
        : null;
    case "resync":
      return mayResync(group, found) ? null : { reason: "not-allowed" };
  }
}

/** Devices that are added must be known, not in the group, and come in by a key package that was given out for them. */
function refusalOfAdds(state: State, group: GroupRow, command: CommitHandshake, found: Findings): GroupRefusal | null {
  const { settings } = state;
  if (found.added.length > settings.maxAdded) return { reason: "too-many", of: "members" };
  if (Object.keys(group.members).length + found.added.length > settings.maxMembers) {
    return { reason: "too-many", of: "members" };
  }
  if (command.welcome === null || found.welcomed.length !== found.added.length) return { reason: "invalid-handshake" };
  const references = new Set(found.welcomed);
  if (references.size !== found.welcomed.length) return { reason: "invalid-handshake" };
  for (const { device, key, owner } of found.added) {
    const known = addableDevice(state, device);
    if ("refusal" in known) return known.refusal;
    if (known.key !== key || !sameOwner(known.owner, owner)) return { reason: "wrong-device" };
    if (device in group.members) return { reason: "not-allowed" };
    const reference = handedOutTo(state, device).find((candidate) => references.has(candidate));
    if (reference === undefined) return { reason: "no-key-package", device };
    references.delete(reference);
  }
  return null;
}

/** One's own person's devices, what the server has ordered, and what a moderator wants. */
function mayRemove(group: GroupRow, found: Findings, removed: FoundDevice): boolean {
  return removed.device in group.ordered || sameOwner(removed.owner, found.committer.owner) || found.byModerator;
}

/** A device replaces its own leaf and nothing else. Who has left and wants back may; who was put out may not. */
function mayResync(group: GroupRow, found: Findings): boolean {
  const { device } = found.committer;
  const ordered = group.ordered[device];
  if (ordered !== undefined && !(ordered === "left" && group.access === "open")) return false;
  return found.removed.length === 1 && found.removed[0]?.device === device;
}

function nextGroup(group: GroupRow, command: CommitHandshake, found: Findings, number: number): GroupRow {
  const members = { ...group.members };
  const removed = { ...group.removed };
  const ordered = { ...group.ordered };
  for (const { device } of found.removed) {
    delete members[device];
    delete ordered[device];
    removed[device] = number;
  }
  const added = found.kind === "external-join" || found.kind === "resync" ? [found.committer] : found.added;
  for (const { device } of added) {
    members[device] = number;
    delete removed[device];
  }
  return {
    ...group,
    access: found.access,
    epoch: found.epoch,
    members,
    removed: newest(removed),
    ordered,
    welcomes: group.welcomes + (command.welcome === null ? 0 : 1),
  };
}

function newest(removed: Record<DeviceId, number>): Record<DeviceId, number> {
  const entries = Object.entries(removed);
  if (entries.length <= MAX_REMOVED) return removed;
  return Object.fromEntries(entries.toSorted(([, a], [, b]) => b - a).slice(0, MAX_REMOVED));
}

function keptBytes(command: CommitHandshake, entry: LogEntry, next: GroupRow): [Append[], Trim[]] {
  const info = infoLog(command.group);
  const kept: Append[] = [
    { log: groupLog(command.group), number: entry.number, body: encodeEntry(entry), lasting: true },
    { log: info, number: next.epoch + 1, body: command.groupInfo, lasting: false },
  ];
  if (command.welcome !== null) {
    kept.push({ log: welcomeLog(command.group), number: next.welcomes, body: command.welcome, lasting: false });
  }
  return [kept, [{ log: info, through: next.epoch, lasting: true }]];
}

function rowsOfAdded(
  state: State,
  command: CommitHandshake,
  found: Findings,
  next: GroupRow,
  { number, hash }: LogEntry,
): Row[] {
  return found.added.flatMap(({ device }): Row[] => [
    {
      table: "welcome",
      key: pairKey(command.group, device),
      value: { device, group: command.group, number: next.welcomes, entry: number, hash },
    },
    // It starts where it came in, whatever an earlier stay has left.
    { table: "cursor", key: pairKey(command.group, device), value: { number } },
    ...usePackages(state, device, found.welcomed),
  ]);
}

function rowsOfRemoved(state: State, command: CommitHandshake, found: Findings): Row[] {
  if (found.kind === "resync") return [];
  return found.removed.flatMap(({ device }): Row[] => {
    const key = pairKey(command.group, device);
    return get(state.welcomes, key) === undefined ? [] : [{ table: "welcome", key, value: null }];
  });
}

/** Who is removed hears of it, as its last entry; who is added gets a Welcome instead. */
function pushesOf(command: CommitHandshake, group: GroupRow, found: Findings, entry: LogEntry): Push[] {
  const hearers = new Set([...activeMembers(group), ...found.removed.map(({ device }) => device)]);
  const pushes: Push[] = [
    {
      to: [...hearers],
      except: command.device,
      push: { kind: "entry", group: command.group, entry },
    },
  ];
  if (found.added.length > 0) {
    const to = found.added.map(({ device }) => device);
    pushes.push({ to, except: null, push: { kind: "welcome", group: command.group } });
  }
  return pushes;
}
