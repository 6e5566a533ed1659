import type { BanReason } from "./answers.ts";
import { get, valuesOf } from "./persistent-map.ts";
import type { PeerCommand } from "./commands.ts";
import { done, refused, type Decision } from "./decision.ts";
import type { Ban, EndCause, Event, SessionId } from "./events.ts";
import { identityKey, type Identity } from "./identity.ts";
import { membersUnder } from "./index-map.ts";
import { foldName, isName } from "./names.ts";
import { isConfigured } from "./operators.ts";
import { compareNames } from "./roster.ts";
import { isOperator } from "./rights.ts";
import { bearersOf, type RegisteredSession, type State } from "./state.ts";

type Moderating<K extends PeerCommand["kind"]> = Extract<PeerCommand, { kind: K }>;

/** An operator sends somebody away, from all sessions under the name; nothing keeps them from coming back. */
export function decideKick(state: State, by: RegisteredSession, command: Moderating<"kick" | "ban">): Decision {
  const { target, tag } = command;
  const bearers = bearersOf(state, target);
  const [first] = bearers;
  if (first === undefined) return refused({ reason: "target-not-found", target });
  if (bearers.some(isOperator)) return refused({ reason: "operator-immune", action: "kick" });
  const cause = { kind: "kicked", reason: reasonOf(command) } as const;
  return done(...bearers.map(({ id }) => ending(id, cause)), sentAway(first.name, by, cause), {
    kind: "answered",
    session: by.id,
    tag,
    answer: { kind: "kicked", target },
  });
}

/**
 * A ban holds on the name and on the tailnet identity behind it, so that another name or a restart doesn't help. All
 * sessions of that identity end. It never reaches an identity that is local (that would ban everybody at the server's
 * machine) or an operator's.
 */
export function decideBan(
  state: State,
  by: RegisteredSession,
  command: Moderating<"kick" | "ban">,
  at: number,
): Decision {
  const { target, tag } = command;
  if (!isName(target)) return refused({ reason: "invalid-name" });
  const bearers = bearersOf(state, target);
  const before = get(state.bans, foldName(target));
  const [first] = bearers;
  const identity = first?.identity ?? get(state.claims, foldName(target))?.identity ?? before?.identity ?? null;
  if (bearers.some(isOperator) || isOperators(state, identity, target)) {
    return refused({ reason: "operator-immune", action: "ban" });
  }
  const reached = identity?.kind === "local" ? null : identity;
  const ended = new Set([
    ...bearers.map(({ id }) => id),
    ...(reached === null ? [] : membersUnder(state.sessionsOf, identityKey(reached))),
  ]);
  const cause = { kind: "banned", reason: reasonOf(command) } as const;
  return done(
    {
      kind: "ban-placed",
      ban: withReason({ name: target, identity: reached, by: by.name, bannedAt: at }, cause.reason),
    },
    ...[...ended].map((id) => ending(id, cause)),
    ...(first === undefined ? [] : [sentAway(first.name, by, cause)]),
    { kind: "answered", session: by.id, tag, answer: { kind: "banned", target } },
  );
}

/** Lifts the ban on the name together with the one on the identity that came with it. */
export function decideUnban(state: State, { session, tag, target }: Moderating<"unban">): Decision {
  if (get(state.bans, foldName(target)) === undefined) return refused({ reason: "not-banned", target });
  return done(
    { kind: "ban-lifted", name: target },
    { kind: "answered", session, tag, answer: { kind: "unbanned", target } },
  );
}

interface BanList {
  readonly names: readonly string[];
  readonly reasons: readonly BanReason[];
}

const lists = new WeakMap<State["bans"], BanList>();

/** Sorted; remembered for as long as no ban is placed or lifted. */
export function listBans(state: State): BanList {
  const known = lists.get(state.bans);
  if (known !== undefined) return known;
  const bans = valuesOf(state.bans).toSorted((a, b) => compareNames(foldName(a.name), foldName(b.name)));
  const made = {
    names: bans.map(({ name }) => name),
    reasons: bans.flatMap(({ name, reason }) => (reason === undefined ? [] : [{ name, reason }])),
  };
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
      return session !== undefined && (session.grant !== null || isOperator(session));
    })
  );
}

function ending(session: SessionId, cause: Extract<EndCause, { kind: "kicked" | "banned" }>): Event {
  return { kind: "session-ended", session, cause };
}

function sentAway(name: string, by: RegisteredSession, cause: Extract<EndCause, { kind: "kicked" | "banned" }>): Event {
  return { kind: "sent-away", how: cause.kind, name, by: by.name, reason: cause.reason };
}

function withReason(ban: Ban, reason: string | null): Ban {
  return reason === null ? ban : { ...ban, reason };
}

/** Others' text: so much of it, and no more. */
function reasonOf({ reason = "" }: Moderating<"kick" | "ban">): string | null {
  return reason === "" ? null : reason.slice(0, LONGEST_REASON);
}

const LONGEST_REASON = 200;
