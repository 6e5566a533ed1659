/**
 * The closed list of what a peer may be told when the answer is no. A refusal is a value, never an exception; the
 * cause behind it goes to the log. Each protocol has its own words for each reason, and what only a protocol can know
 * (a line too long, no key yet) stays with it: here that is `invalid-request`, and the command's tag says which.
 */
export type Refusal =
  | { readonly reason: "invalid-request" }
  | { readonly reason: "not-registered" }
  | { readonly reason: "already-registered" }
  | { readonly reason: "invalid-name" }
  | { readonly reason: "name-taken" }
  /** A local name that has a user key is that key's: nobody bears it who hasn't proved it. */
  | { readonly reason: "name-has-key" }
  /** `local`: what is local has them together, whoever of this machine's users took them. */
  | { readonly reason: "too-many-names"; readonly of: "identity" | "local" }
  /** `because`: what the operator said of it; missing: nothing. */
  | { readonly reason: "you-are-banned"; readonly because?: string }
  | { readonly reason: "recipient-not-found" }
  | { readonly reason: "too-many-messages" }
  | { readonly reason: "not-operator" }
  | { readonly reason: "operator-immune"; readonly action: "kick" | "ban" }
  | { readonly reason: "target-not-found"; readonly target: string }
  | { readonly reason: "not-banned"; readonly target: string }
  /** This server has sealed rooms alone. */
  | { readonly reason: "no-open-room" }
  | { readonly reason: "timed-out" }
  | { readonly reason: "server-full" }
  | { readonly reason: "not-a-member" }
  | { readonly reason: "identity-unavailable" }
  | { readonly reason: "storage-failed" };

export type RefusalReason = Refusal["reason"];
