import type { CloseReason } from "./close-reason.ts";

export const LINE_LIMIT = 64 * 1024;
export const QUEUE_LIMIT = 1024 * 1024;
export const LINES_PER_TURN = 64;
export const END_TIMEOUT = 2000;

export interface LineOptions {
  /** Most bytes of a line, without its `\n`. Default `LINE_LIMIT`, 64 KiB. */
  readonly lineLimit?: number;
  /** Most bytes that may wait for the peer to read. Default `QUEUE_LIMIT`, 1 MiB. */
  readonly queueLimit?: number;
  /** Most lines handed up in one turn of the event loop; the rest waits. Default `LINES_PER_TURN`, 64. */
  readonly linesPerTurn?: number;
  /** Milliseconds that the peer has to take the last bytes and close, once one side has ended. Default `END_TIMEOUT`, 2000. */
  readonly endTimeout?: number;
  /** A complete line without its `\n`: a view, good during the call. */
  readonly onLine: (line: Buffer) => void;
  /** A line is over the limit. It is the last thing heard: say so and `end()`. */
  readonly onTooLong: () => void;
  /** The peer will say no more, and every line of it was handed up: answer what is open and `end()`. */
  readonly onEnd: () => void;
  /** Once, always the last call, and never from inside a call of yours. */
  readonly onClose: (reason: CloseReason) => void;
}
