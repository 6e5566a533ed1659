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
  readonly #onReadable = (): void => {
    // Nobody may ask for more for long; that the peer has ended must be noticed all the same.
    if (this.#socket.readableLength === 0) this.#socket.read(0);
    this.#feedLater();
  };
  readonly #onEnd = (): void => {
    this.#ended = true;
    this.emit("peer-end");
    this.#feedLater();
  };
  readonly #onClose = (): void => void this.destroy();
  #detached = false;
  #wanted = false;
  #held = false;
  #feeding = false;
  #ended = false;

  /** Takes a socket as `detectProtocol` hands it out. */
  constructor(socket: Socket) {
    super({ allowHalfOpen: true, readableHighWaterMark: PIECE });
    this.#socket = socket;
    socket.on("readable", this.#onReadable);
    socket.on("end", this.#onEnd);
    socket.on("close", this.#onClose);
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

  /** The socket itself, for another protocol: it is whole and not flowing, and this stream is at its end. */
  detach(): Socket {
    this.#detached = true;
    this.#held = true;
    const socket = this.#socket;
    socket.off("readable", this.#onReadable);
    socket.off("end", this.#onEnd);
    socket.off("close", this.#onClose);
    this.destroy();
    return socket;
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
    if (!this.#detached) this.#socket.destroy();
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
