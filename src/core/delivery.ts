import type { Event, SessionId } from "./events.ts";
import type { Delivery } from "./ports.ts";
import { get, valuesOf } from "./persistent-map.ts";
import type { Notice } from "./notices.ts";
import { rosterOf } from "./roster.ts";
import { isOperator } from "./rights.ts";
import { sessionsNamed, type State } from "./state.ts";

/**
 * Who hears of an event, and what.
 * @param before the state in which the event happens.
 */
export function deliveriesOf(before: State, event: Event): readonly Delivery[] {
  switch (event.kind) {
    case "broadcast":
      return [
        {
          to: rosterOf(before).sessions,
          except: event.session,
          notice: { kind: "broadcast", from: event.from, text: event.text },
        },
        to(event.session, { kind: "broadcast-sent", tag: event.tag }),
      ];
    case "direct":
      return [
        { to: event.to, except: null, notice: { kind: "direct", from: event.from, body: event.body } },
        to(event.session, { kind: "direct-sent", tag: event.tag }),
      ];
    case "answered":
      return [to(event.session, { kind: "answer", answer: event.answer, tag: event.tag })];
    case "session-registered": {
      const { session, name, operator, tag } = event;
      const isFirst = sessionsNamed(before, name).length === 0;
      return [
        to(session, { kind: "registered", name, operator: operator !== null, tag }),
        ...(isFirst ? toSharing(before, { kind: "came", name }, session) : []),
      ];
    }
    case "session-refreshed":
      return operatorChange(before, event);
    case "session-ended":
      return [to(event.session, { kind: "ended", cause: event.cause, tag: event.tag }), ...went(before, event.session)];
    case "sent-away": {
      const { how, name, by, reason } = event;
      return toSharing(before, { kind: "sent-away", how, name, by, reason }, null);
    }
    case "name-passed-on": {
      const { name, from, to: heir } = event;
      return [
        { to: rosterOf(before).sessions, except: null, notice: { kind: "name-passed-on", name, from, to: heir } },
      ];
    }
    case "right-kept":
    case "kept-right-given-up":
    case "absences-counted":
    case "session-opened":
    case "name-claimed":
    case "name-released":
    case "ban-placed":
    case "ban-lifted":
    case "tailscaled-seen":
    case "tailscaled-presence":
      return [];
  }
}

function operatorChange(before: State, event: Extract<Event, { kind: "session-refreshed" }>): readonly Delivery[] {
  const session = get(before.sessions, event.session);
  if (session?.phase !== "registered") return [];
  const operator = event.operator !== null;
  return isOperator(session) === operator ? [] : [to(event.session, { kind: "operator-changed", operator })];
}

/** The last session of a name has ended. */
function went(before: State, id: SessionId): readonly Delivery[] {
  const session = get(before.sessions, id);
  if (session?.phase !== "registered" || sessionsNamed(before, session.name).length > 1) return [];
  return toSharing(before, { kind: "went", name: session.name }, id);
}

/** News for those whose protocol tells them; where nobody is of such a protocol, coming and going costs nothing. */
function toSharing(before: State, notice: Notice, except: SessionId | null): readonly Delivery[] {
  return before.sharing.size === 0 ? [] : [{ to: valuesOf(before.sharing), except, notice }];
}

function to(session: SessionId, notice: Notice): Delivery {
  return { to: [session], except: null, notice };
}
