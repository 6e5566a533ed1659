/** Every bound of a session in bytes, in rate and in time, and where each comes from. */
import type { Config } from "../../config/config.ts";

export interface Limits {
  /** Messages a second; bursts are ten seconds' worth. 0: no rate at all, of commands and bytes neither. */
  readonly messagesPerSecond: number;
  /** Most bytes of one session's commands that are under way (waiting for their turn or for a commit); over it nothing more is read. */
  readonly input: number;
  /** The same, of all sessions together. */
  readonly inputOfAll: number;
  /** Bytes of messages whose end hasn't come, of one peer over all of its connections. */
  readonly unfinished: number;
  /** Milliseconds in which a message must have come to its end. */
  readonly message: number;
  /** Bytes that may wait for a reader that makes no progress. */
  readonly slowOutput: number;
  /** Bytes that may wait for a reader that does: what the server has admitted in one burst shall not end who is reading it. */
  readonly output: number;
  /** Bytes that may wait for all readers together; over it the longest queues are dropped. */
  readonly outputOfAll: number;
  /** Milliseconds in which a reader over `slowOutput` must have taken something. */
  readonly stall: number;
  /** Milliseconds for a name, and again for what else its protocol asks before it may talk. */
  readonly register: number;
}

/** How many times as far behind as others a reader may be that makes progress. */
const PROGRESS_FACTOR = 8;
/** So many full queues of readers that don't are the bound for all. */
const QUEUES = 128;

export function limitsOf(config: Config): Limits {
  return {
    messagesPerSecond: config.messageRate,
    // Four of the longest lines: one is being decided, others wait.
    input: 4 * config.maxLine,
    inputOfAll: 1024 * config.maxLine,
    // Two of the longest frames.
    unfinished: 64 * config.maxLine,
    message: 6 * config.registerTimeout,
    slowOutput: config.maxQueue,
    output: PROGRESS_FACTOR * config.maxQueue,
    outputOfAll: QUEUES * config.maxQueue,
    stall: 5000,
    register: config.registerTimeout,
  };
}
