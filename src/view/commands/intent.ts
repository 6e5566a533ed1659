/** What the server is asked. */
export type Question = "who" | "info" | "bans" | "server-help" | "server-info" | "rooms" | "members" | "devices";

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
  /** `name` without its `#`. */
  | { readonly kind: "create"; readonly name: string; readonly access: "open" | "invite" }
  | { readonly kind: "join"; readonly name: string }
  /** Empty: the current room. */
  | { readonly kind: "leave"; readonly name: string }
  | { readonly kind: "invite"; readonly person: string }
  | { readonly kind: "plain"; readonly person: string }
  /** `back`: the how manieth own message from the end, 1 the last. */
  | { readonly kind: "edit"; readonly back: number; readonly text: string }
  | { readonly kind: "delete"; readonly back: number }
  /** `back`: the how manieth message of others. */
  | { readonly kind: "reply"; readonly back: number; readonly text: string }
  /** Empty: whoever is new; a changed key is accepted by its owner's name. */
  | { readonly kind: "accept"; readonly person: string }
  /** `number`: as the other has told it; `same`: that both see the same; empty: to be shown. */
  | { readonly kind: "verify"; readonly person: string; readonly number: string }
  /** The code that a new device of one's own shows. */
  | { readonly kind: "confirm"; readonly code: string }
  /** A device that waits, by its label or id; empty: the one that is asked about. */
  | { readonly kind: "dismiss"; readonly device: string }
  | { readonly kind: "readers" }
  | { readonly kind: "wrong"; readonly why: string };
