import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { reasonOf, type CloseReason } from "./close-reason.ts";
import type { Connection, ConnectionHandler } from "./connection.ts";
import { FrameMeter } from "./frame-meter.ts";
import { SendQueue } from "./send-queue.ts";
import { textFrame } from "./text-frame.ts";

/** What all frame connections of a server have in common. */
export interface FrameOptions {
  /** Most bytes that may wait for the peer to read. */
  readonly queueLimit: number;
  /** Most bytes of a message at first, see `allow`. Default: what `ws` allows. */
  readonly messageLimit?: number;
  /** Milliseconds that the peer has to take the last bytes and close, once we have ended. Default 2000. */
  readonly endTimeout?: number;
  /** Milliseconds between two pings; who answers none until the next is gone. Default half a minute. */
  readonly pingEvery?: number;
}

const END_TIMEOUT = 2_000;
const PING_EVERY = 30_000;
/** Pings and pongs that a peer may send between two pings of ours: one a second is plenty. They aren't messages, so no rate counts them. */
const MOST_CONTROL_FRAMES = 120;
/** RFC 6455, section 7.4.1. */
const NORMAL = 1000;
const TOO_BIG = 1009;

/**
 * A connection whose messages are text frames of a WebSocket (RFC 6455). Takes a WebSocket as `ws` makes it of an upgraded
 * socket, before anything was read from it. Binary frames aren't messages of ours: they end the connection.
 */
export class FrameConnection implements Connection {
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #options: FrameOptions;
  readonly #handler: ConnectionHandler;
  readonly #queue: SendQueue;
  #paused = false;
  #hearing = true;
  #open = true;
  #alive = true;
  #controlFrames = 0;
  #reason: CloseReason | null = null;
  #closeCode = NORMAL;
  /** What `ws` does with bytes of the socket. */
  readonly #feedWebSocket: (bytes: Buffer) => void;
  readonly #meter: FrameMeter;
  /** Bytes that were read and not given to `ws`. */
  #rest: Buffer | null = null;
  #feeding = false;
  #feedingSoon: NodeJS.Immediate | null = null;
  /** What the peer goes on sending no longer concerns us. */
  #deaf = false;
  #told = 0;
  #endTimer: NodeJS.Timeout | null = null;
  readonly #pingTimer: NodeJS.Timeout;

