/**
 * `core`: what the server decides, pure: state and command give events or a refusal, events give the next state and who hears
 * of it. No socket, no SQL, no clock and no protocol's words.
 */

import type { Tag } from "./answers.ts";
import { bannedRefusal, isBanned, isBeyondBans, rewrittenBans } from "./bans.ts";
import { decideClaim } from "./claims.ts";
import type { Command } from "./commands.ts";
import { done, refused, SESSION_GONE, UNCHANGED, type Decision } from "./decision.ts";
import type { Event } from "./events.ts";
import { identityKey, isOfTailnet, sameDetails, sameIdentity, type OperatorGround } from "./identity.ts";
import { countUnder } from "./index-map.ts";
import { foldName, isName } from "./names.ts";
import { isFirst, keepingRight, lastingGround } from "./operators.ts";
import { get } from "./persistent-map.ts";
import type { Refusal } from "./refusals.ts";
import { bearersOf, type KeyOfName, type RegisteredSession, type Session, type State } from "./state.ts";

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

/**
 * A session takes a name: it must be one, be free, be its identity's own or nobody's, and neither may be banned. Where nothing
 * but the name tells one local user from another, the name is its user key's, once it has one.
 */
export function decideRegister(
  state: State,
  command: CommandOf<"register">,
  at: number,
  keyOfName: KeyOfName,
): Decision {
  const { name } = command;
  const session = get(state.sessions, command.session);
  if (session === undefined) return SESSION_GONE;
  if (session.phase === "registered") return refused({ reason: "already-registered" });
  if (!isName(name)) return refused({ reason: "invalid-name" });
  const { identity, grant } = session;
  const ground = lastingGround(state.settings, identity, grant, name);
  if (isBanned(state, identity, name) && !isBeyondBans(state, session, name)) {
    return done(
      ...rewrittenBans(state, identity),
      ending(session.id, bannedRefusal(state, identity, name), command.tag),
    );
  }
  const userKey = command.userKey ?? null;
  const ownKey = identity.kind === "local" ? keyOfName(foldName(name)) : null;
  if (ownKey !== null && ownKey !== userKey) return refused({ reason: "name-has-key" });
  if (!mayShare(session, userKey, bearersOf(state, name))) return refused({ reason: "name-taken" });
  const claimed = decideClaim(state, identity, name, at);
  if ("reason" in claimed) return refused(claimed);
  const operator = ground ?? (isFirst(state, identity, name, userKey) ? "first" : null);
  const kept = operator === "first" ? keepingRight(state, identity, name, userKey) : [];
  return done(...claimed, ...kept, {
    kind: "session-registered",
    session: session.id,
    tag: command.tag,
    name,
    operator,
    userKey,
  });
}

/** The tailnet was asked again: a peer that became somebody else must come again, and rights follow the answer. */
export function decideRefresh(state: State, { session: id, identity, grant }: CommandOf<"refresh-identity">): Decision {
  const session = get(state.sessions, id);
  if (session === undefined) return SESSION_GONE;
  if (!sameIdentity(session.identity, identity)) {
    // Whoever came in as less than a member of the tailnet stays that; tailscaled may have started since.
    return isOfTailnet(session.identity) ? done(ending(id, { reason: "not-a-member" })) : UNCHANGED;
  }
  const operator = operatorAfter(state, session, grant);
  const before = session.phase === "registered" ? session.operator : null;
  if (session.phase === "registered" && operator === null && isBanned(state, identity, session.name)) {
    return done(ending(id, bannedRefusal(state, identity, session.name)));
  }
  if (session.grant === grant && before === operator && sameDetails(session.identity, identity)) return UNCHANGED;
  return done({ kind: "session-refreshed", session: id, identity, grant, operator });
}

function operatorAfter(state: State, session: Session, grant: Session["grant"]): OperatorGround | null {
  if (session.phase === "unregistered") return null;
  const ground = lastingGround(state.settings, session.identity, grant, session.name);
  return ground ?? (session.operator === "first" ? "first" : null);
}

/**
 * Sessions of one identity may bear a name together, but only one of them as a protocol has it that shares none. Local ones are
 * of one identity only where they have proved the same user key, or none.
 */
function mayShare(session: Session, userKey: string | null, bearers: readonly RegisteredSession[]): boolean {
  return bearers.every(
    (other) =>
      sameIdentity(other.identity, session.identity) &&
      (session.identity.kind !== "local" || other.userKey === userKey) &&
      (session.sharing === "shared" || other.sharing === "shared"),
  );
}

function ending(session: Session["id"], refusal: Refusal, tag?: Tag): Event {
  return { kind: "session-ended", session, cause: { kind: "refused", refusal }, tag };
}
