/** UTF-16 units of text that wait, whatever their number. */
const MOST_TEXT = 16 * 1024 * 1024;

/**
 * What was heard and waits to be handled: one at a time, in its order. It holds only so many and so much, and drops what comes when it
 * is full, which it tells: who is too slow loses messages, not the machine its memory.
 */
export class Inbox<T> {
  readonly #limit: number;
  readonly #handle: (item: T) => Promise<void>;
  readonly #note: (line: string) => void;
  #waiting: { readonly item: T; readonly size: number }[] = [];
  #size = 0;
  #working: Promise<void> | null = null;
  #dropped = 0;

  /** `handle` never rejects. */
  constructor(limit: number, handle: (item: T) => Promise<void>, note: (line: string) => void) {
    this.#limit = limit;
    this.#handle = handle;
    this.#note = note;
  }

  /** @param size UTF-16 units. False: there is no room, and it is dropped. */
  add(item: T, size: number): boolean {
    const isTooMany = this.#waiting.length === this.#limit;
    if (isTooMany || this.#size + size > MOST_TEXT) {
      this.#dropped += 1;
      const limit = isTooMany ? `${this.#limit} waiting` : "16 MiB of text waiting";
      if (this.#dropped === 1) this.#note(`${limit} is the limit; what comes now is dropped.`);
      return false;
    }
    this.#tellDropped();
    this.#waiting.push({ item, size });
    this.#size += size;
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
    this.#size = 0;
    if (left > 0) this.#note(`${count(left)} not handled any more.`);
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#size -= next.size;
      await this.#handle(next.item);
    }
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
