import type { Ban, Event } from "./events.ts";
import { identityKey, isStoredAs, storedBefore, storedKeys, type Identity } from "./identity.ts";
import { membersUnder } from "./index-map.ts";
import { foldName } from "./names.ts";
import { isConfigured } from "./operators.ts";
import { get } from "./persistent-map.ts";
import type { Refusal } from "./refusals.ts";
import type { Session, State } from "./state.ts";

/** Whether a ban holds on this name, or on this identity under whatever name. */
export function isBanned(state: State, identity: Identity, name: string): boolean {
  return banOn(state, identity, name) !== null;
}

/** The ban that holds on this name, or else one on this identity under whatever name; null: none. */
function banOn(state: State, identity: Identity, name: string): Ban | null {
  const names = [foldName(name), ...storedKeys(identity).flatMap((key) => membersUnder(state.bansOf, key).slice(0, 1))];
  for (const banned of names) {
    const ban = get(state.bans, banned);
    if (ban !== undefined) return ban;
  }
  return null;
}

/** What whoever is banned is told, with the reason where one was given. */
export function bannedRefusal(state: State, identity: Identity, name: string): Refusal {
  const because = banOn(state, identity, name)?.reason;
  return because === undefined ? { reason: "you-are-banned" } : { reason: "you-are-banned", because };
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
