import type { Writable } from "node:stream";

/** Bytes that may wait for whoever reads the output: much more than any terminal or pipe is behind. */
const MOST_WAITING = 32 * 1024 * 1024;

/**
 * Writes lines that others cause, as long as somebody reads them. What is said while too much waits is left out, which is told
 * with its number as soon as there is room: a reader that has stopped does not cost this machine its memory.
 */
export class BoundedOutput {
  readonly #stream: Writable;
  readonly #limit: number;
  #dropped = 0;

  constructor(stream: Writable, limit = MOST_WAITING) {
    this.#stream = stream;
    this.#limit = limit;
  }

  /** `text` has its line ends. */
  write(text: string): void {
    if (this.#stream.writableLength + text.length > this.#limit) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0) {
      const lines = this.#dropped === 1 ? "1 line is" : `${this.#dropped} lines are`;
      this.#dropped = 0;
      this.#stream.write(`[${lines} missing here: too much waited to be read]\n`);
    }
    this.#stream.write(text);
  }
}
