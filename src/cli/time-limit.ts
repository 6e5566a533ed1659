import type { ProcessContext } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import type { Options } from "../args/options.ts";
import type { Explanation } from "./explain.ts";

export const TIMEOUT_OPTION = {
  timeout: {
    kind: "number",
    placeholder: "SECONDS",
    min: 0.1,
    max: 86_400,
    fractions: true,
    help: "how long to try in all (default: as long as the server answers, 15 for each answer)",
  },
} as const satisfies Options;

/** Milliseconds for what is under way to say itself how far it has come. */
const GRACE = 250;

/**
 * Does a command's whole work under one time limit (seconds; undefined: none), whatever it waits for in it: the way to the server, the agent,
 * its start, an answer. The work's own `stop` is aborted when the time is over, and what it then says of itself is told; says it nothing, or
 * that it was interrupted, `late` tells what has become of what it was to do.
 */
export async function inTime(
  timeout: number | undefined,
  context: ProcessContext,
  work: (limited: ProcessContext) => Promise<ExitCode | Explanation>,
  late: () => string = () => "it was given up.",
): Promise<ExitCode | Explanation> {
  if (timeout === undefined) return await work(context);
  const over = new AbortController();
  const grace = Promise.withResolvers<null>();
  const timer = setTimeout(() => {
    over.abort();
    setTimeout(() => grace.resolve(null), GRACE);
  }, timeout * 1000);
  try {
    const stop = AbortSignal.any([context.stop, over.signal]);
    const ended = await Promise.race([work({ ...context, stop }), grace.promise]);
    if (context.stop.aborted) return ended ?? EXIT.interrupted;
    const isSaid = ended !== null && ended !== EXIT.interrupted;
    return isSaid ? ended : { text: `No answer within ${timeout} s; ${late()}`, code: EXIT.unreachable };
  } finally {
    clearTimeout(timer);
  }
}

/** A limit for the start of something that goes on: `signal` is `stop`'s, and aborted where it isn't done after so many milliseconds (null: no limit). */
export interface StartLimit {
  readonly signal: AbortSignal;
  readonly isLate: () => boolean;
  readonly done: () => void;
}

export function startIn(milliseconds: number | null, stop: AbortSignal): StartLimit {
  const over = new AbortController();
  const timer = milliseconds === null ? undefined : setTimeout(() => over.abort(), milliseconds).unref();
  return {
    signal: AbortSignal.any([stop, over.signal]),
    isLate: () => over.signal.aborted && !stop.aborted,
    done: () => clearTimeout(timer),
  };
}
