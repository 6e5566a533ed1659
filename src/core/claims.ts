import { isBanned } from "./bans.ts";
import type { Claim, Event } from "./events.ts";
import { identityKey, isOfTailnet, isStoredAs, sameDetails, sameTags, storedKeys, type Identity } from "./identity.ts";
import { countUnder } from "./index-map.ts";
import { foldName } from "./names.ts";
import { isConfigured } from "./operators.ts";
import { get } from "./persistent-map.ts";
import type { Refusal } from "./refusals.ts";
import type { State } from "./state.ts";

/** What registering makes of the claims: nothing, when the name is the identity's own already. */
export function decideClaim(state: State, identity: Identity, name: string, at: number): readonly Event[] | Refusal {
  const claim = get(state.claims, foldName(name));
  if (claim !== undefined && isStoredAs(claim.identity, identity)) {
    // A machine was renamed or has other tags: the claim is told by those of now.
    return sameDetails(claim.identity, identity) ? [] : [{ kind: "name-claimed", claim: { ...claim, identity } }];
  }
  const passes = claim !== undefined && mayPassOn(state, claim, identity);
  if (claim !== undefined && !passes && !isOutranked(state, claim, identity)) return { reason: "name-taken" };
  const count = storedKeys(identity).reduce((sum, key) => sum + countUnder(state.claimsOf, key), 0);
  if (count >= mostNames(state, identity)) {
    return { reason: "too-many-names", of: identity.kind === "local" ? "local" : "identity" };
  }
  return [
    { kind: "name-claimed", claim: { name, identity, claimedAt: at } },
    ...(passes ? [{ kind: "name-passed-on", name, from: claim.identity, to: identity } as const] : []),
  ];
}

/**
 * What tailscaled vouches for outranks a claim that anybody at that machine or address could have made. But a name that
 * makes operator stays with whom the administrator meant, until it is released.
 */
function isOutranked(state: State, claim: Claim, identity: Identity): boolean {
  return (
    !isOfTailnet(claim.identity) && isOfTailnet(identity) && !isConfigured(state.settings, claim.identity, claim.name)
  );
}

/**
 * A machine that was replaced, as CI runners are, leaves its name to another with the very same tags, once it has been
 * gone for long enough. Not an operator's name, and not a banned machine's. A node that this one can't see may still be there:
 * hence the time.
 */
function mayPassOn(state: State, { name, identity: old }: Claim, identity: Identity): boolean {
  if (old.kind !== "machine" || identity.kind !== "machine") return false;
  if (old.tags.length === 0 || !sameTags(old.tags, identity.tags)) return false;
  if (isConfigured(state.settings, old, name) || isBanned(state, old, name)) return false;
  const isHere = countUnder(state.sessionsOf, identityKey(old)) > 0;
  return !isHere && (get(state.absences, old.node) ?? 0) >= ABSENCE_FOR_A_NAME;
}

/** Milliseconds in which Tailscale was Running and the node was not in its network map. */
const ABSENCE_FOR_A_NAME = 24 * 60 * 60 * 1000;

function mostNames({ settings }: State, identity: Identity): number {
  return identity.kind === "local" ? settings.maxNamesOfLocal : settings.maxNamesPerIdentity;
}
