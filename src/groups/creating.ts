import { get } from "../core/persistent-map.ts";
import type { CreateGroup } from "./commands.ts";
import { refuse, reply, type Context, type Decision } from "./decision.ts";
import { NO_HASH } from "./log-entry.ts";
import { infoLog } from "./logs.ts";
import { activeMembers, isActive, knownDevice, mayBelong, sameOwner } from "./members.ts";
import type { GroupRefusal } from "./refusals.ts";
import type { DeviceRow, GroupRow } from "./rows.ts";
import { ownerKey, placeKey, type State } from "./state.ts";

/**
 * A new group has its creator alone in it, at epoch 0. Where its place is taken, the answer says by which group: whoever was
 * first made it, and the others join that one.
 */
export function decideCreate(state: State, command: CreateGroup, { at }: Context): Decision {
  const device = knownDevice(state, command.device);
  if ("refusal" in device) return device;
  const before = get(state.groups, command.group);
  // Told again, since the answer was lost.
  if (before !== undefined && isSame(before, command, device)) return reply({ kind: "created", group: command.group });
  const refusal = refusalOf(state, command, device);
  if (refusal !== null) return refuse(refusal);

  const group: GroupRow = {
    place: command.place,
    access: command.found?.access ?? "invite",
    creator: device.owner,
    ...(device.owner.kind === "name" ? { source: command.source } : {}),
    createdAt: at,
    epoch: 0,
    members: { [command.device]: 0 },
    removed: {},
    ordered: {},
    reports: null,
    welcomes: 0,
    status: { kind: "open" },
  };
  return {
    rows: [
      { table: "group", key: command.group, value: group },
      {
        table: "head",
        key: command.group,
        value: { number: 0, hash: NO_HASH, at, messagesForgotten: 0, commitsForgotten: 0 },
      },
    ],
    appends: [{ log: infoLog(command.group), number: 1, body: command.groupInfo, lasting: false }],
    trims: [],
    pushes: [],
    reply: { kind: "created", group: command.group },
  };
}

function isSame(group: GroupRow, { place, device: id }: CreateGroup, device: DeviceRow): boolean {
  return (
    placeKey(group.place) === placeKey(place) &&
    sameOwner(group.creator, device.owner) &&
    group.epoch === 0 &&
    id in group.members &&
    group.status.kind === "open"
  );
}

function refusalOf(state: State, command: CreateGroup, device: DeviceRow): GroupRefusal | null {
  const { place, found, groupInfo } = command;
  if (get(state.groups, command.group) !== undefined) return { reason: "group-exists" };
  const holder = get(state.places, placeKey(place));
  if (holder !== undefined) return { reason: "place-taken", group: holder };
  if (groupInfo.length > state.settings.maxGroupInfo) return { reason: "too-large" };
  const [member, ...others] = found?.members ?? [];
  if (found === null || found.group !== command.group || found.epoch !== 0) return { reason: "invalid-handshake" };
  if (member === undefined || others.length > 0) return { reason: "invalid-handshake" };
  if (member.device !== command.device || member.key !== device.key || !sameOwner(member.owner, device.owner)) {
    return { reason: "wrong-device" };
  }
  if (!fits(command, device) || isReserved(state, place) || !mayFollow(state, command))
    return { reason: "not-allowed" };
  return tooMany(state, command, device) ? { reason: "too-many", of: "groups" } : null;
}

/** The policy that all members hold each other to must be the one that the place promises. */
function fits({ place, found }: CreateGroup, device: DeviceRow): boolean {
  switch (place.kind) {
    case "everyone":
      return found?.access === "open" && device.owner.kind !== "machine";
    case "room":
      return found?.access === "open" || found?.access === "invite";
    case "direct": {
      const between = new Set(place.between.map(ownerKey));
      const listed = new Set(found?.listed.map(ownerKey));
      return (
        found?.access === "listed" &&
        between.has(ownerKey(device.owner)) &&
        between.size === listed.size &&
        [...between].every((owner) => listed.has(owner))
      );
    }
  }
}

/**
 * Without regard to case `#everyone` is the one place of that kind, and `ALL` the open room, which anybody can read: no room is taken for
 * either. One that there was before the name was reserved goes on, and so may its successor.
 */
function isReserved(state: State, place: CreateGroup["place"]): boolean {
  if (place.kind !== "room") return false;
  const name = place.name.toLowerCase();
  return name === "everyone" || (name === "all" && get(state.lastIn, placeKey(place)) === undefined);
}

/** The place of a group that was ended by reports is for those who were in it, who make its successor. */
function mayFollow(state: State, { place, device }: CreateGroup): boolean {
  const before = brokenIn(state, place);
  if (before === null) return true;
  return isActive(before, device) || mayBelong(state, before, device) || activeMembers(before).length === 0;
}

/** The group that was in a place until its members reported it; null: it needs no successor. */
function brokenIn(state: State, place: CreateGroup["place"]): GroupRow | null {
  const last = get(state.groups, get(state.lastIn, placeKey(place)) ?? "");
  return last?.status.kind === "ended" && last.status.why === "invalid-commit" ? last : null;
}

/**
 * However many there are, `#everyone` is never one too many, and a successor not for the number of all groups: a conversation goes on in it.
 * Whoever has the server's machine has as many names as they like: these are counted together.
 */
function tooMany(state: State, { place, source }: CreateGroup, { owner }: DeviceRow): boolean {
  if (place.kind === "everyone") return false;
  const { maxGroups, maxGroupsPerOwner, maxGroupsPerSource } = state.settings;
  if ((get(state.createdBy, ownerKey(owner)) ?? 0) >= maxGroupsPerOwner) return true;
  const ofSource = owner.kind === "name" ? (get(state.createdFrom, source) ?? 0) : 0;
  if (ofSource >= Math.max(maxGroupsPerSource, maxGroupsPerOwner)) return true;
  return state.groupCount >= maxGroups && brokenIn(state, place) === null;
}
