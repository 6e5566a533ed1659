import { get, valuesOf } from "./persistent-map.ts";
import { done, refused, type Decision } from "./decision.ts";
import type { Event, SessionId } from "./events.ts";
import { sameIdentity, type Identity } from "./identity.ts";
import { foldName, isName } from "./names.ts";
import { isConfigured } from "./operators.ts";
import { compareNames, type RegisteredSession, type Session, type State } from "./state.ts";

/** An operator sends somebody away; nothing keeps them from coming back. */
export function decideKick(state: State, by: SessionId, target: string): Decision {
  const session = sessionOf(state, target);
  if (session === undefined) return refused({ reason: "target-not-found", target });
  if (session.operator !== null) return refused({ reason: "operator-immune", action: "kick" });
  return done(
    { kind: "session-ended", session: session.id, cause: { kind: "kicked" } },
    { kind: "answered", session: by, answer: { kind: "kicked", target } },
  );
}

/**
 * A ban holds on the name and on the tailnet identity behind it, so that another name or a restart doesn't help. All
 * sessions of that identity end. It never reaches an identity that is local (that would ban everybody at the server's
 * machine) or an operator's.
 */
export function decideBan(state: State, by: RegisteredSession, target: string, at: number): Decision {
  if (!isName(target)) return refused({ reason: "invalid-name" });
  const session = sessionOf(state, target);
  const before = get(state.bans, foldName(target));
  const identity = session?.identity ?? get(state.claims, foldName(target))?.identity ?? before?.identity ?? null;
  if (session?.operator || isOperators(state, identity, target)) {
    return refused({ reason: "operator-immune", action: "ban" });
  }
  const reached = identity?.kind === "local" ? null : identity;
  const ended: Event[] = valuesOf(state.sessions)
    .filter((other) => other.id === session?.id || (reached !== null && sameIdentity(other.identity, reached)))
    .map(({ id }) => ({ kind: "session-ended", session: id, cause: { kind: "banned" } }));
  return done({ kind: "ban-placed", ban: { name: target, identity: reached, by: by.name, bannedAt: at } }, ...ended, {
    kind: "answered",
    session: by.id,
    answer: { kind: "banned", target },
  });
}

/** Lifts the ban on the name together with the one on the identity that came with it. */
export function decideUnban(state: State, by: SessionId, target: string): Decision {
  if (get(state.bans, foldName(target)) === undefined) return refused({ reason: "not-banned", target });
  return done(
    { kind: "ban-lifted", name: target },
    { kind: "answered", session: by, answer: { kind: "unbanned", target } },
  );
}

export function listBans(state: State): readonly string[] {
  return valuesOf(state.bans)
    .map(({ name }) => name)
    .toSorted((a, b) => compareNames(foldName(a), foldName(b)));
}

function sessionOf(state: State, name: string): RegisteredSession | undefined {
  const id = get(state.present, foldName(name));
  const session = id === undefined ? undefined : get(state.sessions, id);
  return session?.phase === "registered" ? session : undefined;
}

/**
 * Whether the identity behind a name is an operator's, as far as can be known: by configuration, also of another name that
 * it has claimed, or by a live session.
 */
function isOperators(state: State, identity: Identity | null, name: string): boolean {
  if (isConfigured(state.settings, identity, name)) return true;
  if (identity === null || identity.kind === "local") return false;
  const isTheirs = (other: { readonly identity: Identity }): boolean => sameIdentity(other.identity, identity);
  return (
    valuesOf(state.claims).some((claim) => isTheirs(claim) && isConfigured(state.settings, identity, claim.name)) ||
    valuesOf(state.sessions).some((session) => isTheirs(session) && (session.vouched !== null || isOperator(session)))
  );
}

function isOperator(session: Session): boolean {
  return session.phase === "registered" && session.operator !== null;
}
