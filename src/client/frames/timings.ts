import type { BackOff } from "../index.ts";

/** All in milliseconds. */
export interface FrameTimings extends BackOff {
  /** From the first packet to the accepted hello. Default 15 s. */
  readonly setUp: number;
  /** For the answer to a request; then the connection is taken for dead. Default 30 s. */
  readonly answer: number;
  /** After this long without a byte from the server it is asked for a sign of life. Default 45 s. */
  readonly quiet: number;
  /** A connection that held for this long starts the back-off again from its first delay. Default 10 s. */
  readonly stable: number;
  /** For the server to close after `close()`. Default 1 s. */
  readonly goodbye: number;
}

/** Back-off: first delay at most 0.5 s, longest at most 30 s. */
export const FRAME_TIMINGS: FrameTimings = {
  setUp: 15_000,
  answer: 30_000,
  quiet: 45_000,
  stable: 10_000,
  goodbye: 1000,
  firstDelay: 500,
  longestDelay: 30_000,
};
