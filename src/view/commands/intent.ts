/** What the server is asked. */
export type Question = "who" | "info" | "bans" | "server-help" | "server-info";

/** What a written text asks for. */
export type Intent =
  /** To the current conversation. */
  | { readonly kind: "say"; readonly text: string }
  | { readonly kind: "send"; readonly to: string; readonly text: string }
  | { readonly kind: "open"; readonly id: string }
  /** Empty: the current one. */
  | { readonly kind: "close"; readonly id: string }
  /** `reason` is empty where none is given. */
  | { readonly kind: "kick" | "ban"; readonly id: string; readonly reason: string }
  | { readonly kind: "unban"; readonly id: string }
  | { readonly kind: "ask"; readonly question: Question }
  | { readonly kind: "clear" | "quit" | "nothing" }
  /** `about` a command, or `keys`; empty: everything. */
  | { readonly kind: "help"; readonly about: string }
  /** Empty: back again. */
  | { readonly kind: "away"; readonly text: string }
  /** Empty: who is ignored. */
  | { readonly kind: "ignore"; readonly id: string }
  /** Empty: further back with the same words. */
  | { readonly kind: "search"; readonly words: string }
  /** Empty name: all settings; empty value: this one. */
  | { readonly kind: "set"; readonly name: string; readonly value: string }
  | { readonly kind: "wrong"; readonly why: string };
