/**
 * The core: people, names, bans, operators, sessions and the open room. This folder is pure: it knows no socket, no SQL, no
 * clock, no protocol and no protocol's words. `decide` says what a command leads to, `apply` what an event makes of the
 * state, `deliveriesOf` who hears of it; `mailbox.ts` runs them.
 */
import { decideOpen, decideRefresh, decideRegister } from "./admission.ts";
import type { Answer } from "./answers.ts";
import type { Command, PeerCommand } from "./commands.ts";
import { done, refused, SESSION_GONE, type Decision } from "./decision.ts";
import { decideBan, decideKick, decideUnban, listBans } from "./moderation.ts";
import { decideClearKeptRight } from "./operators.ts";
import { foldName } from "./names.ts";
import { get } from "./persistent-map.ts";
import { isOperator, withNeeds, withOperator, withRegistered } from "./rights.ts";
import { rosterOf } from "./roster.ts";
import { sessionsNamed, type KeyOfName, type State } from "./state.ts";
import { decideNodesPresent, decideTailscaledPresence, decideTailscaledSeen } from "./tailnet-news.ts";

/**
 * What a command leads to in a state. Pure: the same state, command and time give the same decision.
 * @param at milliseconds since 1970, for the stamps on claims and bans.
 */
export function decide(state: State, command: Command, at: number, keyOfName: KeyOfName = NO_KEYS): Decision {
  switch (command.kind) {
    case "open":
      return decideOpen(state, command);
    case "register":
      return decideRegister(state, command, at, keyOfName);
    case "refresh-identity":
      return decideRefresh(state, command);
    case "end":
      return decideEnd(state, command);
    case "tailscaled-seen":
      return decideTailscaledSeen(state);
    case "tailscaled-presence":
      return decideTailscaledPresence(state, command.present);
    case "nodes-present":
      return decideNodesPresent(state, command);
    case "clear-kept-right":
      return decideClearKeptRight(state);
    case "release-name":
      return decideRelease(state, command.name);
    case "broadcast":
    case "direct":
    case "list":
    case "list-bans":
    case "kick":
    case "ban":
    case "unban":
    case "check":
    case "invalid":
      return decideAsked(state, command, at);
  }
}

const NO_KEYS: KeyOfName = () => null;

function decideAsked(state: State, command: Exclude<PeerCommand, { kind: "register" }>, at: number): Decision {
  const { session, tag } = command;
  switch (command.kind) {
    case "broadcast":
      return withRegistered(state, session, ({ name }) =>
        done({ kind: "broadcast", session, tag, from: name, text: command.text }),
      );
    case "direct":
      return withRegistered(state, session, ({ name }) => decideDirect(state, command, name));
    case "list":
      return withRegistered(state, session, () => answered(command, { kind: "list", names: rosterOf(state).names }));
    case "list-bans":
      return withOperator(state, session, () => answered(command, { kind: "bans", ...listBans(state) }));
    case "kick":
      return withOperator(state, session, (operator) => decideKick(state, operator, command));
    case "ban":
      return withOperator(state, session, (operator) => decideBan(state, operator, command, at));
    case "unban":
      return withOperator(state, session, () => decideUnban(state, command));
    case "check":
      return withNeeds(state, session, command.needs, (asking) =>
        answered(command, { kind: "checked", operator: isOperator(asking) }),
      );
    case "invalid":
      return withNeeds(state, session, command.needs, () => refused(command.refusal));
  }
}

function decideEnd(state: State, { session, refusal, tag }: Extract<Command, { kind: "end" }>): Decision {
  if (get(state.sessions, session) === undefined) return SESSION_GONE;
  const cause = refusal === null ? ({ kind: "left" } as const) : ({ kind: "refused", refusal } as const);
  return done({ kind: "session-ended", session, cause, tag });
}

function decideRelease(state: State, name: string): Decision {
  const claim = get(state.claims, foldName(name));
  if (claim === undefined) return refused({ reason: "target-not-found", target: name });
  return done({ kind: "name-released", name: claim.name });
}

function decideDirect(state: State, command: Extract<PeerCommand, { kind: "direct" }>, from: string): Decision {
  const { session, tag, body } = command;
  const to = sessionsNamed(state, command.to);
  if (to.length === 0) return refused({ reason: "recipient-not-found" });
  return done({ kind: "direct", session, tag, from, to, body });
}

function answered({ session, tag }: PeerCommand, answer: Answer): Decision {
  return done({ kind: "answered", session, tag, answer });
}
