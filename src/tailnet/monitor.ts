import type { NetworkInterfaces } from "./addresses.ts";
import type { LocalApi } from "./local-api/client.ts";
import type { LocalApiProblem } from "./local-api/outcome.ts";
import type { TailscaleState } from "./state.ts";

/** All that is known of Tailscale on this machine, at one moment. */
export interface Observation {
  readonly state: TailscaleState;
  /** The Tailscale addresses to listen on, besides loopback; each was on an interface a moment ago. */
  readonly listenOn: readonly string[];
  /** Addresses that tailscaled calls ours and that no interface has (yet). */
  readonly missing: readonly string[];
  /** Whether a tailscaled has answered since this process started. */
  readonly everAnswered: boolean;
  /** Whether there is a socket, pipe or port of a tailscaled, answering or not. */
  readonly socketExists: boolean;
  /** Where tailnet peers arrive, as tailscaled said last in this process, whatever its state is now. */
  readonly mode: "tun" | "userspace" | "unknown";
  /** Our node's stable id, as tailscaled said last in this process. */
  readonly selfId: string | null;
}

/** All in milliseconds. */
export interface MonitorTimings {
  /** How long to let news from the bus settle before asking for the state. */
  readonly debounce: number;
  /** How often to ask although the bus is silent. */
  readonly poll: number;
  /** How often to look at the interfaces while an address is awaited or tailscaled is away. */
  readonly interfaces: number;
  /** Before the first new attempt at the bus; doubles with each failure. */
  readonly retryFirst: number;
  readonly retryMost: number;
}

export interface MonitorOptions {
  readonly api: LocalApi;
  readonly interfaces?: () => NetworkInterfaces;
  readonly timings?: Partial<MonitorTimings>;
  /** Milliseconds since 1970; for the one word "expired" only. */
  readonly now?: () => number;
  /** Told whenever tailscaled could not be asked; the same problem may come again and again. */
  readonly onTrouble?: (problem: LocalApiProblem) => void;
}

/** Follows tailscaled: up, down, away, back, under other addresses. */
export interface Monitor {
  current(): Observation;
  /** Calls back after each change of the observation. Returns the way to stop that. */
  onChange(listener: (observation: Observation) => void): () => void;
  /** Asks tailscaled now. */
  refresh(): Promise<Observation>;
  stop(): void;
}

/** Resolves when tailscaled has been asked once, whatever came of it; never rejects. */
export function createMonitor(options: MonitorOptions): Promise<Monitor> {
  throw new Error(`not written yet: ${typeof options}`);
}
