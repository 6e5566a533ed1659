/**
 * `agent/face`: the face's side of the agent: finds the process that owns this person's devices, starts it where none is
 * running, and is a `SealedChat` over its socket. It is small, since every short command loads it, and knows no key, no store
 * and no server's protocol.
 */

import type { Attached } from "./attached.ts";

export type { AgentFailure, Attached } from "./attached.ts";

export interface AttachOptions {
  readonly server: { readonly host: string; readonly port: number };
  /**
   * The name to speak under, if the person said one; else the agent takes the one that it had there last. Where the tailnet says who
   * one is, a device has one name at a time, and `Attached` tells which.
   */
  readonly name: string | null;
  /** Asked where there is neither, as on a server that is new here: names in order of preference. */
  readonly suggest: () => Promise<readonly [string, ...string[]]>;
  /** The person's state folder (`places(env).state`); null: there is no home. */
  readonly state: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether an agent is started where none is running. Default true. */
  readonly start?: boolean;
  /** Aborting it gives the attempt up, and later detaches as `close()` does. */
  readonly signal?: AbortSignal;
}

/**
 * Attaches to this person's agent for one server. Resolves at once where the agent has been on that server before, online or not:
 * `chat.online()` waits. Else it asks the server first, which takes some seconds at most. Never rejects.
 */
export function attach({ state }: AttachOptions): Promise<Attached> {
  // The process behind it follows; until then all goes the way it went.
  const text = state === null ? "There is no home folder (HOME is not set)." : "There is no agent yet.";
  return Promise.resolve({ kind: "failed", why: state === null ? "no-home" : "not-started", text });
}
