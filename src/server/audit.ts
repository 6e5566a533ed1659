import type { Command } from "../core/commands.ts";
import type { Decision } from "../core/decision.ts";
import { get } from "../core/persistent-map.ts";
import type { State } from "../core/state.ts";
import type { Log } from "./log.ts";

type Post = (command: Command, settle?: (decision: Decision) => void) => void;

/** A `post` that logs what operators do, and what others tried: who, what, to whom, what came of it. */
export function withAudit(post: Post, state: () => State, log: Log): Post {
  return (command, settle) => {
    if (command.kind !== "kick" && command.kind !== "ban" && command.kind !== "unban") {
      post(command, settle);
      return;
    }
    const session = get(state().sessions, command.session);
    post(command, (decision) => {
      log.info(command.kind, {
        by: session?.phase === "registered" ? session.name : null,
        session: command.session,
        target: command.target,
        outcome: decision.kind === "refused" ? decision.refusal.reason : decision.kind,
      });
      settle?.(decision);
    });
  };
}
