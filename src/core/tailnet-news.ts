import type { Command } from "./commands.ts";
import { done, UNCHANGED, type Decision } from "./decision.ts";
import { demotions } from "./operators.ts";
import { emptyMap, forEach, get, put, type PersistentMap } from "./persistent-map.ts";
import type { State } from "./state.ts";

/** tailscaled has answered: that is remembered for good. */
export function decideTailscaledSeen(state: State): Decision {
  return state.tailscaledSeen ? UNCHANGED : done({ kind: "tailscaled-seen" }, ...demotions(state));
}

/** Whether there is a tailscaled on this machine; where there is one, whoever was operator by being first no longer is. */
export function decideTailscaledPresence(state: State, present: boolean): Decision {
  if (present === state.tailscaledPresent) return UNCHANGED;
  return done({ kind: "tailscaled-presence", present }, ...(present ? demotions(state) : []));
}

/**
 * Which nodes the network map has: for each machine that has claimed a name and isn't in it, the time adds up; one that is
 * there again starts anew. In memory alone: a restart forgets absences, which only makes a name wait longer.
 */
export function decideNodesPresent(
  state: State,
  { nodes, elapsed }: Extract<Command, { kind: "nodes-present" }>,
): Decision {
  const present = new Set(nodes);
  const step = Math.max(0, Math.min(elapsed, LONGEST_STEP));
  let absences: PersistentMap<string, number> = emptyMap();
  forEach(state.claimsOf, (_, key) => {
    if (!key.startsWith(MACHINE)) return;
    const node = key.slice(MACHINE.length);
    if (!present.has(node)) absences = put(absences, node, (get(state.absences, node) ?? 0) + step);
  });
  if (absences.size === 0 && state.absences.size === 0) return UNCHANGED;
  return done({ kind: "absences-counted", absences });
}

/** How an identity key of a machine begins, see `identityKey`. */
const MACHINE = "machine:";
/** A gap between two reports that is longer was no watching, whatever the clock says. */
const LONGEST_STEP = 10 * 60 * 1000;
