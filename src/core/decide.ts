import { get } from "./persistent-map.ts";
import { decideBan, decideKick, decideUnban, listBans } from "./moderation.ts";
import {
  decideOpen,
  decideRegister,
  decideRevouch,
  decideTailscaledPresence,
  decideTailscaledSeen,
} from "./admission.ts";
import type { Answer } from "./answers.ts";
import type { Command } from "./commands.ts";
import { done, refused, SESSION_GONE, type Decision } from "./decision.ts";
import type { SessionId } from "./events.ts";
import { foldName } from "./names.ts";
import type { Refusal } from "./refusals.ts";
import { rosterOf } from "./roster.ts";
import { sessionsNamed, type RegisteredSession, type Session, type State } from "./state.ts";

/**
 * What a command leads to in a state. Pure: the same state, command and time give the same decision.
 * @param at milliseconds since 1970, for the stamps on claims and bans.
 */
export function decide(state: State, command: Command, at: number): Decision {
  switch (command.kind) {
    case "open":
      return decideOpen(state, command);
    case "register":
      return decideRegister(state, command, at);
    case "revouch":
      return decideRevouch(state, command);
    case "end":
      return decideEnd(state, command.session, command.refusal);
    case "tailscaled-seen":
      return decideTailscaledSeen(state);
    case "tailscaled-presence":
      return decideTailscaledPresence(state, command.present);
    case "release-name":
      return decideRelease(state, command.name);
    case "help":
      return withSession(state, command.session, (session) =>
        answered(command.session, {
          kind: "help",
          operator: session.phase === "registered" && session.operator !== null,
        }),
      );
    case "broadcast":
      return withRegistered(state, command.session, ({ name }) =>
        done({ kind: "broadcast", session: command.session, from: name, text: command.text }),
      );
    case "direct":
      return withRegistered(state, command.session, ({ name }) =>
        decideDirect(state, command.session, name, command.to, command.body),
      );
    case "ready":
      return withRegistered(state, command.session, () => answered(command.session, { kind: "ready" }));
    case "list":
      return withRegistered(state, command.session, () =>
        answered(command.session, { kind: "list", names: rosterOf(state).names }),
      );
    case "info":
      return withRegistered(state, command.session, () =>
        answered(command.session, { kind: "info", names: rosterOf(state).names }),
      );
    case "server-info":
      return withOperator(state, command.session, () => answered(command.session, { kind: "server-info" }));
    case "list-bans":
      return withOperator(state, command.session, () =>
        answered(command.session, { kind: "bans", names: listBans(state) }),
      );
    case "kick":
      return withOperator(state, command.session, () => decideKick(state, command.session, command.target));
    case "ban":
      return withOperator(state, command.session, (operator) => decideBan(state, operator, command.target, at));
    case "unban":
      return withOperator(state, command.session, () => decideUnban(state, command.session, command.target));
    case "invalid":
      return decideInvalid(state, command);
  }
}

function decideEnd(state: State, session: SessionId, refusal: Refusal | null): Decision {
  if (get(state.sessions, session) === undefined) return SESSION_GONE;
  return done({
    kind: "session-ended",
    session,
    cause: refusal === null ? { kind: "left" } : { kind: "refused", refusal },
  });
}

function decideRelease(state: State, name: string): Decision {
  const claim = get(state.claims, foldName(name));
  if (claim === undefined) return refused({ reason: "target-not-found", target: name });
  return done({ kind: "name-released", name: claim.name });
}

function decideDirect(state: State, session: SessionId, from: string, to: string, body: string): Decision {
  const recipients = sessionsNamed(state, to);
  if (recipients.length === 0) return refused({ reason: "recipient-not-found" });
  return done({ kind: "direct", session, from, to: recipients, body });
}

function decideInvalid(state: State, command: Extract<Command, { kind: "invalid" }>): Decision {
  switch (command.needs) {
    case "nothing":
      return withSession(state, command.session, () => refused(command.refusal));
    case "registration":
      return withRegistered(state, command.session, () => refused(command.refusal));
    case "operator":
      return withOperator(state, command.session, () => refused(command.refusal));
  }
}

/** What was on its way while its session ended has nobody left to answer. */
function withSession(state: State, id: SessionId, decideFor: (session: Session) => Decision): Decision {
  const session = get(state.sessions, id);
  return session === undefined ? SESSION_GONE : decideFor(session);
}

function withRegistered(state: State, id: SessionId, decideFor: (session: RegisteredSession) => Decision): Decision {
  return withSession(state, id, (session) =>
    session.phase === "registered" ? decideFor(session) : refused({ reason: "not-registered" }),
  );
}

function withOperator(state: State, id: SessionId, decideFor: (session: RegisteredSession) => Decision): Decision {
  return withRegistered(state, id, (session) =>
    session.operator === null ? refused({ reason: "not-operator" }) : decideFor(session),
  );
}

function answered(session: SessionId, answer: Answer): Decision {
  return done({ kind: "answered", session, answer });
}
