import { setTimeout as wait } from "node:timers/promises";
import type { AgentStatus } from "../wire/messages.ts";
import { agentPlace } from "../wire/place.ts";
import type { AgentFailure } from "./attached.ts";
import { findAgent, findRunning } from "./find-agent.ts";
import type { StartsAgent } from "./find-agent.ts";

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
  const pid = link.first?.pid ?? 0;
  await ended(pid);
  return { kind: "answered", value: { pid } };
}

/**
 * Forgets which server an address led to, so that whatever answers there now is believed. What devices keep of it stays. Starts an
 * agent where none is running: `servers.json` is written by it alone. Never rejects.
 */
export async function forgetServer(
  { state, env, server, signal }: Forgetting,
  startAgent: StartsAgent = startLater,
): Promise<Asked<"forgotten" | "unknown">> {
  const found = await findAgent({ place: agentPlace(state), env, start: startAgent, signal });
  if (found.kind !== "found") return found;
  const { host, port } = server;
  const reply = await found.link.control("forget", { server: { host, port } });
  found.link.close();
  return reply === null
    ? {
        kind: "failed",
        why: "broken",
        text: "The agent ended while it was asked. Try again; if it goes on, see its log.",
      }
    : { kind: "answered", value: reply.kind };
}

interface Forgetting {
  readonly state: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly server: { readonly host: string; readonly port: number };
  readonly signal?: AbortSignal | undefined;
}

const startLater: StartsAgent = async (...to) => await (await import("./start-agent.ts")).startAgentProcess(...to);

/** Milliseconds: an agent closes what it keeps in less. */
const END_TIMEOUT = 12_000;
const PAUSE = 20;

/** It is no child of ours, so all that can be done is to look. */
async function ended(pid: number): Promise<void> {
  const giveUpAt = performance.now() + END_TIMEOUT;
  if (pid === 0 || pid === process.pid) return;
  while (isThere(pid) && performance.now() < giveUpAt) await wait(PAUSE);
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const OTHER = "The agent that is running is of another version and can't tell. pad agent stop ends it.";
