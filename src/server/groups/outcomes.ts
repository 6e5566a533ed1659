/** Who asks the delivery service, and what a request comes to. */
import type { Decision } from "../../core/decision.ts";
import type { SessionId } from "../../core/events.ts";
import type { GroupCommand } from "../../groups/commands.ts";
import type { Reply } from "../../groups/decision.ts";
import type { DeviceId } from "../../groups/ids.ts";
import type { GroupRefusal } from "../../groups/refusals.ts";
import type { GroupEvent } from "../../groups/rules.ts";

/** Which device speaks, and by which session. */
export interface Speaker {
  readonly session: SessionId;
  readonly device: DeviceId;
}

export type ServiceRefusal = GroupRefusal | { readonly reason: "storage-failed" };
/** What a request comes to: its answer, or why not. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: ServiceRefusal };

export type GroupDecision = Decision<GroupEvent, ServiceRefusal>;
/** Has the rules decide a command. Resolves when what it leads to is stored; never rejects. */
export type Ask = (command: GroupCommand) => Promise<GroupDecision>;

export const STORAGE_FAILED = { ok: false, refusal: { reason: "storage-failed" } } as const;

/** The reply of the kind that belongs to the command; throws for any other, which is a fault in the rules. */
export function outcomeOf<K extends Reply["kind"]>(
  decision: GroupDecision,
  kind: K,
): Outcome<Extract<Reply, { kind: K }>> {
  const outcome = replyOf(decision);
  if (!outcome.ok) return outcome;
  const { value } = outcome;
  if (!isOfKind(value, kind)) throw new Error(`a reply of kind ${value.kind} where ${kind} was due`);
  return { ok: true, value };
}

/** The reply of whatever kind; `done` for a command that has none. */
export function replyOf(decision: GroupDecision): Outcome<Reply> {
  switch (decision.kind) {
    case "refused":
      return { ok: false, refusal: decision.refusal };
    case "done":
      for (const event of decision.events) if (event.kind === "reply") return { ok: true, value: event.reply };
      return { ok: true, value: { kind: "done" } };
    case "unchanged":
      return { ok: true, value: { kind: "done" } };
    case "session-gone":
      // Nothing was done.
      return STORAGE_FAILED;
  }
}

function isOfKind<K extends Reply["kind"]>(value: Reply, kind: K): value is Extract<Reply, { kind: K }> {
  return value.kind === kind;
}
