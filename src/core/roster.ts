import type { SessionId } from "./events.ts";
import { forEach, get } from "./persistent-map.ts";
import type { State } from "./state.ts";

/** Who is online. */
export interface Roster {
  /** Each name once, sorted. */
  readonly names: readonly string[];
  /** Every registered session. */
  readonly sessions: readonly SessionId[];
}

const rosters = new WeakMap<State["online"], Roster>();

/** Remembered for as long as nobody comes or goes: a broadcast to many must not walk and sort the whole map each time. */
export function rosterOf(state: State): Roster {
  const known = rosters.get(state.online);
  if (known !== undefined) return known;
  const names: { readonly name: string; readonly folded: string; readonly sessions: readonly SessionId[] }[] = [];
  forEach(state.online, (sessions, folded) => {
    const first = get(state.sessions, sessions[0] ?? 0);
    if (first?.phase === "registered") names.push({ name: first.name, folded, sessions });
  });
  names.sort((a, b) => compareNames(a.folded, b.folded));
  const made = { names: names.map(({ name }) => name), sessions: names.flatMap(({ sessions }) => sessions) };
  rosters.set(state.online, made);
  return made;
}

/** By code unit, which for the alphabet of names is the order that people expect. */
export function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
