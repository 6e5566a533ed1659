import type { Needs } from "./commands.ts";
import { refused, SESSION_GONE, type Decision } from "./decision.ts";
import type { SessionId } from "./events.ts";
import { get } from "./persistent-map.ts";
import type { RegisteredSession, Session, State } from "./state.ts";

/** Decides for a session that is there. What was on its way while its session ended has nobody left to answer. */
function withSession(state: State, id: SessionId, decideFor: (session: Session) => Decision): Decision {
  const session = get(state.sessions, id);
  return session === undefined ? SESSION_GONE : decideFor(session);
}

export function withRegistered(
  state: State,
  id: SessionId,
  decideFor: (session: RegisteredSession) => Decision,
): Decision {
  return withSession(state, id, (session) =>
    session.phase === "registered" ? decideFor(session) : refused({ reason: "not-registered" }),
  );
}

export function withOperator(
  state: State,
  id: SessionId,
  decideFor: (session: RegisteredSession) => Decision,
): Decision {
  return withRegistered(state, id, (session) =>
    isOperator(session) ? decideFor(session) : refused({ reason: "not-operator" }),
  );
}

export function withNeeds(
  state: State,
  id: SessionId,
  needs: Needs,
  decideFor: (session: Session) => Decision,
): Decision {
  switch (needs) {
    case "nothing":
      return withSession(state, id, decideFor);
    case "registration":
      return withRegistered(state, id, decideFor);
    case "operator":
      return withOperator(state, id, decideFor);
  }
}

export function isOperator(session: Session): boolean {
  return session.phase === "registered" && session.operator !== null;
}
