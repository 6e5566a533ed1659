import { outputLength, type ClassicOutput } from "./outbound.ts";

type State =
  /** No key yet. */
  | { readonly kind: "holding"; readonly held: ClassicOutput[]; readonly bytes: number }
  /** The key is agreed, a moment ago. */
  | {
      readonly kind: "settling";
      readonly held: ClassicOutput[];
      readonly bytes: number;
      readonly timer: NodeJS.Timeout;
    }
  | { readonly kind: "open" };

const OPEN: State = { kind: "open" };

/**
 * Old clients throw away what comes in one segment with the acknowledgement of their key, so messages for a session are
 * held until it has a key, and a moment longer (PROTOCOL.md, set-up of a connection).
 */
export class PreKeyQueue {
  readonly #limit: number;
  #state: State = { kind: "holding", held: [], bytes: 0 };

  /** @param limit most bytes held. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get isOpen(): boolean {
    return this.#state.kind === "open";
  }

  get bytes(): number {
    return this.#state.kind === "open" ? 0 : this.#state.bytes;
  }

  /** What a session that has its key would hear in a moment: it counts as taken, so the server's end must not swallow it. */
  get settling(): readonly ClassicOutput[] {
    return this.#state.kind === "settling" ? this.#state.held : [];
  }

  /** Keeps a message back; false when that is more than may wait. */
  keep(output: ClassicOutput): boolean {
    if (this.#state.kind === "open") return true;
    this.#state.held.push(output);
    this.#state = { ...this.#state, bytes: this.#state.bytes + outputLength(output) };
    return this.#state.bytes <= this.#limit;
  }

  /** The key is agreed: hands over what was held, a moment after the acknowledgement, and holds nothing from then on. */
  settle(release: (held: readonly ClassicOutput[]) => void): void {
    if (this.#state.kind !== "holding") return;
    const { held, bytes } = this.#state;
    const timer = setTimeout(() => {
      this.#state = OPEN;
      release(held);
    }, SETTLE_MS);
    this.#state = { kind: "settling", held, bytes, timer };
  }

  /** The session is over. */
  stop(): void {
    if (this.#state.kind === "settling") clearTimeout(this.#state.timer);
    this.#state = OPEN;
  }
}

const SETTLE_MS = 100;
