import { get, valuesOf } from "./persistent-map.ts";
import type { Tag } from "./answers.ts";
import type { Command } from "./commands.ts";
import { done, refused, SESSION_GONE, UNCHANGED, type Decision } from "./decision.ts";
import type { Event } from "./events.ts";
import { identityKey, isStoredAs, isOfTailnet, sameIdentity, storedBefore, type Identity } from "./identity.ts";
import { countUnder, membersUnder } from "./index-map.ts";
import { foldName, isName } from "./names.ts";
import { isConfigured, isFirst, lastingGround } from "./operators.ts";
import type { Refusal } from "./refusals.ts";
import { bearersOf, type Session, type State } from "./state.ts";

type CommandOf<K extends Command["kind"]> = Extract<Command, { kind: K }>;

/** A connection whose identity is known asks for a place. `local` has no limit of its own: it is this machine's own. */
export function decideOpen(state: State, { session, identity, grant, sharing }: CommandOf<"open">): Decision {
  const { maxSessions, maxSessionsPerIdentity } = state.settings;
  const count = countUnder(state.sessionsOf, identityKey(identity));
  if (state.sessions.size >= maxSessions || (identity.kind !== "local" && count >= maxSessionsPerIdentity)) {
    return done(ending(session, { reason: "server-full" }));
  }
  return done({ kind: "session-opened", session, identity, grant, sharing });
}

/** A session takes a name: it must be one, be free, be its identity's own or nobody's, and neither may be banned. */
export function decideRegister(state: State, command: CommandOf<"register">, at: number): Decision {
  const { name } = command;
  const session = get(state.sessions, command.session);
  if (session === undefined) return SESSION_GONE;
  if (session.phase === "registered") return refused({ reason: "already-registered" });
  if (!isName(name)) return refused({ reason: "invalid-name" });
  const { identity, grant } = session;
  const ground = lastingGround(state.settings, identity, grant, name);
  if (isBanned(state, identity, name) && !isBeyondBans(state, session, name)) {
    return done(...rewrittenBans(state, identity), ending(session.id, { reason: "you-are-banned" }, command.tag));
  }
  if (!mayShare(session, bearersOf(state, name))) return refused({ reason: "name-taken" });
  const claimed = decideClaim(state, identity, name, at);
  if ("reason" in claimed) return refused(claimed);
  const operator = ground ?? (isFirst(state) ? "first" : null);
  return done(...claimed, { kind: "session-registered", session: session.id, tag: command.tag, name, operator });
}

/** The tailnet was asked again: a peer that became somebody else must come again, and rights follow the answer. */
export function decideRefresh(state: State, { session: id, identity, grant }: CommandOf<"refresh-identity">): Decision {
  const session = get(state.sessions, id);
  if (session === undefined) return SESSION_GONE;
  if (!sameIdentity(session.identity, identity)) {
    // Who came in as less than a member of the tailnet stays that; tailscaled may have started meanwhile.
    return isOfTailnet(session.identity) ? done(ending(id, { reason: "not-a-member" })) : UNCHANGED;
  }
  const operator = operatorAfter(state, session, grant);
  const before = session.phase === "registered" ? session.operator : null;
  if (session.phase === "registered" && operator === null && isBanned(state, identity, session.name)) {
    return done(ending(id, { reason: "you-are-banned" }));
  }
  if (session.grant === grant && before === operator) return UNCHANGED;
  return done({ kind: "session-refreshed", session: id, grant, operator });
}

/** tailscaled has answered: that is remembered for good. */
export function decideTailscaledSeen(state: State): Decision {
  return state.tailscaledSeen ? UNCHANGED : done({ kind: "tailscaled-seen" }, ...demotions(state));
}

/** Whether there is a tailscaled on this machine; where there is one, who was operator by being first is so no more. */
export function decideTailscaledPresence(state: State, present: boolean): Decision {
  if (present === state.tailscaledPresent) return UNCHANGED;
  return done({ kind: "tailscaled-presence", present }, ...(present ? demotions(state) : []));
}

function demotions(state: State): Event[] {
  return valuesOf(state.sessions)
    .filter((session) => session.phase === "registered" && session.operator === "first")
    .map(({ id, grant }) => ({ kind: "session-refreshed", session: id, grant, operator: null }));
}

function operatorAfter(state: State, session: Session, grant: Session["grant"]) {
  if (session.phase === "unregistered") return null;
  const ground = lastingGround(state.settings, session.identity, grant, session.name);
  return ground ?? (session.operator === "first" ? "first" : null);
}

/**
 * A ban never reaches an operator; but being first lifts none, and neither does taking a configured name that nobody had:
 * only who had it already is its operator.
 */
function isBeyondBans(state: State, { identity, grant }: Session, name: string): boolean {
  if (grant !== null) return true;
  const claim = get(state.claims, foldName(name));
  const isTheirName = claim !== undefined && isStoredAs(claim.identity, identity);
  return isConfigured(state.settings, identity, isTheirName ? name : null);
}

function isBanned(state: State, identity: Identity, name: string): boolean {
  if (get(state.bans, foldName(name)) !== undefined) return true;
  return keysOf(identity).some((key) => countUnder(state.bansOf, key) > 0);
}

/** Bans on this machine as an older version stored it hold on the node itself from now on, whatever it is renamed to. */
function rewrittenBans(state: State, identity: Identity): Event[] {
  const before = storedBefore(identity);
  const names = before === null ? [] : membersUnder(state.bansOf, identityKey(before));
  return names.flatMap((name) => {
    const ban = get(state.bans, name);
    return ban === undefined ? [] : [{ kind: "ban-placed", ban: { ...ban, identity } }];
  });
}

/** The claim that registering makes: none when the name is the identity's own already. */
function decideClaim(state: State, identity: Identity, name: string, at: number): readonly Event[] | Refusal {
  const claim = get(state.claims, foldName(name));
  if (claim !== undefined) {
    if (sameIdentity(claim.identity, identity)) return [];
    if (isStoredAs(claim.identity, identity)) return [{ kind: "name-claimed", claim: { ...claim, identity } }];
    // What tailscaled vouches for outranks a claim that anybody at that machine or address could have made.
    // But a name that makes operator stays with whom the administrator meant, until it is released.
    const isOperators = isConfigured(state.settings, claim.identity, name);
    if (isOfTailnet(claim.identity) || !isOfTailnet(identity) || isOperators) return { reason: "name-taken" };
  }
  const count = keysOf(identity).reduce((sum, key) => sum + countUnder(state.claimsOf, key), 0);
  if (count >= mostNames(state, identity)) {
    return { reason: "too-many-names" };
  }
  return [{ kind: "name-claimed", claim: { name, identity, claimedAt: at } }];
}

function mostNames({ settings }: State, identity: Identity): number {
  return identity.kind === "local" ? settings.maxNamesOfLocal : settings.maxNamesPerIdentity;
}

/** Under what an identity may be stored. */
function keysOf(identity: Identity): readonly string[] {
  const before = storedBefore(identity);
  return before === null ? [identityKey(identity)] : [identityKey(identity), identityKey(before)];
}

/** Sessions of one identity may bear a name together, but only one of them as a protocol has it that shares none. */
function mayShare(session: Session, bearers: readonly Session[]): boolean {
  return bearers.every(
    (other) =>
      sameIdentity(other.identity, session.identity) && (session.sharing === "shared" || other.sharing === "shared"),
  );
}

function ending(session: Session["id"], refusal: Refusal, tag?: Tag): Event {
  return { kind: "session-ended", session, cause: { kind: "refused", refusal }, tag };
}
