import type { Hold } from "../../client/index.ts";
import type { Hold as GroupHold } from "../group-sessions/events.ts";
import type { Names } from "./names.ts";

/** What people have to look at first comes first. */
const GRAVEST = ["changed-key", "remapped-name", "removal-pending", "new-readers"] as const;

/** The one that faces are told, with names for people. */
export function holdOf(holds: readonly GroupHold[], names: Names): Hold | null {
  for (const kind of GRAVEST) {
    const found = holds.find((hold) => hold.kind === kind);
    if (found !== undefined) return { kind, who: names.all(found.who) };
  }
  return null;
}
