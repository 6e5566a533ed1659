/**
 * What was heard and waits to be handled: one at a time, in its order. It holds only so many, and drops what comes when it
 * is full, which it tells: who is too slow loses messages, not the machine its memory.
 */
export class Inbox<T> {
  readonly #limit: number;
  readonly #handle: (item: T) => Promise<void>;
  readonly #note: (line: string) => void;
  #waiting: T[] = [];
  #working: Promise<void> | null = null;
  #dropped = 0;

  /** `handle` never rejects. */
  constructor(limit: number, handle: (item: T) => Promise<void>, note: (line: string) => void) {
    this.#limit = limit;
    this.#handle = handle;
    this.#note = note;
  }

  /** False: there is no room, and it is dropped. */
  add(item: T): boolean {
    if (this.#waiting.length === this.#limit) {
      this.#dropped += 1;
      if (this.#dropped === 1) this.#note(`${this.#limit} waiting is the limit; what comes now is dropped.`);
      return false;
    }
    this.#tellDropped();
    this.#waiting.push(item);
    this.#working ??= this.#work();
    return true;
  }

  /** Resolves when all that waits, or after `halt` what it is at, is handled. */
  async finish(): Promise<void> {
    await this.#working;
    this.#tellDropped();
  }

  /** Takes up nothing more, from now on, and tells how many it leaves. What it is at goes on. */
  halt(): void {
    const left = this.#waiting.splice(0).length;
    if (left > 0) this.#note(`${count(left)} not handled any more.`);
  }

  async #work(): Promise<void> {
    for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) await this.#handle(item);
    this.#working = null;
  }

  #tellDropped(): void {
    if (this.#dropped > 0) this.#note(`${count(this.#dropped)} dropped.`);
    this.#dropped = 0;
  }
}

function count(messages: number): string {
  return messages === 1 ? "1 message was" : `${messages} messages were`;
}
