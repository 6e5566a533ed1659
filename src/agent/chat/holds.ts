import type { Hold } from "../../client/index.ts";
import type { Hold as GroupHold } from "../group-sessions/events.ts";
import type { ChatState } from "./state.ts";

/** What people have to look at first comes first. */
const GRAVEST = ["changed-key", "remapped-name", "removed-device", "removal-pending", "new-readers"] as const;

/** The one that faces are told, with names for people. */
export function holdOf(
  holds: readonly GroupHold[],
  { names, marks, own: { who: self } }: Pick<ChatState, "names" | "marks" | "own">,
): Hold | null {
  for (const kind of GRAVEST) {
    const found = holds.find((hold) => hold.kind === kind);
    if (found === undefined) continue;
    const notSeen = found.who.filter((who) => marks.seen(who).tailnet === "absent");
    const compared = kind === "changed-key" ? found.who.filter((who) => names.isCompared(who)) : [];
    const isOfDevices = kind === "changed-key" || kind === "removed-device";
    const own = isOfDevices ? found.who.filter((who) => who === self) : [];
    return {
      kind,
      who: names.all(found.who),
      ...(notSeen.length === 0 ? {} : { notSeen: names.all(notSeen) }),
      ...(compared.length === 0 ? {} : { compared: names.all(compared) }),
      ...(own.length === 0 ? {} : { own: names.all(own) }),
    };
  }
  return null;
}
