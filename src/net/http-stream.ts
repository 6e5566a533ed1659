import { Duplex } from "node:stream";
import type { Server as HttpServer } from "node:http";
import type { Socket } from "node:net";

/** Bytes that an HTTP parser is given at a time: so many small requests may be in it that all have become objects at once. */
const PIECE = 2048;

/**
 * A socket as an HTTP server gets it: in small pieces, one a turn, and none while it is held. Node's parser makes a request of
 * all that a block holds, some thousands in 64 KiB, whether or not the first is answered; what is not given to it waits in
 * the socket, the kernel and with the peer. Emits `peer-end` when the peer says no more, though it may still read.
 */
export class HttpStream extends Duplex {
  readonly #socket: Socket;
  #wanted = false;
  #held = false;
  #feeding = false;
  #ended = false;

  /** Takes a socket as `detectProtocol` hands it out. */
  constructor(socket: Socket) {
    super({ allowHalfOpen: true, readableHighWaterMark: PIECE });
    this.#socket = socket;
    socket.on("readable", () => {
      // Nobody may ask for more for long; that the peer has ended must be noticed all the same.
      if (socket.readableLength === 0) socket.read(0);
      this.#feedLater();
    });
    socket.on("end", () => {
      this.#ended = true;
      this.emit("peer-end");
      this.#feedLater();
    });
    socket.on("close", () => this.destroy());
    if (socket.readableEnded) this.#ended = true;
    if (socket.closed) setImmediate(() => this.destroy());
    // How it ended is of no interest to whoever serves it.
    this.on("error", () => {});
  }

  /** Gives nothing more until `release`. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#feedLater();
  }

  override _read(): void {
    this.#wanted = true;
    this.#feedLater();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, encoding, done);
  }

  override _writev(
    chunks: { readonly chunk: Buffer; readonly encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#socket.cork();
    chunks.forEach(({ chunk, encoding }, index) => {
      if (index < chunks.length - 1) this.#socket.write(chunk, encoding);
      else this.#socket.write(chunk, encoding, done);
    });
    this.#socket.uncork();
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #feedLater(): void {
    if (this.#feeding) return;
    this.#feeding = true;
    setImmediate(() => {
      this.#feeding = false;
      this.#feed();
    });
  }

  #feed(): void {
    if (this.#held || !this.#wanted || this.destroyed) return;
    const bytes: Buffer | null = this.#socket.read(Math.min(PIECE, this.#socket.readableLength));
    if (bytes !== null) {
      this.#wanted = this.push(bytes);
      if (this.#wanted) this.#feedLater();
    } else if (this.#ended) {
      this.#wanted = false;
      this.push(null);
    }
  }
}

/** Lets an HTTP server, which needn't listen anywhere itself, serve a stream. */
export function giveToHttp(server: HttpServer, stream: Duplex): void {
  server.emit("connection", stream);
}
