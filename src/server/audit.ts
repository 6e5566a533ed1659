import type { Command } from "../core/commands.ts";
import type { Decision } from "../core/decision.ts";
import { isName } from "../core/names.ts";
import { get } from "../core/persistent-map.ts";
import type { State } from "../core/state.ts";
import type { Log } from "./log.ts";
import { createSparseLog } from "./sparse-log.ts";

export type Post = (command: Command, settle?: (decision: Decision) => void) => void;

export interface Audit {
  readonly post: Post;
  /** Writes what was not written yet. */
  stop(): void;
}

type OperatorsCommand = Extract<Command, { kind: "kick" | "ban" | "unban" }>;

/**
 * A `post` that logs what operators do, and what others tried: who, what, to whom, what came of it. Whoever isn't operator can
 * try as often as they like, so those get one line now and then, with how many there were.
 * @param every milliseconds between two such lines.
 */
export function withAudit(post: Post, state: () => State, log: Log, every: number): Audit {
  const tried = createSparseLog((fields) => log.info("operator's command refused", fields), every);
  return {
    post: (command, settle) => {
      if (!isOperators(command)) {
        post(command, settle);
        return;
      }
      const session = get(state().sessions, command.session);
      const by = session?.phase === "registered" ? session.name : null;
      const isOperator = session?.phase === "registered" && session.operator !== null;
      post(command, (decision) => {
        const fields = {
          by,
          session: command.session,
          target: toldTarget(command.target),
          outcome: outcomeOf(decision),
        };
        if (isOperator) log.info(command.kind, fields);
        else tried.note({ command: command.kind, ...fields });
        settle?.(decision);
      });
    },
    stop: () => tried.stop(),
  };
}

function isOperators(command: Command): command is OperatorsCommand {
  return command.kind === "kick" || command.kind === "ban" || command.kind === "unban";
}

/** Only what can be a name is written down: anything else may be what somebody meant to say, or may steer the reader's terminal. */
function toldTarget(target: string): string {
  return isName(target) ? target : "(no name)";
}

function outcomeOf(decision: Decision): string {
  switch (decision.kind) {
    case "done":
      return "done";
    case "refused":
      return decision.refusal.reason;
    case "unchanged":
      return "unchanged";
    case "session-gone":
      return "session-gone";
  }
}
