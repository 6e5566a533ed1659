import type { DeviceCommand } from "./commands.ts";
import { refuse, reply, type Context, type Decision } from "./decision.ts";
import type { DeviceId, GroupId } from "./ids.ts";
import { activeMembers, isActive, knownDevice, mayBelong, membersOf, openGroup, ownersOf } from "./members.ts";
import { orderIn } from "./removals.ts";
import type { GroupRow, Row } from "./rows.ts";
import type { State } from "./state.ts";

/**
 * A member can't remove itself (RFC 9420, section 12.4): it is cut off at once, and the client of one that stays commits the
 * removal. All devices of the person leave together.
 */
export function decideLeave(
  state: State,
  command: Extract<DeviceCommand, { kind: "leave" }>,
  { at }: Context,
): Decision {
  const open = openGroup(state, command.group);
  if ("refusal" in open) return open;
  const { group } = open;
  const device = knownDevice(state, command.device);
  if ("refusal" in device) return device;
  if (!isActive(group, command.device)) return refuse({ reason: "not-a-member-of-group" });
  if (group.place.kind === "direct") return refuse({ reason: "not-allowed" });
  const { row, push } = orderIn(state, command.group, group, {
    members: membersOf(state, group, device.owner),
    why: "left",
    at,
  });
  if (activeMembers(row).length > 0) {
    const rows: Row[] = [{ table: "group", key: command.group, value: row }];
    return { ...reply({ kind: "done" }), rows, pushes: push === null ? [] : [push] };
  }
  // Nobody is left who could commit anything.
  return endGroup(command.group, row, { kind: "ended", why: "empty", at });
}

/**
 * A commit that the server took and a member can't process leaves them apart for good (mls.md 5.9, SEALED.md 15), and so does a log
 * that isn't the one which a member has read: the report's number is the first that it can't take, or 1 where it doesn't know. In a
 * direct conversation one report ends the group, elsewhere those of two people, whatever their numbers; after a restore from a
 * backup one anywhere, since members may well have seen more (SEALED.md 10). A successor takes its place.
 */
export function decideReport(
  state: State,
  command: Extract<DeviceCommand, { kind: "report-commit" }>,
  { at }: Context,
): Decision {
  const open = openGroup(state, command.group);
  if ("refusal" in open) return open;
  const { group } = open;
  if (!mayReport(state, group, command.device)) return refuse({ reason: "not-a-member-of-group" });
  if (command.number < 1) return refuse({ reason: "not-allowed" });

  const by = [...new Set([...(group.reports?.by ?? []), command.device])];
  const owners = ownersOf(state, by).size;
  const isOneEnough = group.place.kind === "direct" || group.doubtful !== undefined;
  const needed = isOneEnough ? 1 : Math.min(2, ownersOf(state, activeMembers(group)).size);
  const row: GroupRow = {
    ...group,
    reports: { number: Math.min(command.number, group.reports?.number ?? Infinity), by },
  };
  if (owners >= needed) return endGroup(command.group, row, { kind: "ended", why: "invalid-commit", at });
  return { ...reply({ kind: "done" }), rows: [{ table: "group", key: command.group, value: row }] };
}

/** Members; and of a room that the server may have forgotten members of, whoever could have come in by themselves. */
function mayReport(state: State, group: GroupRow, device: DeviceId): boolean {
  if (device in group.members) return isActive(group, device);
  return group.doubtful !== undefined && mayBelong(state, group, device);
}

function endGroup(id: GroupId, group: GroupRow, status: GroupRow["status"]): Decision {
  return {
    ...reply({ kind: "done" }),
    rows: [{ table: "group", key: id, value: { ...group, status } }],
    pushes: [{ to: Object.keys(group.members), except: null, push: { kind: "group-ended", group: id } }],
  };
}
