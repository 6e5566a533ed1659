import { setTimeout as wait } from "node:timers/promises";
import type { AgentStatus } from "../wire/messages.ts";
import { agentPlace } from "../wire/place.ts";
import type { AgentFailure } from "./attached.ts";
import { findAgent, findRunning, pidOfAgent } from "./find-agent.ts";
import type { StartsAgent } from "./find-agent.ts";
import { findShared } from "./find-shared.ts";
import type { SharedPlace } from "./find-shared.ts";

export type { AgentStatus } from "../wire/messages.ts";

/** What came of a question to this person's agent. */
export type Asked<T> =
  | { readonly kind: "answered"; readonly value: T }
  | { readonly kind: "not-running" }
  | { readonly kind: "failed"; readonly why: AgentFailure; readonly text: string };

/** How the agent is: this person's, by their state folder, or a shared one. Never rejects. */
export async function agentStatus(at: string | SharedPlace, signal?: AbortSignal): Promise<Asked<AgentStatus>> {
  const found = typeof at === "string" ? await findRunning(agentPlace(at), signal) : await findShared(at, signal);
  if (found.kind !== "found") return found;
  const value = await found.link.control("status", {});
  found.link.close();
  return value === null ? { kind: "failed", why: "other-version", text: OTHER } : { kind: "answered", value };
}

/** `killed`: it did not answer, or did not end in time. What it had kept is on the disk; its faces start the next one. */
export interface Stopped {
  readonly pid: number;
  readonly killed: boolean;
}

/**
 * Ends the agent, with all that its faces show; `handover`: faces go on with the next one, which is about to start. One that doesn't
 * answer is killed. Resolves when it has ended. Never rejects.
 */
export async function stopAgent(
  state: string,
  when: "always" | "handover",
  signal?: AbortSignal,
): Promise<Asked<Stopped>> {
  const place = agentPlace(state);
  const found = await findRunning(place, signal, ANSWER);
  if (found.kind === "failed" && found.why === "silent") {
    const pid = pidOfAgent(place);
    return pid === null ? found : await kill(pid, found.text);
  }
  if (found.kind !== "found") return found;
  const { link } = found;
  const pid = link.first?.pid ?? 0;
  const answer = await Promise.race([link.control("stop", { when }), late(ANSWER)]);
  if (answer !== "late") await Promise.race([link.untilOver(), late(END_TIMEOUT)]);
  link.close();
  if (answer !== "late" && (await hasEnded(pid, END_TIMEOUT)))
    return { kind: "answered", value: { pid, killed: false } };
  return await kill(pid, `The agent (process ${pid}) doesn't end.`);
}

/** For who does nothing when told (`SIGTERM` reaches neither a stopped process nor one that hangs). */
async function kill(pid: number, otherwise: string): Promise<Asked<Stopped>> {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // Gone in this moment, or the number is another user's process now.
    if (isThere(pid)) return { kind: "failed", why: "silent", text: `${otherwise} (${String(error)})` };
  }
  return (await hasEnded(pid, END_TIMEOUT))
    ? { kind: "answered", value: { pid, killed: true } }
    : { kind: "failed", why: "silent", text: otherwise };
}

async function late(milliseconds: number): Promise<"late"> {
  await wait(milliseconds, undefined, { ref: false });
  return "late";
}

/**
 * Forgets which server an address led to, so that whatever answers there now is believed. What devices keep of it stays. Starts an
 * agent where none is running: `servers.json` is written by it alone. Never rejects.
 */
export async function forgetServer(
  { state, env, server, signal }: Forgetting,
  startAgent: StartsAgent = startLater,
): Promise<Asked<"forgotten" | "unknown" | "not-allowed">> {
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

/** Milliseconds: for an answer; and an agent closes what it keeps in less than that. */
const ANSWER = 5000;
const END_TIMEOUT = 12_000;
const PAUSE = 20;

/** It is no child of ours, so all that can be done is to look. */
async function hasEnded(pid: number, timeout: number): Promise<boolean> {
  const giveUpAt = performance.now() + timeout;
  if (pid === 0 || pid === process.pid) return true;
  while (isThere(pid) && performance.now() < giveUpAt) await wait(PAUSE);
  return !isThere(pid);
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const OTHER = "The agent that is running is of another version and can't tell. pad agent stop ends it.";
