import type { Socket } from "node:net";
import { classify } from "./first-bytes.ts";

/** This many bytes are always enough to decide. No more is taken out of the socket: emptied, it would read on ahead of its bound. */
const ENOUGH = 8;

export interface DetectOptions {
  /** Milliseconds to say enough to be told apart. */
  readonly timeout: number;
  /** Speaks lines: make a `LineConnection` of it, at once or later. */
  readonly onLines: (socket: Socket) => void;
  /** A person at a terminal, see `first-bytes.ts`: lines as well. */
  readonly onPlain: (socket: Socket) => void;
  /** Speaks HTTP: make an `HttpStream` of it, at once or later. */
  readonly onHttp: (socket: Socket) => void;
  /** Said nothing, or too little, in time: the socket is still open and yours to end. */
  readonly onTimeout: (socket: Socket) => void;
}

/**
 * Reads the first bytes of a fresh, paused socket, tells what it speaks, gives the bytes back to the socket and hands it on,
 * whole and not flowing: what arrives until somebody reads waits in the socket's own buffer (bounded by its high-water
 * mark) and in the kernel. A TLS hello is destroyed. Calls exactly one of these, or none when the peer closes first.
 * Gives a function that stops looking; the bytes that were read are then back in the socket.
 */
export function detectProtocol(socket: Socket, options: DetectOptions): () => void {
  let head: Buffer | null = null;

  const timer = setTimeout(() => {
    stopAndGiveBack();
    options.onTimeout(socket);
  }, options.timeout);

  socket.on("readable", read);
  socket.on("end", giveUp);
  socket.on("close", stop);

  return stopAndGiveBack;

  function read(): void {
    const bytes: Buffer | null = socket.read(Math.min(ENOUGH, socket.readableLength));
    if (bytes === null) return;
    head = head === null ? bytes : Buffer.concat([head, bytes]);
    const speech = classify(head);
    if (speech === "undecided") return;
    stopAndGiveBack();
    switch (speech) {
      case "tls":
        socket.destroy();
        return;
      case "http":
        options.onHttp(socket);
        return;
      case "plain":
        options.onPlain(socket);
        return;
      case "lines":
        options.onLines(socket);
    }
  }

  /** The peer has ended with nothing that could be a line or a request. */
  function giveUp(): void {
    stop();
    socket.destroy();
  }

  function stopAndGiveBack(): void {
    stop();
    if (head !== null) socket.unshift(head);
    head = null;
  }

  function stop(): void {
    clearTimeout(timer);
    socket.off("readable", read);
    socket.off("end", giveUp);
    socket.off("close", stop);
  }
}
