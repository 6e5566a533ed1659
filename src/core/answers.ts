/**
 * What an adapter wants back with the answer to its command: a request's number, or what was asked where the core's
 * words don't say it. Nothing here looks into it.
 */
export type Tag = object;

export interface BanReason {
  readonly name: string;
  readonly reason: string;
}

/** The answer to a session's own command. */
export type Answer =
  /** To `check`: its turn has come and the session may ask this. */
  | { readonly kind: "checked"; readonly operator: boolean }
  | { readonly kind: "list"; readonly names: readonly string[] }
  /** Both sorted; `reasons` of those bans that were given one. */
  | { readonly kind: "bans"; readonly names: readonly string[]; readonly reasons: readonly BanReason[] }
  | { readonly kind: "kicked"; readonly target: string }
  | { readonly kind: "banned"; readonly target: string }
  | { readonly kind: "unbanned"; readonly target: string };
