import { forEach, get, valuesOf } from "./persistent-map.ts";
import type { Command } from "./commands.ts";
import type { Decision } from "./decision.ts";
import type { Event } from "./events.ts";
import { identityKey, isVouched, type Identity } from "./identity.ts";
import { foldName, isName } from "./names.ts";
import { isFirst, lastingGround, sameIdentity } from "./operators.ts";
import type { Refusal } from "./refusals.ts";
import type { Session, State } from "./state.ts";

type CommandOf<K extends Command["kind"]> = Extract<Command, { kind: K }>;

/** A connection whose identity is known asks for a place. `local` has no limit of its own: it is this machine's own. */
export function decideOpen(state: State, { session, identity, vouched }: CommandOf<"open">): Decision {
  const { maxSessions, maxSessionsPerIdentity } = state.settings;
  const count = get(state.sessionCounts, identityKey(identity)) ?? 0;
  if (state.sessions.size >= maxSessions || (identity.kind !== "local" && count >= maxSessionsPerIdentity)) {
    return ending(session, { reason: "server-full" });
  }
  return { events: [{ kind: "session-opened", session, identity, vouched }] };
}

/** A session takes a name: it must be one, be free, be its identity's own or nobody's, and neither may be banned. */
export function decideRegister(state: State, command: CommandOf<"register">, at: number): Decision {
  const { name } = command;
  const session = get(state.sessions, command.session);
  if (session === undefined) return { events: [] };
  if (session.phase === "registered") return { refusal: { reason: "already-registered" } };
  if (!isName(name)) return { refusal: { reason: "invalid-name" } };
  const { identity, vouched } = session;
  const ground = lastingGround(state.settings, identity, vouched, name);
  // A ban never reaches an operator, and only an operator by lasting grounds: being first must not lift one.
  if (ground === null && isBanned(state, identity, name)) return ending(session.id, { reason: "you-are-banned" });
  if (get(state.present, foldName(name)) !== undefined) return { refusal: { reason: "name-taken" } };
  const claimed = decideClaim(state, identity, name, at);
  if ("refusal" in claimed) return claimed;
  const operator = ground ?? (isFirst(state) ? "first" : null);
  return { events: [...claimed.events, { kind: "session-registered", session: session.id, name, operator }] };
}

/** The tailnet was asked again: a peer that became somebody else must come again, and rights follow the answer. */
export function decideRevouch(state: State, { session: id, identity, vouched }: CommandOf<"revouch">): Decision {
  const session = get(state.sessions, id);
  if (session === undefined) return { events: [] };
  if (!sameIdentity(session.identity, identity)) {
    // Who came in as less than a member of the tailnet stays that; tailscaled may have started meanwhile.
    return isVouched(session.identity) ? ending(id, { reason: "not-a-member" }) : { events: [] };
  }
  const operator = operatorAfter(state, session, vouched);
  const before = session.phase === "registered" ? session.operator : null;
  if (session.vouched === vouched && before === operator) return { events: [] };
  return { events: [{ kind: "session-revouched", session: id, vouched, operator }] };
}

/**
 * What the server learns of tailscaled. That it has answered is remembered for good; and where there is one, who was
 * operator by being first is so no more.
 */
export function decideTailscaled(state: State, { answered, present }: CommandOf<"tailscaled">): Decision {
  const events: Event[] = [];
  if (answered && !state.tailscaledSeen) events.push({ kind: "tailscaled-seen" });
  if (present !== state.tailscaledPresent) events.push({ kind: "tailscaled-presence", present });
  if (events.length > 0 && (answered || present)) events.push(...demotions(state));
  return { events };
}

function demotions(state: State): Event[] {
  return valuesOf(state.sessions)
    .filter((session) => session.phase === "registered" && session.operator === "first")
    .map(({ id, vouched }) => ({ kind: "session-revouched", session: id, vouched, operator: null }));
}

function operatorAfter(state: State, session: Session, vouched: Session["vouched"]) {
  if (session.phase === "unregistered") return null;
  const ground = lastingGround(state.settings, session.identity, vouched, session.name);
  return ground ?? (session.operator === "first" ? "first" : null);
}

function isBanned(state: State, identity: Identity, name: string): boolean {
  if (get(state.bans, foldName(name)) !== undefined) return true;
  return valuesOf(state.bans).some((ban) => ban.identity !== null && sameIdentity(ban.identity, identity));
}

/** The claim that registering makes: none when the name is the identity's own already. */
function decideClaim(state: State, identity: Identity, name: string, at: number): Decision {
  const claim = get(state.claims, foldName(name));
  if (claim !== undefined) {
    if (sameIdentity(claim.identity, identity)) return { events: [] };
    // What tailscaled vouches for outranks a claim that anybody at that machine or address could have made.
    if (isVouched(claim.identity) || !isVouched(identity)) return { refusal: { reason: "name-taken" } };
  }
  if (identity.kind !== "local" && countClaims(state, identity) >= state.settings.maxNamesPerIdentity) {
    return { refusal: { reason: "too-many-names" } };
  }
  return { events: [{ kind: "name-claimed", claim: { name, identity, claimedAt: at } }] };
}

function countClaims(state: State, identity: Identity): number {
  let count = 0;
  forEach(state.claims, (claim) => {
    if (sameIdentity(claim.identity, identity)) count++;
  });
  return count;
}

function ending(session: Session["id"], refusal: Refusal): Decision {
  return { events: [{ kind: "session-ended", session, cause: { kind: "refused", refusal } }] };
}
