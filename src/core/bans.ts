import type { Event } from "./events.ts";
import { identityKey, isStoredAs, storedBefore, storedKeys, type Identity } from "./identity.ts";
import { countUnder, membersUnder } from "./index-map.ts";
import { foldName } from "./names.ts";
import { isConfigured } from "./operators.ts";
import { get } from "./persistent-map.ts";
import type { Session, State } from "./state.ts";

/** Whether a ban holds on this name, or on this identity under whatever name. */
export function isBanned(state: State, identity: Identity, name: string): boolean {
  if (get(state.bans, foldName(name)) !== undefined) return true;
  return storedKeys(identity).some((key) => countUnder(state.bansOf, key) > 0);
}

/**
 * A ban never reaches an operator; but being first lifts none, and neither does taking a configured name that nobody had:
 * only who had it already is its operator.
 */
export function isBeyondBans(state: State, { identity, grant }: Session, name: string): boolean {
  if (grant !== null) return true;
  const claim = get(state.claims, foldName(name));
  const isTheirName = claim !== undefined && isStoredAs(claim.identity, identity);
  return isConfigured(state.settings, identity, isTheirName ? name : null);
}

/** Bans on this machine as an older version stored it hold on the node itself from now on, whatever it is renamed to. */
export function rewrittenBans(state: State, identity: Identity): Event[] {
  const before = storedBefore(identity);
  const names = before === null ? [] : membersUnder(state.bansOf, identityKey(before));
  return names.flatMap((name) => {
    const ban = get(state.bans, name);
    return ban === undefined ? [] : [{ kind: "ban-placed", ban: { ...ban, identity } }];
  });
}
