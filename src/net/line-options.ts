import type { LineEnds } from "./line-splitter.ts";

export const LINE_LIMIT = 64 * 1024;
export const QUEUE_LIMIT = 1024 * 1024;
export const LINES_PER_TURN = 64;
export const END_TIMEOUT = 2000;
export const ANSWER_TIMEOUT = 60_000;

/** What all line connections of a server have in common. */
export interface LineOptions {
  /** Most bytes of a line, without its `\n`. Default `LINE_LIMIT`, 64 KiB. */
  readonly lineLimit?: number;
  /** Most bytes that may wait for the peer to read. Default `QUEUE_LIMIT`, 1 MiB. */
  readonly queueLimit?: number;
  /** Most lines handed up in one turn of the event loop; the rest waits. Default `LINES_PER_TURN`, 64. */
  readonly linesPerTurn?: number;
  /** Default `line-feed`. */
  readonly lineEnds?: LineEnds;
  /** Milliseconds that the peer has to take the last bytes and close, once we have ended. Default `END_TIMEOUT`, 2000. */
  readonly endTimeout?: number;
  /**
   * Milliseconds that we have to answer a peer that has ended its side: a commit may take long, and a script that half-closes
   * wants to read what became of it. Default `ANSWER_TIMEOUT`, one minute.
   */
  readonly answerTimeout?: number;
}
