/**
 * Sockets: listeners, what the first bytes tell, and connections. Above this folder nobody reads a socket: a connection hands up
 * whole messages (lines today, frames as well), and takes bytes that it queues, bounds and writes.
 */
import type { CloseReason } from "./close-reason.ts";

/** One connection that carries messages, whatever they are made of. */
export interface Connection {
  /** Bytes that were sent and that the kernel hasn't taken yet. */
  readonly queued: number;
  /** Bytes that the kernel has taken so far. A reader makes progress when this rises. */
  readonly taken: number;
  /**
   * Queues bytes, or a string of bytes (latin1, so ASCII too), until `flush()`. Never waits: a connection whose queue is over
   * its bound is destroyed. Nothing happens on one that has ended.
   */
  send(chunk: Uint8Array | string): void;
  /** Writes all that was sent in this turn, in one write. */
  flush(): void;
  /** Hands up nothing and reads nothing more until `resume()`; what the peer goes on sending waits in the kernel, and with the peer. */
  pause(): void;
  resume(): void;
  /** Flushes and says goodbye. No message is handed up after it; the peer has a time to take what it was sent. */
  end(): void;
  /** Closes at once; what the kernel hasn't taken is lost. */
  destroy(reason?: CloseReason): void;
}

/** What a connection calls when something happens on it. */
export interface ConnectionHandler {
  /** A whole message: a view, good during the call. */
  onMessage(message: Buffer): void;
  /**
   * How many bytes were read that don't make a whole message yet, or wait while the connection is paused; 0: none. Of connections of
   * frames, whose messages may be long; what a line's beginning takes is little.
   */
  onUnfinished(bytes: number): void;
  /** A message is over the bound. It is the last thing heard: say so and `end()`. */
  onTooLong(): void;
  /** The peer will say no more, and all that it said was handed up: answer what is open and `end()`. */
  onEnd(): void;
  /** The kernel has taken all that waited, after more had waited than one write holds: there is room for more. */
  onDrain(): void;
  /** Once, always the last call, and never from inside a call of yours. */
  onClose(reason: CloseReason): void;
}
