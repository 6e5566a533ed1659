import type { ClassicError } from "../wire/classic/errors.ts";

/** What a server said behind `ERROR`; `other` carries words that no known server uses. */
export type ServerError = ClassicError | { readonly reason: "other"; readonly text: string };

/** Why one connection is over. */
export type ConnectionEnd =
  /** By `close` or the signal. */
  | { readonly kind: "left" }
  | { readonly kind: "kicked" }
  | { readonly kind: "banned" }
  /** The server said why, instead of registering us or before closing. */
  | { readonly kind: "refused"; readonly error: ServerError }
  /** There never was a connection. `code` is the system's, such as ECONNREFUSED. */
  | { readonly kind: "unreachable"; readonly code: string }
  /** The server closed without a word. */
  | { readonly kind: "closed" }
  | { readonly kind: "broken"; readonly code: string }
  /** No answer within the time allowed. */
  | { readonly kind: "silent" }
  /** What answered at set-up does not speak the protocol, or gave a public key that is none. */
  | { readonly kind: "not-padserve" }
  /** A line of more than 256 KiB. */
  | { readonly kind: "overlong-line" }
  /** The server answers, but no longer lists us: an old one forgets who registered beside a ghost of the same id. */
  | { readonly kind: "forgotten" };

/** Why a client has ended for good: how its last connection ended. */
export type EndCause = ConnectionEnd;

/** Why something asked of the server came to nothing, or may have. */
export type Failure =
  | { readonly kind: "refused"; readonly error: ServerError }
  /** The connection ended before the answer: the server may have taken it or not. It is never sent again by itself. */
  | { readonly kind: "unknown"; readonly why: ConnectionEnd }
  /** Nothing left this machine. `invalid-recipient`: not one word, or `ALL`. */
  | { readonly kind: "not-sent"; readonly why: "offline" | "ended" | "invalid-recipient" };

/** The server has taken it. Of a direct message: the recipient was connected; no more is known. */
export interface Taken {
  readonly kind: "taken";
}

export interface Answered<T> {
  readonly kind: "answered";
  readonly value: T;
}

/** How a message or an order ended. */
export type Outcome = Taken | Failure;

/** How a question ended. */
export type Reply<T> = Answered<T> | Failure;

/** What `SERVERINFO` tells an operator. */
export interface ServerInfo {
  readonly host: string;
  readonly addresses: readonly string[];
}

/** What `INFO` tells everybody. Null is what this generation of server doesn't say. */
export interface PublicInfo {
  readonly host: string | null;
  readonly addresses: readonly string[];
  readonly ids: readonly string[] | null;
}

/** One command of `SERVERHELP`, such as `KICK <clientID>`. */
export interface HelpEntry {
  readonly usage: string;
  readonly text: string;
  readonly operator: boolean;
}
