import { get, valuesOf } from "./persistent-map.ts";
import { done, refused, type Decision } from "./decision.ts";
import type { Event, SessionId } from "./events.ts";
import { identityKey, type Identity } from "./identity.ts";
import { membersUnder } from "./index-map.ts";
import { foldName, isName } from "./names.ts";
import { isConfigured } from "./operators.ts";
import { compareNames } from "./roster.ts";
import { bearersOf, type RegisteredSession, type Session, type State } from "./state.ts";

/** An operator sends somebody away, from all sessions under the name; nothing keeps them from coming back. */
export function decideKick(state: State, by: SessionId, target: string): Decision {
  const sessions = bearersOf(state, target);
  if (sessions.length === 0) return refused({ reason: "target-not-found", target });
  if (sessions.some(isOperator)) return refused({ reason: "operator-immune", action: "kick" });
  return done(...sessions.map(({ id }) => ending(id, "kicked")), {
    kind: "answered",
    session: by,
    answer: { kind: "kicked", target },
  });
}

/**
 * A ban holds on the name and on the tailnet identity behind it, so that another name or a restart doesn't help. All
 * sessions of that identity end. It never reaches an identity that is local (that would ban everybody at the server's
 * machine) or an operator's.
 */
export function decideBan(state: State, by: RegisteredSession, target: string, at: number): Decision {
  if (!isName(target)) return refused({ reason: "invalid-name" });
  const bearers = bearersOf(state, target);
  const before = get(state.bans, foldName(target));
  const identity = bearers[0]?.identity ?? get(state.claims, foldName(target))?.identity ?? before?.identity ?? null;
  if (bearers.some(isOperator) || isOperators(state, identity, target)) {
    return refused({ reason: "operator-immune", action: "ban" });
  }
  const reached = identity?.kind === "local" ? null : identity;
  const ended = new Set([
    ...bearers.map(({ id }) => id),
    ...(reached === null ? [] : membersUnder(state.sessionsOf, identityKey(reached))),
  ]);
  return done(
    { kind: "ban-placed", ban: { name: target, identity: reached, by: by.name, bannedAt: at } },
    ...[...ended].map((id) => ending(id, "banned")),
    { kind: "answered", session: by.id, answer: { kind: "banned", target } },
  );
}

/** Lifts the ban on the name together with the one on the identity that came with it. */
export function decideUnban(state: State, by: SessionId, target: string): Decision {
  if (get(state.bans, foldName(target)) === undefined) return refused({ reason: "not-banned", target });
  return done(
    { kind: "ban-lifted", name: target },
    { kind: "answered", session: by, answer: { kind: "unbanned", target } },
  );
}

const lists = new WeakMap<State["bans"], readonly string[]>();

/** Sorted; remembered for as long as no ban is placed or lifted. */
export function listBans(state: State): readonly string[] {
  const known = lists.get(state.bans);
  if (known !== undefined) return known;
  const made = valuesOf(state.bans)
    .map(({ name }) => name)
    .toSorted((a, b) => compareNames(foldName(a), foldName(b)));
  lists.set(state.bans, made);
  return made;
}

/**
 * Whether the identity behind a name is an operator's, as far as can be known: by configuration, also of another name that
 * it has claimed, or by a live session.
 */
function isOperators(state: State, identity: Identity | null, name: string): boolean {
  if (isConfigured(state.settings, identity, name)) return true;
  if (identity === null || identity.kind === "local") return false;
  const key = identityKey(identity);
  return (
    membersUnder(state.claimsOf, key).some((claimed) => isConfigured(state.settings, identity, claimed)) ||
    membersUnder(state.sessionsOf, key).some((id) => {
      const session = get(state.sessions, id);
      return session !== undefined && (session.vouched !== null || isOperator(session));
    })
  );
}

function isOperator(session: Session): boolean {
  return session.phase === "registered" && session.operator !== null;
}

function ending(session: SessionId, kind: "kicked" | "banned"): Event {
  return { kind: "session-ended", session, cause: { kind } };
}
