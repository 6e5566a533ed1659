import type { AgentStatus } from "../wire/messages.ts";
import { agentPlace } from "../wire/place.ts";
import type { AgentFailure } from "./attached.ts";
import { findRunning } from "./find-agent.ts";

export type { AgentStatus } from "../wire/messages.ts";

/** What came of a question to this person's agent. */
export type Asked<T> =
  | { readonly kind: "answered"; readonly value: T }
  | { readonly kind: "not-running" }
  | { readonly kind: "failed"; readonly why: AgentFailure; readonly text: string };

/** How the agent is. Never rejects. */
export async function agentStatus(state: string, signal?: AbortSignal): Promise<Asked<AgentStatus>> {
  const found = await findRunning(agentPlace(state), signal);
  if (found.kind !== "found") return found;
  const value = await found.link.control("status", {});
  found.link.close();
  return value === null ? { kind: "failed", why: "other-version", text: OTHER } : { kind: "answered", value };
}

/**
 * Ends the agent, with all that its faces show; `handover`: faces go on with the next one, which is about to start. Resolves when it
 * has ended. Never rejects.
 */
export async function stopAgent(
  state: string,
  when: "always" | "handover",
  signal?: AbortSignal,
): Promise<Asked<{ readonly pid: number }>> {
  const found = await findRunning(agentPlace(state), signal);
  if (found.kind !== "found") return found;
  const { link } = found;
  await link.control("stop", { when });
  await link.untilOver();
  return { kind: "answered", value: { pid: link.first?.pid ?? 0 } };
}

const OTHER = "The agent that is running is of another version and can't tell. pad agent stop ends it.";
