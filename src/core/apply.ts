import type { Ban, Claim, Event, SessionId } from "./events.ts";
import { identityKey } from "./identity.ts";
import { putUnder, withoutUnder } from "./index-map.ts";
import { foldName } from "./names.ts";
import { get, put, without } from "./persistent-map.ts";
import { withName, withoutName } from "./sorted-names.ts";
import { sessionsNamed, type RegisteredSession, type Session, type State } from "./state.ts";

/** The state after an event. Events are facts: none is refused here, and one about a session that is gone changes nothing. */
export function apply(state: State, event: Event): State {
  switch (event.kind) {
    case "name-claimed":
      return claimed(released(state, event.claim.name), event.claim);
    case "name-released":
      return released(state, event.name);
    case "ban-placed":
      return banned(lifted(state, event.ban.name), event.ban);
    case "ban-lifted":
      return lifted(state, event.name);
    case "tailscaled-seen":
      return { ...state, tailscaledSeen: true };
    case "tailscaled-presence":
      return { ...state, tailscaledPresent: event.present };
    case "right-kept":
      return { ...state, keptRight: event.right };
    case "kept-right-given-up":
      return { ...state, keptRight: null };
    case "absences-counted":
      return { ...state, absences: event.absences };
    case "session-opened": {
      const { session: id, identity, grant, sharing } = event;
      return opened(state, { phase: "unregistered", id, identity, grant, sharing });
    }
    case "session-registered": {
      const session = get(state.sessions, event.session);
      if (session?.phase !== "unregistered") return state;
      const { name, operator, userKey } = event;
      return registered(state, { ...session, phase: "registered", name, operator, userKey });
    }
    case "session-refreshed": {
      const session = get(state.sessions, event.session);
      if (session === undefined) return state;
      const { identity, grant, operator } = event;
      const refreshed =
        session.phase === "registered" ? { ...session, identity, grant, operator } : { ...session, identity, grant };
      return { ...state, sessions: put(state.sessions, session.id, refreshed) };
    }
    case "session-ended":
      return ended(state, event.session);
    case "broadcast":
    case "direct":
    case "answered":
    case "sent-away":
    case "name-passed-on":
      return state;
  }
}

function claimed(state: State, claim: Claim): State {
  const name = foldName(claim.name);
  return {
    ...state,
    claims: put(state.claims, name, claim),
    names: withName(state.names, name),
    claimsOf: putUnder(state.claimsOf, identityKey(claim.identity), name),
  };
}

function released(state: State, name: string): State {
  const folded = foldName(name);
  const claim = get(state.claims, folded);
  if (claim === undefined) return state;
  return {
    ...state,
    claims: without(state.claims, folded),
    names: withoutName(state.names, folded),
    claimsOf: withoutUnder(state.claimsOf, identityKey(claim.identity), folded),
  };
}

function banned(state: State, ban: Ban): State {
  const name = foldName(ban.name);
  const { identity } = ban;
  return {
    ...state,
    bans: put(state.bans, name, ban),
    bansOf: identity === null ? state.bansOf : putUnder(state.bansOf, identityKey(identity), name),
  };
}

function lifted(state: State, name: string): State {
  const folded = foldName(name);
  const ban = get(state.bans, folded);
  if (ban === undefined) return state;
  const { identity } = ban;
  return {
    ...state,
    bans: without(state.bans, folded),
    bansOf: identity === null ? state.bansOf : withoutUnder(state.bansOf, identityKey(identity), folded),
  };
}

function opened(state: State, session: Session): State {
  return {
    ...state,
    sessions: put(state.sessions, session.id, session),
    sessionsOf: putUnder(state.sessionsOf, identityKey(session.identity), session.id),
  };
}

function registered(state: State, session: RegisteredSession): State {
  return {
    ...state,
    sessions: put(state.sessions, session.id, session),
    online: put(state.online, foldName(session.name), [...sessionsNamed(state, session.name), session.id]),
    sharing: session.sharing === "shared" ? put(state.sharing, session.id, session.id) : state.sharing,
  };
}

function ended(state: State, id: SessionId): State {
  const session = get(state.sessions, id);
  if (session === undefined) return state;
  return {
    ...state,
    sessions: without(state.sessions, id),
    sessionsOf: withoutUnder(state.sessionsOf, identityKey(session.identity), id),
    online: session.phase === "registered" ? withoutSession(state, session) : state.online,
    sharing: without(state.sharing, id),
  };
}

function withoutSession(state: State, { name, id }: RegisteredSession): State["online"] {
  const others = sessionsNamed(state, name).filter((other) => other !== id);
  const folded = foldName(name);
  return others.length === 0 ? without(state.online, folded) : put(state.online, folded, others);
}
