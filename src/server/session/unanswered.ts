/** What was read of all sessions and has no answer yet, so that a server that ends can give those answers first. */
export class Unanswered {
  #count = 0;
  #waiting: (() => void)[] = [];

  /** Commands and requests that are under way. */
  get count(): number {
    return this.#count;
  }

  add(): void {
    this.#count += 1;
  }

  remove(): void {
    this.#count -= 1;
    if (this.#count > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Resolves when nothing is under way; never, if something never ends. */
  async none(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
