import type { GroupView } from "../../wire/frames/groups.ts";
import { EVERYONE } from "../delivery/places.ts";
import type { EveryoneWish, Saved } from "../storage/kept.ts";
import type { AgentStore } from "../storage/ports.ts";
import { OPEN } from "./arriving.ts";
import { create, enter } from "./entering.ts";
import type { Entrance, Everyone } from "./entrance.ts";
import { groupsThere } from "./group-views.ts";

/** Whether this device's person wants to be in `#everyone`. `comesIn`: they do where they were never asked. */
export function everyoneOf(store: AgentStore, saved: Saved, comesIn: boolean): Everyone {
  const wasIn = saved.groups.some(({ conversation }) => conversation === EVERYONE);
  let wish = saved.everyone ?? (wasIn || comesIn ? "wanted" : null);
  return {
    wish: () => wish,
    async keep(next: EveryoneWish) {
      if (wish === next) return;
      await store.commit([{ kind: "everyone-kept", everyone: next }]);
      wish = next;
    },
  };
}

/** Somebody is here who wants to see it: whoever has left stays out all the same. */
export async function comeIn(entrance: Entrance): Promise<void> {
  if (entrance.everyone.wish() !== null) return;
  await entrance.everyone.keep("wanted");
  await enterEveryone(entrance);
}

/**
 * `#everyone` is made where there is none; else one joins it, machines aside: those are invited (SEALED.md 2 and 15). False: the way in couldn't
 * be had now.
 */
export async function comeIntoEveryone(
  entrance: Entrance,
  views: readonly GroupView[],
  { mayCreate } = { mayCreate: true },
): Promise<boolean> {
  const { groups, self, successions, everyone } = entrance;
  // One that has ended has a successor, which is another matter.
  if (self.owner.kind === "machine" || successions.isWaiting(EVERYONE) || everyone.wish() !== "wanted") return true;
  const there = views.find(({ place, ended }) => place.kind === "everyone" && !ended);
  const own = (await groups.of(EVERYONE)?.look())?.row ?? null;
  if (own !== null && own.status !== "removed" && own.stopped !== "rolled-back") return true;
  if (there !== undefined) {
    const entered = await enter(entrance, there);
    return entered === "entering" || entered.why === "misplaced";
  }
  if (mayCreate) await create(entrance, EVERYONE, OPEN);
  return true;
}

/** The one that another was faster to make. False: there is none, or it couldn't be had now. */
export async function enterMade(entrance: Entrance): Promise<boolean> {
  const views = await groupsThere(entrance);
  const isThere = views?.some(({ place, ended }) => place.kind === "everyone" && !ended) === true;
  return isThere && (await comeIntoEveryone(entrance, views, { mayCreate: false }));
}

/** When somebody asks for it. */
export async function enterEveryone(entrance: Entrance): Promise<boolean> {
  const views = await groupsThere(entrance);
  return views !== null && (await comeIntoEveryone(entrance, views));
}
