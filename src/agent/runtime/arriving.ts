import type { RoomPolicy } from "../../mls/room-policy.ts";
import type { GroupView } from "../../wire/frames/groups.ts";
import { EVERYONE } from "../delivery/places.ts";
import { create, enter } from "./entering.ts";
import type { Entrance } from "./entering.ts";

export const OPEN: RoomPolicy = { access: "open", add: "members", remove: "members", moderators: [], listed: [] };

/** Pages of groups that are asked for at most: 200 in each. */
const MOST_PAGES = 50;

/** This device's groups and the open rooms; null: nobody answered. */
export async function groupsThere({ client }: Entrance): Promise<readonly GroupView[] | null> {
  const views: GroupView[] = [];
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await client.request("groups", { after: views.at(-1)?.group ?? null });
    if (answer.kind !== "answered") return null;
    views.push(...answer.value.groups);
    if (!answer.value.more || answer.value.groups.length === 0) break;
  }
  return views;
}

/** `#everyone` is made where there is none; else one joins it, machines aside: those are invited (SEALED.md 2 and 15). */
export async function comeIntoEveryone(
  entrance: Entrance,
  views: readonly GroupView[],
  { mayCreate } = { mayCreate: true },
): Promise<void> {
  const { groups, self } = entrance;
  if (self.owner.kind === "machine") return;
  const there = views.find(({ place, ended }) => place.kind === "everyone" && !ended);
  const own = (await groups.of(EVERYONE)?.look())?.row ?? null;
  if (own !== null && (own.status === "active" || own.status === "joining")) return;
  if (there !== undefined) await enter(entrance, there);
  else if (mayCreate) await create(entrance, EVERYONE, OPEN);
}

/** After another was faster to make it, or this device was put out of one that is over. */
export async function enterEveryone(entrance: Entrance): Promise<void> {
  const views = await groupsThere(entrance);
  if (views !== null) await comeIntoEveryone(entrance, views);
}
