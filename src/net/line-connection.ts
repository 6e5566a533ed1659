import type { Socket } from "node:net";
import { reasonOf } from "./close-reason.ts";
import type { CloseReason } from "./close-reason.ts";
import type { Connection, ConnectionHandler } from "./connection.ts";
import { nextLine } from "./line-splitter.ts";
import type { Rest } from "./line-splitter.ts";
import { ANSWER_TIMEOUT, END_TIMEOUT, LINES_PER_TURN, LINE_LIMIT, QUEUE_LIMIT } from "./line-options.ts";
import type { LineOptions } from "./line-options.ts";
import { SendQueue } from "./send-queue.ts";
import { thisTurn } from "./turn.ts";

/**
 * A connection whose messages are lines: without their `\n`. Takes a socket as `openListener` or `detectProtocol` hands it out:
 * its bytes all in it, its errors listened to, half-open when the peer ends. The first line comes after the constructor.
 */
export class LineConnection implements Connection {
  readonly #socket: Socket;
  readonly #options: LineOptions;
  readonly #handler: ConnectionHandler;
  readonly #queue: SendQueue;
  #rest: Rest | null = null;
  #unread: Buffer | null = null;
  #turn = -1;
  #linesThisTurn = 0;
  #paused = false;
  #goingOn = false;
  /** False once lines are not wanted any more: what still comes is read and thrown away. */
  #hearing = true;
  #open = true;
  #peerEnded = false;
  #reason: CloseReason | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(socket: Socket, options: LineOptions, handler: ConnectionHandler) {
    this.#socket = socket;
    this.#options = options;
    this.#handler = handler;
    this.#queue = new SendQueue(socket, options.queueLimit ?? QUEUE_LIMIT);
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
    socket.on("end", () => this.#onPeerEnd());
    socket.on("drain", () => {
      if (this.#open) handler.onDrain();
    });
    socket.on("close", () => this.#onSocketClosed());
    // Both can have happened before anybody listened.
    if (socket.closed) setImmediate(() => this.#onSocketClosed());
    else if (socket.readableEnded) setImmediate(() => this.#onPeerEnd());
    socket.resume();
  }

  get queued(): number {
    return this.#queue.size;
  }

  get taken(): number {
    return this.#queue.taken;
  }

  send(chunk: Uint8Array | string): void {
    if (this.#open && !this.#queue.add(chunk)) this.destroy("slow-reader");
  }

  flush(): void {
    if (this.#open) this.#queue.flush();
  }

  pause(): void {
    if (!this.#hearing || this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#unread === null) this.#socket.resume();
    // Not from inside the caller's turn: it may resume while a line of this connection is being handed up.
    else this.#goOnLater();
  }

  end(): void {
    if (!this.#open) return;
    this.#queue.flush();
    this.#open = false;
    this.#stopHearing();
    this.#reason ??= "ended";
    this.#socket.end();
    this.#limitTime(this.#options.endTimeout ?? END_TIMEOUT);
  }

  destroy(reason: CloseReason = "destroyed"): void {
    if (this.#socket.destroyed) return;
    this.#open = false;
    this.#stopHearing();
    this.#reason = reason;
    // With a reset the kernel, too, forgets at once what a slow reader didn't take.
    if (reason === "slow-reader" && !this.#socket.writableEnded) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  /** One line after another, for each may be the one that pauses or ends the connection. */
  #take(bytes: Buffer): void {
    if (!this.#hearing) return;
    const { lineLimit = LINE_LIMIT, linesPerTurn = LINES_PER_TURN, lineEnds } = this.#options;
    let unread: Buffer | null = bytes;
    while (unread !== null) {
      if (this.#paused || this.#linesInTurn() >= linesPerTurn) {
        this.#keep(unread);
        return;
      }
      const { line, rest, unread: behind, tooLong } = nextLine(this.#rest, unread, lineLimit, lineEnds);
      this.#rest = rest;
      unread = behind;
      if (line !== null) {
        this.#linesThisTurn += 1;
        this.#handler.onMessage(line);
        if (!this.#hearing) return;
      }
      if (tooLong) {
        this.#stopHearing();
        this.#handler.onTooLong();
      }
    }
  }

  #linesInTurn(): number {
    const turn = thisTurn();
    if (turn !== this.#turn) {
      this.#turn = turn;
      this.#linesThisTurn = 0;
    }
    return this.#linesThisTurn;
  }

  #keep(unread: Buffer): void {
    this.#unread = unread;
    this.#socket.pause();
    if (!this.#paused) this.#goOnLater();
  }

  #goOnLater(): void {
    if (this.#goingOn) return;
    this.#goingOn = true;
    setImmediate(() => {
      this.#goingOn = false;
      this.#goOn();
    });
  }

  #goOn(): void {
    const bytes = this.#unread;
    if (bytes === null || this.#paused) return;
    this.#unread = null;
    this.#take(bytes);
    if (this.#unread !== null) return;
    if (this.#socket.closed) this.#close();
    else if (this.#peerEnded) this.#announceEnd();
    else if (!this.#paused) this.#socket.resume();
  }

  #onPeerEnd(): void {
    this.#peerEnded = true;
    if (this.#unread === null) this.#announceEnd();
  }

  #announceEnd(): void {
    if (!this.#hearing) return;
    this.#stopHearing();
    this.#reason = "left";
    this.#limitTime(this.#options.answerTimeout ?? ANSWER_TIMEOUT);
    this.#handler.onEnd();
  }

  #onSocketClosed(): void {
    this.#open = false;
    this.#queue.clear();
    // A script that closes without reading the answers resets the connection; what it said before is still heard, though
    // not what it would have to wait for: nobody is there to slow down any more.
    if (this.#paused) this.#unread = null;
    if (this.#unread === null) this.#close();
  }

  #close(): void {
    this.#hearing = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#handler.onClose(this.#reason ?? reasonOf(this.#socket.errored));
  }

  #stopHearing(): void {
    this.#hearing = false;
    this.#paused = false;
    this.#rest = null;
    this.#unread = null;
    // Unread bytes would turn our goodbye into a reset, which can overtake our last words.
    this.#socket.resume();
  }

  #limitTime(milliseconds: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.destroy(this.#socket.writableLength > 0 ? "slow-reader" : (this.#reason ?? "left"));
    }, milliseconds);
  }
}
