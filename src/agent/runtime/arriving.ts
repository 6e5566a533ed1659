import type { RoomPolicy } from "../../mls/room-policy.ts";
import type { GroupView } from "../../wire/frames/groups.ts";
import { toText } from "../delivery/base64url.ts";
import type { Entrance } from "./entrance.ts";
import { groupsThere } from "./group-views.ts";

export const OPEN: RoomPolicy = { access: "open", add: "members", remove: "members", moderators: [], listed: [] };

/** Groups that the server must know, since this device is in them or coming in; by id. To be looked up before the server is asked for its own. */
export async function groupsHeld({ store }: Entrance): Promise<readonly string[]> {
  const held: string[] = [];
  for (const { id, status } of (await store.load()).groups) {
    if (status !== "active" && status !== "joining") continue;
    if (status === "joining" && (await store.group(id))?.request?.kind === "create") continue;
    held.push(toText(id));
  }
  return held;
}

/** Those of them that it doesn't: it was restored from a backup that is older than they are. */
export function endUnknown({ groups }: Entrance, held: readonly string[], views: readonly GroupView[]): void {
  const known = new Set(views.map(({ group }) => group));
  for (const group of held) if (!known.has(group)) groups.session(group)?.end("log-broken");
}

/**
 * After a restore: those that the server has without this device, which has come in since the backup. What it can read of them decides, since it
 * may have been removed as well. False: that couldn't be found out of all.
 */
export async function endForgotten(
  { groups }: Entrance,
  held: readonly string[],
  views: readonly GroupView[],
): Promise<boolean> {
  const without = new Set(views.filter(({ cursor }) => cursor === null).map(({ group }) => group));
  let isCertain = true;
  for (const group of held.filter((each) => without.has(each))) {
    const session = groups.session(group);
    session?.end("forgotten");
    if ((await session?.advance())?.kind === "offline") isCertain = false;
  }
  return isCertain;
}

/**
 * A group that a device was coming into, and whose info it isn't given any more: the server was restored and has forgotten it, or it was closed, and
 * is shown to its members alone.
 */
export async function endGone(entrance: Entrance, group: string): Promise<void> {
  const views = await groupsThere(entrance);
  if (views === null || views.some((view) => view.group === group && !view.ended)) return;
  entrance.groups.session(group)?.end(views.some((view) => view.group === group) ? "closed" : "log-broken");
  entrance.groups.wake(group);
}
