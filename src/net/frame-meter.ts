/** What the bytes up to `end` bring to an end. */
export interface Metered {
  /** How many of the bytes were taken: those behind belong to what comes next. */
  readonly end: number;
  /** `more`: nothing yet; `message`: a whole one; `control`: a ping or pong; `close`: the peer's last frame; `too-long`: a message says that it will be. */
  readonly what: "more" | "message" | "control" | "close" | "too-long";
}

/** Two bytes, up to eight of length, four of mask (RFC 6455, section 5.2). */
const LONGEST_HEADER = 14;
const CLOSE = 0x8;

/**
 * Measures a stream of WebSocket frames (RFC 6455) and looks at nothing in them: where messages end, how much of one has come whose
 * end hasn't, and whether one says of itself that it will be too long, before it comes. What else is wrong with a frame, whoever
 * reads it must find.
 */
export class FrameMeter {
  /** Most bytes of a message, whatever number of frames it is in. */
  limit: number;
  readonly #header = Buffer.alloc(LONGEST_HEADER);
  #gathered = 0;
  /** Bytes of the present frame's payload that haven't come. */
  #left = 0;
  #inPayload = false;
  /** Bytes that the present message's frames say they have; null: between messages. */
  #message: number | null = null;
  #unfinished = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Bytes that were taken of what hasn't come to its end. */
  get unfinished(): number {
    return this.#unfinished;
  }

  /** Takes bytes as far as the first end. Time in proportion to the frames that are in them. */
  take(bytes: Uint8Array): Metered {
    let at = 0;
    while (at < bytes.length) {
      const before = at;
      if (!this.#inPayload) {
        while (at < bytes.length && !this.#hasHeader()) this.#header[this.#gathered++] = bytes[at++] ?? 0;
        if (this.#hasHeader()) this.#beginFrame();
        if (this.#message !== null && this.#message > this.limit) return { end: at, what: "too-long" };
      }
      const taken = Math.min(this.#left, bytes.length - at);
      this.#left -= taken;
      at += taken;
      this.#unfinished += at - before;
      const what = this.#inPayload && this.#left === 0 ? this.#endFrame() : "more";
      if (what !== "more") return { end: at, what };
    }
    return { end: at, what: "more" };
  }

  #hasHeader(): boolean {
    return this.#gathered >= 2 && this.#gathered >= headerLength(this.#header);
  }

  #beginFrame(): void {
    this.#inPayload = true;
    this.#left = payloadLength(this.#header);
    if (!isControl(this.#header)) this.#message = (this.#message ?? 0) + this.#left;
  }

  #endFrame(): Metered["what"] {
    const [first = 0] = this.#header;
    this.#gathered = 0;
    this.#inPayload = false;
    if (isControl(this.#header)) {
      if (this.#message === null) this.#unfinished = 0;
      return (first & 0x0f) === CLOSE ? "close" : "control";
    }
    const isLast = (first & 0x80) !== 0;
    if (!isLast) return "more";
    this.#message = null;
    this.#unfinished = 0;
    return "message";
  }
}

function isControl([first = 0]: Uint8Array): boolean {
  return (first & 0x08) !== 0;
}

function headerLength([, second = 0]: Uint8Array): number {
  const length = second & 0x7f;
  const extended = length === 126 ? 2 : length === 127 ? 8 : 0;
  return 2 + extended + ((second & 0x80) === 0 ? 0 : 4);
}

function payloadLength(header: Buffer): number {
  const length = (header[1] ?? 0) & 0x7f;
  if (length === 126) return header.readUInt16BE(2);
  return length === 127 ? Number(header.readBigUInt64BE(2)) : length;
}
