import type { Ban, Claim, KeptRight, SessionId, Sharing } from "./events.ts";
import { identityKey, type Identity, type OperatorGround, type OperatorGrant } from "./identity.ts";
import { indexOf, type Index } from "./index-map.ts";
import { foldName } from "./names.ts";
import { emptyMap, get, mapOf, type PersistentMap } from "./persistent-map.ts";
import type { Saved } from "./ports.ts";
import { sortedNames, type SortedNames } from "./sorted-names.ts";

/** What the administrator decides, fixed while the server runs. */
export interface Settings {
  /** Who is operator by configuration: a name or a login, or one of them alone as `name:…` or `login:…`. */
  readonly operators: readonly string[];
  readonly maxSessions: number;
  readonly maxSessionsPerIdentity: number;
  readonly maxNamesPerIdentity: number;
  /** All users of the server's machine are the one identity `local`. */
  readonly maxNamesOfLocal: number;
}

/** The user key that a folded name without a tailnet identity has; null: none. The delivery service keeps them. */
export type KeyOfName = (name: string) => string | null;

interface SessionBase {
  readonly id: SessionId;
  readonly sharing: Sharing;
  readonly identity: Identity;
  readonly grant: OperatorGrant | null;
}
interface UnregisteredSession extends SessionBase {
  readonly phase: "unregistered";
}
export interface RegisteredSession extends SessionBase {
  readonly phase: "registered";
  readonly name: string;
  readonly operator: OperatorGround | null;
  /** The user key that it has proved; null: none. */
  readonly userKey: string | null;
}
export type Session = UnregisteredSession | RegisteredSession;

export interface State {
  readonly settings: Settings;
  /** A tailscaled has answered for this data directory, now or in another life. */
  readonly tailscaledSeen: boolean;
  /** There is a tailscaled on this machine now, answering or not. */
  readonly tailscaledPresent: boolean;
  /** Whose the right of the first operator is; null: nobody's yet, or a session's alone. */
  readonly keptRight: KeptRight | null;
  /** For how long machines that have claimed names have not been in the network map, in milliseconds, by node. */
  readonly absences: PersistentMap<string, number>;
  /** By folded name. */
  readonly claims: PersistentMap<string, Claim>;
  /** By folded name. */
  readonly bans: PersistentMap<string, Ban>;
  readonly sessions: PersistentMap<SessionId, Session>;

  // What follows from these, so that nothing need be searched.
  /** All claimed names, folded, in their order. */
  readonly names: SortedNames;
  /** Folded names by the key of the identity that claimed them. */
  readonly claimsOf: Index<string>;
  /** Folded names of bans by the key of the identity that they reach. */
  readonly bansOf: Index<string>;
  /** By the identity's key. */
  readonly sessionsOf: Index<SessionId>;
  /** Who is registered: the sessions of each folded name, in the order in which they came. */
  readonly online: PersistentMap<string, readonly SessionId[]>;
  /** Who of them is of a protocol whose sessions share a name. They are told who comes and goes, so finding them walks nobody else. */
  readonly sharing: PersistentMap<SessionId, SessionId>;
}

export function initialState(settings: Settings, saved: Saved): State {
  return {
    settings,
    tailscaledSeen: saved.tailscaledSeen,
    tailscaledPresent: false,
    keptRight: saved.keptRight,
    absences: emptyMap(),
    claims: mapOf(saved.claims.map((claim) => [foldName(claim.name), claim])),
    bans: mapOf(saved.bans.map((ban) => [foldName(ban.name), ban])),
    sessions: emptyMap(),
    names: sortedNames(saved.claims.map(({ name }) => foldName(name))),
    claimsOf: indexOf(saved.claims.map(({ name, identity }) => [identityKey(identity), foldName(name)])),
    bansOf: indexOf(
      saved.bans.flatMap(({ name, identity }) => (identity === null ? [] : [[identityKey(identity), foldName(name)]])),
    ),
    sessionsOf: emptyMap(),
    online: emptyMap(),
    sharing: emptyMap(),
  };
}

/** The sessions that bear a name, in whatever case. */
export function sessionsNamed(state: State, name: string): readonly SessionId[] {
  return get(state.online, foldName(name)) ?? [];
}

/** The registered sessions among those that bear a name: all of them. */
export function bearersOf(state: State, name: string): readonly RegisteredSession[] {
  return sessionsNamed(state, name).flatMap((id) => {
    const session = get(state.sessions, id);
    return session?.phase === "registered" ? [session] : [];
  });
}
