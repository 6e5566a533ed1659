import type { Event } from "./events.ts";
import type { Delivery } from "./ports.ts";
import { get } from "./persistent-map.ts";
import type { Notice } from "./notices.ts";
import { rosterOf } from "./roster.ts";
import type { State } from "./state.ts";

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
        to(event.session, { kind: "broadcast-sent" }),
      ];
    case "direct":
      return [
        { to: event.to, except: null, notice: { kind: "direct", from: event.from, body: event.body } },
        to(event.session, { kind: "direct-sent" }),
      ];
    case "answered":
      return [to(event.session, { kind: "answer", answer: event.answer })];
    case "session-registered":
      return [to(event.session, { kind: "registered", name: event.name, operator: event.operator !== null })];
    case "session-revouched":
      return operatorChange(before, event);
    case "session-ended":
      return [to(event.session, { kind: "ended", cause: event.cause })];
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

function operatorChange(before: State, event: Extract<Event, { kind: "session-revouched" }>): readonly Delivery[] {
  const session = get(before.sessions, event.session);
  if (session?.phase !== "registered") return [];
  const operator = event.operator !== null;
  return (session.operator !== null) === operator ? [] : [to(event.session, { kind: "operator-changed", operator })];
}

function to(session: number, notice: Notice): Delivery {
  return { to: [session], except: null, notice };
}
