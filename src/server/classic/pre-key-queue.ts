import { outputLength, type ClassicOutput } from "./outbound.ts";

/**
 * Old clients throw away what comes in one segment with the acknowledgement of their key, so messages for a session are
 * held until it has a key, and a moment longer (PROTOCOL.md, set-up of a connection).
 */
export class PreKeyQueue {
  readonly #limit: number;
  #state: "holding" | "settling" | "open" = "holding";
  #held: ClassicOutput[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | null = null;

  /** @param limit most bytes held. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What a session that has its key would hear in a moment: it counts as taken, so the server's end must not swallow it. */
  get settling(): readonly ClassicOutput[] {
    return this.#state === "settling" ? this.#held : [];
  }

  /** Keeps a message back; false when that is more than may wait. */
  keep(output: ClassicOutput): boolean {
    this.#held.push(output);
    this.#bytes += outputLength(output);
    return this.#bytes <= this.#limit;
  }

  /** The key is agreed: hands over what was held, a moment after the acknowledgement, and holds nothing from then on. */
  settle(release: (held: readonly ClassicOutput[]) => void): void {
    if (this.#state !== "holding") return;
    this.#state = "settling";
    this.#timer = setTimeout(() => {
      const held = this.#held;
      this.#state = "open";
      this.#forget();
      release(held);
    }, SETTLE_MS);
  }

  /** The session is over. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#forget();
  }

  #forget(): void {
    this.#held = [];
    this.#bytes = 0;
    this.#timer = null;
  }
}

const SETTLE_MS = 100;
