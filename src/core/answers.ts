/** The answer to a session's own command. */
export type Answer =
  /** The session may talk now. */
  | { readonly kind: "ready" }
  | { readonly kind: "list"; readonly names: readonly string[] }
  | { readonly kind: "info"; readonly names: readonly string[] }
  | { readonly kind: "help"; readonly operator: boolean }
  | { readonly kind: "server-info" }
  | { readonly kind: "bans"; readonly names: readonly string[] }
  | { readonly kind: "kicked"; readonly target: string }
  | { readonly kind: "banned"; readonly target: string }
  | { readonly kind: "unbanned"; readonly target: string };
