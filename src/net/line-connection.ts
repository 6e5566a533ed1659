import type { Socket } from "node:net";
import { reasonOf } from "./close-reason.ts";
import type { CloseReason } from "./close-reason.ts";
import { splitLines } from "./line-splitter.ts";
import type { Rest } from "./line-splitter.ts";
import { END_TIMEOUT, LINES_PER_TURN, LINE_LIMIT, QUEUE_LIMIT } from "./line-options.ts";
import type { LineOptions } from "./line-options.ts";
import { SendQueue } from "./send-queue.ts";
import { thisTurn } from "./turn.ts";

/**
 * The message-oriented face of a TCP socket that carries lines. Takes a socket as `openListener` or `detectProtocol` hands it out:
 * its bytes all in it, its errors listened to, half-open when the peer ends. The first line comes after the constructor.
 */
export class LineConnection {
  readonly #socket: Socket;
  readonly #options: LineOptions;
  readonly #queue: SendQueue;
  #rest: Rest | null = null;
  #unread: Buffer | null = null;
  #turn = -1;
  #linesThisTurn = 0;
  /** False once lines are not wanted any more: what still comes is read and thrown away. */
  #hearing = true;
  #open = true;
  #peerEnded = false;
  #reason: CloseReason | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(socket: Socket, options: LineOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#queue = new SendQueue(socket, options.queueLimit ?? QUEUE_LIMIT);
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
    socket.on("end", () => this.#onPeerEnd());
    socket.on("close", () => this.#onSocketClosed());
    // Both can have happened before anybody listened.
    if (socket.closed) setImmediate(() => this.#onSocketClosed());
    else if (socket.readableEnded) setImmediate(() => this.#onPeerEnd());
    socket.resume();
  }

  /** Bytes that were sent and that the kernel hasn't taken yet. */
  get queued(): number {
    return this.#queue.size;
  }

  /**
   * Queues bytes, or a string of bytes (latin1, so ASCII too), until `flush()`. Never waits: a connection whose queue is over
   * the limit is destroyed. Nothing happens on one that has ended.
   */
  send(chunk: Uint8Array | string): void {
    if (this.#open && !this.#queue.add(chunk)) this.#destroy("slow-reader");
  }

  /** Writes all that was sent in this turn, in one write. */
  flush(): void {
    if (this.#open) this.#queue.flush();
  }

  /** Flushes and says goodbye. No line is handed up after it; the peer has `endTimeout` to take what it was sent. */
  end(): void {
    if (!this.#open) return;
    this.#queue.flush();
    this.#open = false;
    this.#stopHearing();
    this.#reason ??= "ended";
    this.#socket.end();
    this.#limitTime();
  }

  /** Closes at once; what the kernel hasn't taken is lost. */
  destroy(): void {
    this.#destroy("destroyed");
  }

  #take(bytes: Buffer): void {
    if (!this.#hearing) return;
    const { lineLimit = LINE_LIMIT, onLine, onTooLong } = this.#options;
    const split = splitLines(this.#rest, bytes, lineLimit, this.#linesLeft());
    this.#rest = split.rest;
    this.#linesThisTurn += split.lines.length;
    for (const line of split.lines) {
      onLine(line);
      if (!this.#hearing) return;
    }
    if (split.tooLong) {
      this.#stopHearing();
      onTooLong();
    } else if (split.unread !== null) {
      this.#unread = split.unread;
      this.#socket.pause();
      setImmediate(() => this.#goOn());
    }
  }

  #linesLeft(): number {
    const turn = thisTurn();
    if (turn !== this.#turn) {
      this.#turn = turn;
      this.#linesThisTurn = 0;
    }
    return (this.#options.linesPerTurn ?? LINES_PER_TURN) - this.#linesThisTurn;
  }

  #goOn(): void {
    const bytes = this.#unread;
    if (bytes === null) return;
    this.#unread = null;
    this.#take(bytes);
    if (this.#unread !== null) return;
    if (this.#socket.closed) this.#close();
    else if (this.#peerEnded) this.#announceEnd();
    else this.#socket.resume();
  }

  #onPeerEnd(): void {
    this.#peerEnded = true;
    if (this.#unread === null) this.#announceEnd();
  }

  #announceEnd(): void {
    if (!this.#hearing) return;
    this.#stopHearing();
    this.#reason = "left";
    this.#limitTime();
    this.#options.onEnd();
  }

  #onSocketClosed(): void {
    this.#open = false;
    this.#queue.clear();
    // A script that closes without reading the answers resets the connection; what it said before is still heard.
    if (this.#unread === null) this.#close();
  }

  #close(): void {
    this.#hearing = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#options.onClose(this.#reason ?? reasonOf(this.#socket.errored));
  }

  #destroy(reason: CloseReason): void {
    if (this.#socket.destroyed) return;
    this.#open = false;
    this.#stopHearing();
    this.#reason = reason;
    // With a reset the kernel, too, forgets at once what a slow reader didn't take.
    if (reason === "slow-reader" && !this.#socket.writableEnded) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  #stopHearing(): void {
    this.#hearing = false;
    this.#rest = null;
    this.#unread = null;
    // Unread bytes would turn our goodbye into a reset, which can overtake our last words.
    this.#socket.resume();
  }

  #limitTime(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#destroy(this.#socket.writableLength > 0 ? "slow-reader" : (this.#reason ?? "left"));
    }, this.#options.endTimeout ?? END_TIMEOUT);
  }
}
