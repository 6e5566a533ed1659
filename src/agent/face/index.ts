/**
 * `agent/face`: the face's side of the agent: finds the process that owns this person's devices, starts it where none is
 * running, and is a `SealedChat` over its socket. It is small, since every short command loads it, and knows no key, no store
 * and no server's protocol.
 */

import type { AttachReply } from "../wire/messages.ts";
import { agentPlace } from "../wire/place.ts";
import { attachedChat } from "./attached-chat.ts";
import type { AgentFailure, Attached } from "./attached.ts";
import { deviceToken } from "./device-token.ts";
import { findAgent, silentAgent } from "./find-agent.ts";
import type { Agent } from "./find-agent.ts";
import { findShared, silentShared } from "./find-shared.ts";
import type { StartsAgent } from "./find-agent.ts";
import type { Link } from "./link.ts";
import type { Reopened } from "./sight.ts";

export type { AgentFailure, Attached } from "./attached.ts";

export interface AttachOptions {
  readonly server: { readonly host: string; readonly port: number };
  /**
   * The name to speak under, if the person said one; else the agent takes the one that it had there first. Where the tailnet says who
   * one is, a device has one name at a time, and `Attached` tells which.
   */
  readonly name: string | null;
  /** Asked where there is neither, as on a server that is new here: names in order of preference. */
  readonly suggest: () => Promise<readonly [string, ...string[]]>;
  /** The person's state folder (`places(env).state`); null: there is no home. */
  readonly state: string | null;
  /** The socket of an agent that several users share, to be used in place of this person's own. Default null. */
  readonly shared?: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether this face shows `#everyone`, so that this device is to be in it, unless its person has left it. Default true. */
  readonly comesIn?: boolean;
  /** Whether an agent is started where none is running. Default true. */
  readonly start?: boolean;
  /** Aborting it gives the attempt up, and later detaches as `close()` does. */
  readonly signal?: AbortSignal;
}

/**
 * Attaches to this person's agent for one server. Resolves at once where the agent has been on that server before, online or not:
 * `chat.online()` waits. Else it asks the server first, which takes some seconds at most. Never rejects.
 */
export async function attach(
  { start = true, ...options }: AttachOptions,
  startAgent: StartsAgent = startLater,
): Promise<Attached> {
  const { state, shared = null, env, signal } = options;
  if (shared === null && state === null) return { kind: "failed", why: "no-home", text: NO_HOME };
  const find = async (starter: StartsAgent | null): Promise<Agent> =>
    shared === null
      ? await findAgent({ place: agentPlace(state ?? ""), env, start: starter, signal })
      : await findShared({ socket: shared }, signal);
  const entered = await enter(async () => await find(start ? startAgent : null), options);
  if (entered.kind !== "entered") return entered;
  const { name, link } = entered;
  // The same person, whatever agent comes next.
  const reopen = async () => reopened(await enter(async () => await find(startAgent), { ...options, name }));
  return { kind: "attached", name, chat: attachedChat({ link, reopen, signal }) };
}

const NO_HOME = "There is no home folder to keep a device in (HOME is not set). Name a state folder: XDG_STATE_HOME.";

/** What starts a process is loaded only where one has to be started. */
const startLater: StartsAgent = async (...to) => await (await import("./start-agent.ts")).startAgentProcess(...to);

type Entered =
  | { readonly kind: "entered"; readonly link: Link; readonly name: string }
  | Exclude<Attached, { kind: "attached" }>;

/** An agent may end for want of use in the very moment in which it is asked. */
const TRIES = 3;

async function enter(find: () => Promise<Agent>, options: AttachOptions, tries = TRIES): Promise<Entered> {
  const { server, name, suggest, shared = null, state, signal } = options;
  const found = await find();
  if (found.kind === "failed") return found;
  const { link } = found;
  const abort = (): void => link.close();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const wanted = {
      server: { host: server.host, port: server.port },
      name,
      token: deviceToken(options.env),
      comesIn: options.comesIn ?? true,
    };
    let reply = await inTime(link.control("attach", { ...wanted, suggested: [] }));
    if (reply !== SILENT && reply?.kind === "name-needed") {
      const suggested = await suggest();
      reply = await inTime(link.control("attach", { ...wanted, suggested }));
    }
    if (reply === SILENT) {
      link.close();
      return failed("silent", shared === null ? silentAgent(agentPlace(state ?? "")) : silentShared(shared));
    }
    if (reply?.kind === "attached") return { kind: "entered", link, name: reply.name };
    link.close();
    if (signal?.aborted === true) return failed("aborted", "Interrupted.");
    if (reply === null && link.end === "too-many") return failed("busy", TOO_MANY);
    if (reply === null && tries > 1) {
      return await enter(find, options, tries - 1);
    }
    return notAttached(reply);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

const TOO_MANY =
  "Your agent has as many windows and commands attached as it takes. Close some (pad agent lists how many there are), then try again.";

/** Milliseconds for an agent that says who it is to say more: it asks a server that is new to it, which has fifteen seconds itself. */
const ATTACHED_IN = 25_000;
const SILENT = Symbol("the agent said nothing");

async function inTime<T>(reply: Promise<T>): Promise<T | typeof SILENT> {
  const { promise, resolve } = Promise.withResolvers<typeof SILENT>();
  const timer = setTimeout(() => resolve(SILENT), ATTACHED_IN);
  try {
    return await Promise.race([reply, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function notAttached(reply: Exclude<AttachReply, { kind: "attached" }> | null): Exclude<Entered, { kind: "entered" }> {
  switch (reply?.kind) {
    case undefined:
      return failed("broken", "The agent ended while it was asked. Try again; if it goes on, see its log.");
    case "name-needed":
      return failed("broken", "The agent wants another name. Name one.");
    case "classic-only":
      return reply;
    case "server":
      return { kind: "failed", why: "server", end: reply.end };
    case "folder":
    case "busy":
    case "another-server":
      return failed(reply.kind, reply.text);
  }
}

/** Whether the next agent may be one to attach to. */
function reopened(entered: Entered): Reopened {
  switch (entered.kind) {
    case "entered":
      return { kind: "attached", link: entered.link };
    case "classic-only":
      return { kind: "failed", isFinal: false };
    case "failed": {
      if (entered.why === "server" || !FINAL.has(entered.why)) return { kind: "failed", isFinal: false };
      const why = entered.why === "another-server" ? entered.why : "unusable";
      return { kind: "failed", isFinal: true, why, text: entered.text };
    }
  }
}

const FINAL: ReadonlySet<AgentFailure> = new Set(["no-home", "other-version", "another-server", "aborted"]);

function failed(why: AgentFailure, text: string): Exclude<Entered, { kind: "entered" }> {
  return { kind: "failed", why, text };
}
