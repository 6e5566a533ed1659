import { emptyMap, forEach, get, mapOf, put, without, type PersistentMap } from "./persistent-map.ts";
import type { Ban, Claim, Event, SessionId } from "./events.ts";
import { identityKey, type Identity, type OperatorGround, type VouchedGround } from "./identity.ts";
import { foldName } from "./names.ts";
import type { Saved } from "./ports.ts";

/** What the administrator decides, fixed while the server runs. */
export interface Settings {
  /** Who is operator by configuration: a name or a login, or one of them alone as `name:…` or `login:…`. */
  readonly operators: readonly string[];
  readonly maxSessions: number;
  readonly maxSessionsPerIdentity: number;
  readonly maxNamesPerIdentity: number;
}

interface SessionBase {
  readonly id: SessionId;
  readonly identity: Identity;
  readonly vouched: VouchedGround | null;
}
interface UnregisteredSession extends SessionBase {
  readonly phase: "unregistered";
}
export interface RegisteredSession extends SessionBase {
  readonly phase: "registered";
  readonly name: string;
  readonly operator: OperatorGround | null;
}
export type Session = UnregisteredSession | RegisteredSession;

export interface State {
  readonly settings: Settings;
  /** A tailscaled has answered for this data directory, now or in another life. */
  readonly tailscaledSeen: boolean;
  /** There is a tailscaled on this machine now, answering or not. */
  readonly tailscaledPresent: boolean;
  /** By folded name. */
  readonly claims: PersistentMap<string, Claim>;
  /** By folded name. */
  readonly bans: PersistentMap<string, Ban>;
  readonly sessions: PersistentMap<SessionId, Session>;
  /** Registered sessions by folded name. */
  readonly present: PersistentMap<string, SessionId>;
  /** How many sessions each identity has, by its key. */
  readonly sessionCounts: PersistentMap<string, number>;
}

export function initialState(settings: Settings, saved: Saved): State {
  return {
    settings,
    tailscaledSeen: saved.tailscaledSeen,
    tailscaledPresent: false,
    claims: mapOf(saved.claims.map((claim) => [foldName(claim.name), claim])),
    bans: mapOf(saved.bans.map((ban) => [foldName(ban.name), ban])),
    sessions: emptyMap(),
    present: emptyMap(),
    sessionCounts: emptyMap(),
  };
}

/** The state after an event. Events are facts: none is refused here, and one about a session that is gone changes nothing. */
export function apply(state: State, event: Event): State {
  switch (event.kind) {
    case "name-claimed":
      return { ...state, claims: put(state.claims, foldName(event.claim.name), event.claim) };
    case "name-released":
      return { ...state, claims: without(state.claims, foldName(event.name)) };
    case "ban-placed":
      return { ...state, bans: put(state.bans, foldName(event.ban.name), event.ban) };
    case "ban-lifted":
      return { ...state, bans: without(state.bans, foldName(event.name)) };
    case "tailscaled-seen":
      return { ...state, tailscaledSeen: true };
    case "tailscaled-presence":
      return { ...state, tailscaledPresent: event.present };
    case "session-opened":
      return opened(state, {
        phase: "unregistered",
        id: event.session,
        identity: event.identity,
        vouched: event.vouched,
      });
    case "session-registered": {
      const session = get(state.sessions, event.session);
      if (session?.phase !== "unregistered") return state;
      return {
        ...state,
        sessions: put(state.sessions, session.id, {
          ...session,
          phase: "registered",
          name: event.name,
          operator: event.operator,
        }),
        present: put(state.present, foldName(event.name), session.id),
      };
    }
    case "session-revouched": {
      const session = get(state.sessions, event.session);
      if (session === undefined) return state;
      const { vouched, operator } = event;
      const revouched = session.phase === "registered" ? { ...session, vouched, operator } : { ...session, vouched };
      return { ...state, sessions: put(state.sessions, session.id, revouched) };
    }
    case "session-ended":
      return ended(state, event.session);
    case "broadcast":
    case "direct":
    case "answered":
      return state;
  }
}

function opened(state: State, session: Session): State {
  const key = identityKey(session.identity);
  return {
    ...state,
    sessions: put(state.sessions, session.id, session),
    sessionCounts: put(state.sessionCounts, key, (get(state.sessionCounts, key) ?? 0) + 1),
  };
}

function ended(state: State, id: SessionId): State {
  const session = get(state.sessions, id);
  if (session === undefined) return state;
  const key = identityKey(session.identity);
  const left = (get(state.sessionCounts, key) ?? 1) - 1;
  return {
    ...state,
    sessions: without(state.sessions, id),
    present: session.phase === "registered" ? without(state.present, foldName(session.name)) : state.present,
    sessionCounts: left === 0 ? without(state.sessionCounts, key) : put(state.sessionCounts, key, left),
  };
}

/** Everybody who is registered, sorted by name: the same index in both arrays is the same session. */
export interface Roster {
  readonly ids: readonly SessionId[];
  readonly names: readonly string[];
}

const rosters = new WeakMap<State["present"], Roster>();

/** Remembered for as long as nobody comes or goes: a broadcast to many must not walk and sort the whole map each time. */
export function roster(state: State): Roster {
  const known = rosters.get(state.present);
  if (known !== undefined) return known;
  const present: { readonly id: SessionId; readonly name: string; readonly folded: string }[] = [];
  forEach(state.present, (id, folded) => {
    const session = get(state.sessions, id);
    if (session?.phase === "registered") present.push({ id, name: session.name, folded });
  });
  present.sort((a, b) => compareNames(a.folded, b.folded));
  const made = { ids: present.map(({ id }) => id), names: present.map(({ name }) => name) };
  rosters.set(state.present, made);
  return made;
}

/** By code unit, which for the alphabet of names is the order that people expect. */
export function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
