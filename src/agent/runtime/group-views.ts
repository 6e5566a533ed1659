import type { FramesClient } from "../../client/frames/index.ts";
import type { GroupView } from "../../wire/frames/groups.ts";

/** Pages of groups that are asked for at most: 200 in each. */
const MOST_PAGES = 50;

/** All groups of this device and all open rooms, as the server has them; null: not all could be had. */
export async function groupsThere({ client }: { readonly client: FramesClient }): Promise<readonly GroupView[] | null> {
  const views: GroupView[] = [];
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await client.request("groups", { after: views.at(-1)?.group ?? null });
    if (answer.kind !== "answered") return null;
    views.push(...answer.value.groups);
    if (!answer.value.more || answer.value.groups.length === 0) return views;
  }
  return null;
}
