import type { RoomPolicy } from "../../mls/room-policy.ts";
import type { GroupView } from "../../wire/frames/groups.ts";
import { toText } from "../delivery/base64url.ts";
import { EVERYONE } from "../delivery/places.ts";
import { create, enter } from "./entering.ts";
import type { Entrance } from "./entrance.ts";
import { groupsThere } from "./group-views.ts";

export const OPEN: RoomPolicy = { access: "open", add: "members", remove: "members", moderators: [], listed: [] };

/** Groups that this device is in and the server doesn't know: it was restored from a backup that is older than they are. */
export async function endUnknown({ store, groups }: Entrance, views: readonly GroupView[]): Promise<void> {
  const known = new Set(views.map(({ group }) => group));
  for (const { id, status } of (await store.load()).groups) {
    if (known.has(toText(id)) || (status !== "active" && status !== "joining")) continue;
    const request = (await store.group(id))?.request ?? null;
    if (request?.kind !== "create") groups.session(toText(id))?.end("log-broken");
  }
}

/** `#everyone` is made where there is none; else one joins it, machines aside: those are invited (SEALED.md 2 and 15). */
export async function comeIntoEveryone(
  entrance: Entrance,
  views: readonly GroupView[],
  { mayCreate } = { mayCreate: true },
): Promise<void> {
  const { groups, self, successions } = entrance;
  // One that has ended has a successor, which is another matter.
  if (self.owner.kind === "machine" || successions.isWaiting(EVERYONE)) return;
  const there = views.find(({ place, ended }) => place.kind === "everyone" && !ended);
  const own = (await groups.of(EVERYONE)?.look())?.row ?? null;
  if (own !== null && own.status !== "removed") return;
  if (there !== undefined) await enter(entrance, there);
  else if (mayCreate) await create(entrance, EVERYONE, OPEN);
}

/** After another was faster to make it, or this device was put out of one that is over. */
export async function enterEveryone(entrance: Entrance): Promise<void> {
  const views = await groupsThere(entrance);
  if (views !== null) await comeIntoEveryone(entrance, views);
}
