import type { Socket } from "node:net";
import { openListener, type ListenFailure, type Listener } from "../net/listener.ts";

/** An address that is wanted and could not be opened. */
export interface ListenTrouble {
  readonly address: string;
  readonly port: number;
  readonly failure: ListenFailure;
}

export interface ListeningOptions {
  /** 0: the system chooses for the first address, and the others follow. */
  readonly port: number;
  /** Milliseconds before an address that could not be opened is tried again. */
  readonly retry: number;
  readonly onConnection: (socket: Socket) => void;
  readonly onChange: (change: { readonly address: string; readonly open: boolean }) => void;
  /** Told once for each address and kind of failure, however often it is tried. */
  readonly onTrouble: (trouble: ListenTrouble) => void;
  /** Told when it has done what it could for what is wanted, by a change of that or by a new attempt. */
  readonly onSettled: () => void;
}

/** The listeners that are open, kept in step with the addresses that are wanted. */
export class Listening {
  readonly #options: ListeningOptions;
  readonly #open = new Map<string, Listener>();
  readonly #troubles = new Map<string, ListenTrouble>();
  #wanted: readonly string[] = [];
  #port: number;
  #working: Promise<void> = Promise.resolve();
  #retryTimer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(options: ListeningOptions) {
    this.#options = options;
    this.#port = options.port;
  }

  get port(): number {
    return this.#port;
  }

  get addresses(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** What is wanted and could not be opened. */
  get troubles(): readonly ListenTrouble[] {
    return [...this.#troubles.values()];
  }

  /**
   * Opens what is missing, then closes what is not wanted any more: whoever moves from one to the other finds one open.
   * Resolves with what could not be opened, which is tried again by itself.
   */
  async want(addresses: readonly string[]): Promise<readonly ListenTrouble[]> {
    this.#wanted = [...new Set(addresses)];
    this.#working = this.#working.then(() => this.#follow());
    await this.#working;
    return [...this.#troubles.values()];
  }

  /** Stops accepting; connections go on. */
  stop(): void {
    this.#stopped = true;
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    for (const listener of this.#open.values()) listener.close();
    this.#open.clear();
  }

  async #follow(): Promise<void> {
    for (const address of this.#wanted) {
      if (!this.#stopped && !this.#open.has(address)) await this.#openOne(address);
    }
    for (const [address, listener] of this.#open) {
      if (this.#wanted.includes(address)) continue;
      listener.close();
      this.#open.delete(address);
      this.#options.onChange({ address, open: false });
    }
    for (const address of this.#troubles.keys()) if (!this.#wanted.includes(address)) this.#troubles.delete(address);
    if (this.#troubles.size > 0) this.#retryLater();
    if (!this.#stopped) this.#options.onSettled();
  }

  async #openOne(address: string): Promise<void> {
    const result = await openListener({ address, port: this.#port, onConnection: this.#options.onConnection });
    if (result.kind !== "listening") {
      const before = this.#troubles.get(address);
      const trouble = { address, port: this.#port, failure: result };
      this.#troubles.set(address, trouble);
      if (before?.failure.kind !== result.kind) this.#options.onTrouble(trouble);
      return;
    }
    this.#troubles.delete(address);
    if (this.#stopped) {
      result.listener.close();
      return;
    }
    this.#port = result.listener.port;
    this.#open.set(address, result.listener);
    this.#options.onChange({ address, open: true });
  }

  #retryLater(): void {
    if (this.#stopped || this.#retryTimer !== null) return;
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = null;
      void this.want(this.#wanted);
    }, this.#options.retry);
  }
}