  constructor(webSocket: WebSocket, socket: Socket, options: FrameOptions, handler: ConnectionHandler) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#options = options;
    this.#handler = handler;
    this.#queue = new SendQueue(socket, options.queueLimit);
    this.#meter = new FrameMeter(options.messageLimit ?? Number.MAX_SAFE_INTEGER);
    this.#feedWebSocket = takeOver(socket, (bytes) => this.#read(bytes));
    socket.prependOnceListener("close", () => {
      // `ws` now reads what is left in the socket, without what waits here before it.
      if (this.#rest !== null) this.#deaf = true;
    });
    webSocket.on("message", (data: Buffer, isBinary: boolean) => this.#take(data, isBinary));
    webSocket.on("ping", () => this.#countControlFrame());
    webSocket.on("pong", () => {
      this.#alive = true;
      this.#countControlFrame();
    });
    // What follows an error is always a close.
    webSocket.on("error", (error: Error & { readonly code?: string }) => this.#onError(error.code));
    webSocket.on("close", () => this.#onClosed());
    socket.on("drain", () => {
      if (this.#open) handler.onDrain();
    });
    this.#pingTimer = setInterval(() => this.#ping(), options.pingEvery ?? PING_EVERY);
  }

  get queued(): number {
    return this.#queue.size;
  }

  get taken(): number {
    // By the socket's count: `ws` writes there as well.
    return this.#socket.bytesWritten - this.#socket.writableLength;
  }

  send(chunk: Uint8Array | string): void {
    // Not by `ws`, which makes a header and two writes of each frame for each of its readers. Behind a goodbye nothing may follow.
    if (!this.#open || this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    if (!this.#queue.add(textFrame(chunk))) this.destroy("slow-reader");
  }

  flush(): void {
    if (!this.#open) return;
    if (this.#webSocket.readyState === this.#webSocket.OPEN) this.#queue.flush();
    else this.#queue.clear();
  }

  pause(): void {
    if (!this.#hearing || this.#paused) return;
    this.#paused = true;
    this.#webSocket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#rest === null) this.#webSocket.resume();
    else this.#feedSoon();
  }

  /** From now on a message may have this many bytes. */
  allow(messageLimit: number): void {
    this.#meter.limit = messageLimit;
  }

  end(): void {
    if (!this.#open) return;
    this.flush();
    this.#open = false;
    this.#stopHearing();
    this.#reason ??= "ended";
    this.#webSocket.close(this.#closeCode);
    this.#endTimer = setTimeout(
      () => this.destroy(this.#socket.writableLength > 0 ? "slow-reader" : "ended"),
      this.#options.endTimeout ?? END_TIMEOUT,
    );
  }

  destroy(reason: CloseReason = "destroyed"): void {
    this.#open = false;
    this.#queue.clear();
    this.#stopHearing();
    this.#reason = reason;
    if (reason === "slow-reader" && !this.#socket.destroyed) this.#socket.resetAndDestroy();
    else this.#webSocket.terminate();
  }

  #read(bytes: Buffer): void {
    this.#rest = this.#rest === null ? bytes : Buffer.concat([this.#rest, bytes]);
    this.#feed();
  }

  /** Whoever wants more is in the middle of something else. */
  #feedSoon(): void {
    this.#feedingSoon ??= setImmediate(() => {
      this.#feedingSoon = null;
      this.#feed();
    });
  }

  /** Gives `ws` one message's bytes after another, so that a pause holds behind the message in which it was asked for. */
  #feed(): void {
    if (this.#feeding) return;
    this.#feeding = true;
    while (this.#rest !== null && !this.#paused && !this.#deaf) {
      const { end, what } = this.#meter.take(this.#rest);
      if (what === "too-long") {
        this.#onTooLong();
        break;
      }
      const piece = this.#rest.subarray(0, end);
      this.#rest = end < this.#rest.length ? this.#rest.subarray(end) : null;
      this.#feedWebSocket(piece);
      if (what === "close") this.#deaf = true;
    }
    this.#feeding = false;
    if (this.#deaf) this.#rest = null;
    if (this.#rest === null && !this.#paused && this.#webSocket.isPaused) this.#webSocket.resume();
    this.#tellUnfinished();
  }

  #onTooLong(): void {
    this.#deaf = true;
    this.#closeCode = TOO_BIG;
    if (!this.#hearing) return;
    this.#stopHearing();
    this.#handler.onTooLong();
  }

  #tellUnfinished(): void {
    const bytes = this.#hearing && !this.#deaf ? this.#meter.unfinished + (this.#rest?.length ?? 0) : 0;
    if (bytes === this.#told) return;
    this.#told = bytes;
    this.#handler.onUnfinished(bytes);
  }

  #take(data: Buffer, isBinary: boolean): void {
    if (!this.#hearing || this.#deaf) return;
    if (isBinary) this.destroy("failed");
    else this.#handler.onMessage(data);
  }

  #onError(code: string | undefined): void {
    if (!this.#hearing) return;
    this.#deaf = true;
    if (code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") {
      this.#onTooLong();
    } else {
      // `ws` has said why in its close, and would wait half a minute for the peer's.
      this.#reason = "failed";
      this.end();
    }
  }

  #onClosed(): void {
    const wasHearing = this.#hearing;
    this.#open = false;
    this.#stopHearing();
    clearInterval(this.#pingTimer);
    if (this.#endTimer !== null) clearTimeout(this.#endTimer);
    if (this.#feedingSoon !== null) clearImmediate(this.#feedingSoon);
    this.#rest = null;
    // Nothing is owed to anyone who has closed: a WebSocket closes both ways at once.
    this.#handler.onClose(this.#reason ?? (wasHearing ? reasonOf(this.#socket.errored) : "left"));
  }

  #countControlFrame(): void {
    this.#controlFrames += 1;
    if (this.#controlFrames > MOST_CONTROL_FRAMES && !this.#socket.destroyed) this.destroy("failed");
  }

  #ping(): void {
    if (!this.#open) return;
    this.#controlFrames = 0;
    if (!this.#alive) {
      this.destroy("timeout");
      return;
    }
    // A peer that isn't read can't answer.
    this.#alive = this.#paused;
    this.#webSocket.ping();
  }

  /** What comes is read on and forgotten, so that the peer's goodbye is heard. */
  #stopHearing(): void {
    this.#hearing = false;
    this.#tellUnfinished();
    if (this.#paused && this.#rest === null) this.#webSocket.resume();
    this.#paused = false;
    if (this.#rest !== null && !this.#feeding) this.#feedSoon();
  }
}

/** Puts `read` in the place of the one listener by which `ws` reads the socket; gives what that does with bytes. */
function takeOver(socket: Socket, read: (bytes: Buffer) => void): (bytes: Buffer) => void {
  const [listener, ...others] = socket.listeners("data");
  if (listener === undefined || others.length > 0) throw new Error("ws reads a socket by one listener");
  socket.on("data", read);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a listener of data
  socket.off("data", listener as (bytes: Buffer) => void);
  return (bytes) => void Reflect.apply(listener, socket, [bytes]);
}
