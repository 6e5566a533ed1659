import type { ClassicError } from "./errors.ts";

/** One line of a server, of any generation. `field` is raw; `other-error` is an ERROR line with words that we don't know. */
export type ServerLine =
  | { readonly kind: FixedKind }
  | { readonly kind: "registered"; readonly operator: boolean }
  | { readonly kind: "hex"; readonly hex: string }
  | { readonly kind: "broadcast" | "message"; readonly from: string; readonly field: string }
  | { readonly kind: "client" | "banned"; readonly id: string }
  | { readonly kind: "help-heading"; readonly operator: boolean }
  | { readonly kind: "help-entry"; readonly usage: string; readonly text: string }
  | { readonly kind: "host"; readonly verb: InfoVerb; readonly name: string }
  /** Without addresses, `No Tailscale IP`. */
  | { readonly kind: "addresses"; readonly verb: InfoVerb; readonly addresses: readonly string[] }
  /** The first generation's `INFO Tailscale IP: …`. */
  | { readonly kind: "info-address"; readonly address: string }
  | { readonly kind: "success"; readonly action: "kick" | "ban" | "unban"; readonly id: string }
  | { readonly kind: "error"; readonly error: ClassicError }
  | { readonly kind: "other-error"; readonly text: string }
  /** Anything else. */
  | { readonly kind: "text"; readonly text: string };

export type InfoVerb = "INFO" | "SERVERINFO";

/** The lines that are always the same. */
export const FIXED_LINES = {
  "public-key-begin": "PUBLICKEY",
  "public-key-end": "END PUBLICKEY",
  "public-key-received": "CLIENTPUBKEY_RECEIVED",
  "broadcast-sent": "BROADCAST SENT",
  "response-begin": "BEGIN_RESPONSE",
  "response-end": "END_RESPONSE",
  "help-end": "END SERVERHELP",
  "list-end": "LISTED",
  "info-end": "INFO LISTED",
  "help-listed": "SERVERHELP LISTED",
  "no-bans": "No clients are currently banned",
  "you-were-kicked": "KICKED You have been kicked by the operator",
  "you-were-banned": "BANNED You have been banned by the operator",
} as const;

export type FixedKind = keyof typeof FIXED_LINES;
