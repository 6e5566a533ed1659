import type { Socket } from "node:net";

/** Written without waiting for the turn's end, so that a big burst to a quick reader doesn't pile up here. */
const EARLY = 64 * 1024;

/** Strings are joined up to this length: cheaper than a vector of them, and Node writes so much from its stack. */
const JOINED = 16 * 1024;

/** What one turn sends to one socket, gathered into one write, and bounded together with what the kernel hasn't taken. */
export class SendQueue {
  readonly #socket: Socket;
  readonly #limit: number;
  /** Null: nothing. Most turns bring one chunk, and an array made for one takes less than one that grows. */
  #chunks: (Uint8Array | string)[] | null = null;
  #pending = 0;
  #added = 0;

  /** `limit` in bytes. */
  constructor(socket: Socket, limit: number) {
    this.#socket = socket;
    this.#limit = limit;
  }

  get size(): number {
    return this.#pending + this.#socket.writableLength;
  }

  /** Bytes that the kernel has taken so far. */
  get taken(): number {
    return this.#added - this.size;
  }

  /** False when more is waiting than the limit allows. */
  add(chunk: Uint8Array | string): boolean {
    if (this.#chunks === null) this.#chunks = [chunk];
    else append(this.#chunks, chunk);
    this.#pending += chunk.length;
    this.#added += chunk.length;
    if (this.#pending >= EARLY) this.flush();
    return this.size <= this.#limit;
  }

  flush(): void {
    const chunks = this.#chunks;
    if (chunks === null) return;
    this.clear();
    const isOne = chunks.length === 1;
    if (!isOne) this.#socket.cork();
    for (const chunk of chunks) this.#socket.write(chunk, "latin1");
    if (!isOne) this.#socket.uncork();
  }

  clear(): void {
    this.#chunks = null;
    this.#pending = 0;
  }
}

function append(chunks: (Uint8Array | string)[], chunk: Uint8Array | string): void {
  const last = chunks.at(-1);
  if (typeof chunk === "string" && typeof last === "string" && last.length + chunk.length <= JOINED) {
    chunks[chunks.length - 1] = last + chunk;
  } else {
    chunks.push(chunk);
  }
}
