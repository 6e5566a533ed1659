/** When a client connects again, and after how long. Pure: who uses it has the clock and the chance. */
import type { ConnectionEnd, EndCause } from "./outcomes.ts";
import type { Refusal } from "./refusals.ts";

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
  return wanted && canHeal(end, wasOnline, policy) ? { kind: "retry", loss: end } : { kind: "end", cause: end };
}

/**
 * Milliseconds before attempt number `attempt`, counted from 0: "full jitter", evenly spread from nothing to the bound,
 * so that all who lost the same server don't come back at the same instant. `random` is from 0 to below 1.
 */
export function reconnectDelay(attempt: number, random: number, { firstDelay, longestDelay }: BackOff): number {
  return Math.floor(random * Math.min(longestDelay, firstDelay * 2 ** attempt));
}

function canHeal(end: ConnectionEnd, wasOnline: boolean, policy: ReconnectPolicy): boolean {
  switch (end.kind) {
    case "left":
    case "kicked":
    case "banned":
      return false;
    case "refused":
      return refusalCanHeal(end.error, wasOnline, policy);
    case "unreachable":
    case "closed":
    case "broken":
    case "silent":
    case "not-padserve":
    case "oversized":
    case "forgotten":
      return true;
    // No client of a server's ends so.
    case "agent":
      return false;
  }
}

/** Whether the same REGISTER may be answered otherwise later, without anybody changing anything at this end. */
function refusalCanHeal(refusal: Refusal, wasOnline: boolean, policy: ReconnectPolicy): boolean {
  switch (refusal.reason) {
    case "name-taken":
      // Behind a lost connection it is most likely our own ghost, which the server has yet to notice.
      return wasOnline;
    case "not-a-member":
      // Whoever was one an hour ago most likely still is: the server's tailscaled has no network map yet, or this machine's key
      // is being renewed. And a program that may start before its server may start before its machine is known there, too.
      return wasOnline || policy === "always";
    case "server-full":
    case "timed-out":
    case "identity-unavailable":
    case "storage-failed":
    case "too-many-messages":
    case "too-long":
    case "too-slow":
      return true;
    case "rolled-back":
      // Whoever owns a device comes with another one.
      return policy === "always";
    case "invalid-name":
    case "name-has-key":
    case "too-many-names":
    case "you-are-banned":
    case "recipient-not-found":
    case "not-operator":
    case "operator-immune":
    case "target-not-found":
    case "not-banned":
    case "no-open-room":
    case "replaced":
    case "device-removed":
    case "device-not-confirmed":
    case "no-such-device":
    case "device-confirmed":
    case "wrong-passphrase":
    case "room-name-taken":
    case "room-name-reserved":
    case "no-such-room":
    case "no-such-message":
    case "no-device":
    case "not-met":
    case "other-number":
    case "own-user-only":
    case "not-allowed":
    case "own-disk-failed":
    case "not-in-conversation":
    case "conversation-ended":
    case "device-returning":
    case "unsupported":
    case "not-understood":
    case "other":
    case "own-device":
      return false;
  }
}
