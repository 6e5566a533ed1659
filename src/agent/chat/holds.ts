import type { Hold } from "../../client/index.ts";
import type { Hold as GroupHold } from "../group-sessions/events.ts";
import type { Names } from "./names.ts";
import type { TailnetMarks } from "./own-tailnet.ts";

/** What people have to look at first comes first. */
const GRAVEST = ["changed-key", "remapped-name", "removed-device", "removal-pending", "new-readers"] as const;

/** The one that faces are told, with names for people. */
export function holdOf(holds: readonly GroupHold[], names: Names, marks: TailnetMarks): Hold | null {
  for (const kind of GRAVEST) {
    const found = holds.find((hold) => hold.kind === kind);
    if (found === undefined) continue;
    const notSeen = found.who.filter((who) => marks.seen(who).tailnet === "absent");
    const compared = kind === "changed-key" ? found.who.filter((who) => names.isCompared(who)) : [];
    return {
      kind,
      who: names.all(found.who),
      ...(notSeen.length === 0 ? {} : { notSeen: names.all(notSeen) }),
      ...(compared.length === 0 ? {} : { compared: names.all(compared) }),
    };
  }
  return null;
}
