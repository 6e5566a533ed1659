import type { Event } from "./events.ts";
import type { Refusal } from "./refusals.ts";

/** What came of a command. Only `done` means that something happened: whoever records what was done can rely on it. */
export type Decision<E = Event, R = Refusal> =
  /** At least one event. */
  | { readonly kind: "done"; readonly events: readonly E[] }
  | { readonly kind: "refused"; readonly refusal: R }
  /** All was so already. */
  | { readonly kind: "unchanged" }
  /** The session that asked has ended: nothing was done, and nobody is left to be told. */
  | { readonly kind: "session-gone" };

export const UNCHANGED = { kind: "unchanged" } as const;
export const SESSION_GONE = { kind: "session-gone" } as const;

export function done<E>(...events: readonly E[]): { readonly kind: "done"; readonly events: readonly E[] } {
  return { kind: "done", events };
}

export function refused<R>(refusal: R): { readonly kind: "refused"; readonly refusal: R } {
  return { kind: "refused", refusal };
}
