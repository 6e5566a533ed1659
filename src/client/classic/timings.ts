import type { BackOff } from "../reconnect.ts";

/** All in milliseconds. */
export interface Timings extends BackOff {
  /** From the first packet to registered with keys exchanged. Default 15 s. */
  readonly setUp: number;
  /** For the next line of the oldest command's answer; then the connection is taken for dead. Default 15 s. */
  readonly answer: number;
  /** For the whole of the oldest command's answer, however it trickles; then the same. Default 60 s. */
  readonly wholeAnswer: number;
  /** After this long without a byte from the server it is asked for a sign of life. Default 60 s. */
  readonly quiet: number;
  /** A connection that held for this long starts the back-off again from its first delay. Default 10 s. */
  readonly stable: number;
  /** For the server to close after `close()`. Default 1 s. */
  readonly goodbye: number;
}

/** Back-off: first delay at most 0.5 s, longest at most 30 s. */
export const DEFAULT_TIMINGS: Timings = {
  setUp: 15_000,
  answer: 15_000,
  wholeAnswer: 60_000,
  quiet: 60_000,
  stable: 10_000,
  goodbye: 1000,
  firstDelay: 500,
  longestDelay: 30_000,
};
