import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { createInterfaceReader, type NetworkInterfaces } from "./addresses.ts";
import type { LocalApi } from "./local-api/client.ts";
import type { LocalApiProblem } from "./local-api/outcome.ts";
import { nothingObserved, observeInterfaces, observeStatus } from "./observe.ts";
import type { Observation } from "./observe.ts";

export type { Observation } from "./observe.ts";

/** All in milliseconds. */
export interface MonitorTimings {
  /** How long to let news from the bus settle before asking for the state. */
  readonly debounce: number;
  /** How often to ask although the bus is silent. */
  readonly poll: number;
  /** How often to look at the interfaces while an address is awaited or tailscaled can't be asked. */
  readonly interfaces: number;
  /** Before the first new attempt at the bus; doubles with each failure. */
  readonly retryFirst: number;
  readonly retryMost: number;
}

const DEFAULTS: MonitorTimings = { debounce: 100, poll: 30_000, interfaces: 500, retryFirst: 250, retryMost: 4000 };

export interface MonitorOptions {
  readonly api: Pick<LocalApi, "status" | "watch">;
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
  /**
   * Calls back when the bus had news, whatever they were, once they have settled and the state was asked for: a peer came, or
   * a policy changed, of which the observation shows nothing. Returns the way to stop that.
   */
  onNews(listener: () => void): () => void;
  /** Asks tailscaled now. Never rejects. */
  refresh(): Promise<Observation>;
  stop(): void;
}

/** Resolves when tailscaled has been asked once, whatever came of it; never rejects. */
export async function createMonitor(options: MonitorOptions): Promise<Monitor> {
  const monitor = new FollowingMonitor(options);
  await monitor.refresh();
  monitor.start();
  return monitor;
}

class FollowingMonitor implements Monitor {
  readonly #options: MonitorOptions;
  readonly #timings: MonitorTimings;
  readonly #listeners = new Set<(observation: Observation) => void>();
  readonly #newsListeners = new Set<() => void>();
  readonly #stopping = new AbortController();
  readonly #interfaces: () => NetworkInterfaces;
  #observation = nothingObserved;
  #asking: Promise<Observation> | null = null;
  #askAgain: Promise<Observation> | null = null;
  #settling: NodeJS.Timeout | null = null;

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#timings = { ...DEFAULTS, ...options.timings };
    this.#interfaces = createInterfaceReader(options.interfaces);
  }

  start(): void {
    void this.#followBus();
    this.#every(this.#timings.poll, () => void this.refresh());
    this.#every(this.#timings.interfaces, () => this.#lookAtInterfaces());
  }

  current(): Observation {
    return this.#observation;
  }

  onChange(listener: (observation: Observation) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onNews(listener: () => void): () => void {
    this.#newsListeners.add(listener);
    return () => this.#newsListeners.delete(listener);
  }

  /** An answer on its way may be older than what made us ask; so one more question follows it, for all who came meanwhile. */
  refresh(): Promise<Observation> {
    if (this.#asking === null) {
      this.#asking = this.#ask().finally(() => (this.#asking = null));
      return this.#asking;
    }
    this.#askAgain ??= this.#asking.then(() => {
      this.#askAgain = null;
      return this.refresh();
    });
    return this.#askAgain;
  }

  stop(): void {
    this.#stopping.abort();
    this.#listeners.clear();
    this.#newsListeners.clear();
    if (this.#settling !== null) {
      clearTimeout(this.#settling);
    }
  }

  async #ask(): Promise<Observation> {
    const outcome = await this.#options.api.status();
    if (!outcome.ok) {
      this.#options.onTrouble?.(outcome.problem);
    }
    const { now = Date.now } = this.#options;
    this.#see(observeStatus(this.#observation, outcome, this.#interfaces(), now()));
    return this.#observation;
  }

  async #followBus(): Promise<void> {
    const { retryFirst, retryMost } = this.#timings;
    const { signal } = this.#stopping;
    let wait = retryFirst;
    while (!signal.aborted) {
      await this.#options.api.watch(() => {
        wait = retryFirst;
        this.#heard();
      }, signal);
      if (signal.aborted) {
        return;
      }
      void this.refresh();
      await this.#pause(wait);
      wait = Math.min(wait * 2, retryMost);
    }
  }

  #heard(): void {
    this.#settling ??= setTimeout(() => {
      this.#settling = null;
      void this.#followNews();
    }, this.#timings.debounce).unref();
  }

  async #followNews(): Promise<void> {
    await this.refresh();
    for (const listener of this.#newsListeners) {
      listener();
    }
  }

  /** Cheap, and needed only where nobody tells: an address comes a moment after the state that promises it. */
  #lookAtInterfaces(): void {
    const { state, missing } = this.#observation;
    if (state.kind === "absent" || state.kind === "unreachable" || missing.length > 0) {
      this.#see(observeInterfaces(this.#observation, this.#interfaces()));
    }
  }

  #see(observation: Observation): void {
    if (this.#stopping.signal.aborted || isDeepStrictEqual(observation, this.#observation)) {
      return;
    }
    this.#observation = observation;
    for (const listener of this.#listeners) {
      listener(observation);
    }
  }

  #every(milliseconds: number, act: () => void): void {
    const timer = setInterval(act, milliseconds).unref();
    this.#stopping.signal.addEventListener("abort", () => clearInterval(timer));
  }

  async #pause(milliseconds: number): Promise<void> {
    try {
      await sleep(milliseconds, undefined, { ref: false, signal: this.#stopping.signal });
    } catch {
      // Stopped meanwhile; the loop sees it.
    }
  }
}
