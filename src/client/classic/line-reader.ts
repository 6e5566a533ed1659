/** A chunk's worth of lines; `overflow` says that a line grew over the limit, and nothing behind it is read. */
export interface ReadLines {
  readonly lines: readonly string[];
  readonly overflow: boolean;
}

const LINE_FEED = 0x0a;

/**
 * Gathers bytes of a connection into lines, without `\n`. Holds at most one unfinished line of `limit` bytes. Bytes that are no
 * UTF-8 become U+FFFD: a reader shows a strange line rather than losing the connection over it.
 */
export class LineReader {
  readonly #limit: number;
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #held = Buffer.alloc(0);
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  read(chunk: Uint8Array): ReadLines {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      if (this.#length + end - start > this.#limit) return { lines, overflow: true };
      lines.push(this.#finish(chunk.subarray(start, end)));
      start = end + 1;
    }
    const rest = chunk.subarray(start);
    if (this.#length + rest.length > this.#limit) return { lines, overflow: true };
    this.#hold(rest);
    return { lines, overflow: false };
  }

  #finish(tail: Uint8Array): string {
    if (this.#length === 0) return this.#decoder.decode(tail);
    this.#hold(tail);
    const line = this.#decoder.decode(this.#held.subarray(0, this.#length));
    this.#held = Buffer.alloc(0);
    this.#length = 0;
    return line;
  }

  /** Doubles its room, so that a long line that comes byte by byte costs no more than twice its copying. */
  #hold(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#held.length) {
      const roomier = Buffer.alloc(Math.max(length, Math.min(2 * this.#held.length, this.#limit)));
      this.#held.copy(roomier, 0, 0, this.#length);
      this.#held = roomier;
    }
    this.#held.set(bytes, this.#length);
    this.#length = length;
  }
}
