/** Somebody who can be told to go on reading. */
export interface Waiter {
  goOn(): void;
}

/** Bytes of commands that are under way, of all sessions together. Over the bound, whoever posts waits until half is free. */
export class InputBudget {
  readonly #limit: number;
  #used = 0;
  #waiting = new Set<Waiter>();

  /** @param limit bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** False: it is counted, and `waiter` is told when it may go on. */
  take(bytes: number, waiter: Waiter): boolean {
    this.#used += bytes;
    if (this.#used <= this.#limit) return true;
    this.#waiting.add(waiter);
    return false;
  }

  give(bytes: number): void {
    this.#used -= bytes;
    if (this.#waiting.size === 0 || this.#used > this.#limit / 2) return;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const waiter of waiting) waiter.goOn();
  }

  forget(waiter: Waiter): void {
    this.#waiting.delete(waiter);
  }
}
