import type { ConnectionEnd, EndCause, ServerError } from "./outcomes.ts";

/**
 * When to connect again. `never`: one connection, and its end is the client's. `lost`: again after a connection that
 * had been up. `always`: also when the first attempt fails, for a program that may start before its server.
 */
export type ReconnectPolicy = "never" | "lost" | "always";

export interface BackOff {
  /** Milliseconds: the upper bound of the first delay; it doubles with each attempt. */
  readonly firstDelay: number;
  /** Milliseconds: no delay is longer. */
  readonly longestDelay: number;
}

export type NextStep =
  | { readonly kind: "retry"; readonly loss: ConnectionEnd }
  | { readonly kind: "end"; readonly cause: EndCause };

/** What follows the end of a connection. `wasOnline`: the client had been registered at least once before it. */
export function nextStep(end: ConnectionEnd, wasOnline: boolean, policy: ReconnectPolicy): NextStep {
  const wanted = policy === "always" || (policy === "lost" && wasOnline);
  return wanted && canHeal(end, wasOnline) ? { kind: "retry", loss: end } : { kind: "end", cause: end };
}

/**
 * Milliseconds before attempt number `attempt`, counted from 0: "full jitter", evenly spread from nothing to the bound,
 * so that all who lost the same server don't come back at the same instant. `random` is from 0 to below 1.
 */
export function reconnectDelay(attempt: number, random: number, { firstDelay, longestDelay }: BackOff): number {
  return Math.floor(random * Math.min(longestDelay, firstDelay * 2 ** attempt));
}

function canHeal(end: ConnectionEnd, wasOnline: boolean): boolean {
  switch (end.kind) {
    case "left":
    case "kicked":
    case "banned":
      return false;
    case "refused":
      return refusalCanHeal(end.error, wasOnline);
    default:
      return true;
  }
}

/** Whether the same REGISTER may be answered otherwise later, without anybody changing anything at this end. */
function refusalCanHeal(error: ServerError, wasOnline: boolean): boolean {
  switch (error.reason) {
    case "name-taken":
      // Behind a lost connection it is most likely our own ghost, which the server has yet to notice.
      return wasOnline;
    case "server-full":
    case "timed-out":
    case "identity-unavailable":
    case "storage-failed":
    case "too-many-messages":
    case "line-too-long":
      return true;
    default:
      return false;
  }
}
