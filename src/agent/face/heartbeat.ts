/** Milliseconds from one question to the next, and for its answer. */
export interface HeartbeatTimings {
  readonly every: number;
  readonly patience: number;
}

const TIMINGS: HeartbeatTimings = { every: 10_000, patience: 5000 };

interface Ports {
  /** Asks the agent whether it is there; resolves with its answer, or when the link has ended. */
  readonly ping: () => Promise<unknown>;
  /** It doesn't answer; and then, that it does again. */
  readonly changed: (answers: boolean) => void;
  readonly timings?: Partial<HeartbeatTimings> | undefined;
}

/**
 * Whether an agent answers: one that is stopped (`kill -STOP`) or hangs keeps its socket open, and says nothing. It keeps no process
 * alive.
 */
export class Heartbeat {
  readonly #ports: Ports;
  readonly #timings: HeartbeatTimings;
  #timer: NodeJS.Timeout | undefined;
  #isAsked = false;
  #answers = true;
  #isOver = false;

  constructor(ports: Ports) {
    this.#ports = ports;
    this.#timings = { ...TIMINGS, ...ports.timings };
    this.#rest();
  }

  /** Somebody waits for an answer of the agent: it is asked now. */
  hurry(): void {
    if (!this.#isAsked) void this.#ask();
  }

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #rest(): void {
    if (!this.#isOver) this.#timer = setTimeout(() => void this.#ask(), this.#timings.every).unref();
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer);
    this.#isAsked = true;
    this.#timer = setTimeout(() => this.#late(), this.#timings.patience).unref();
    await this.#ports.ping();
    this.#isAsked = false;
    clearTimeout(this.#timer);
    this.#become(true);
    this.#rest();
  }

  /** Whoever slept as well has the answer, but not read it yet: it is read before the next look. */
  #late(): void {
    this.#timer = setTimeout(() => this.#become(false), this.#timings.patience / 10).unref();
  }

  #become(answers: boolean): void {
    if (this.#isOver || this.#answers === answers) return;
    this.#answers = answers;
    this.#ports.changed(answers);
  }
}
