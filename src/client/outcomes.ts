import type { Hold } from "./hold.ts";
import type { Refusal } from "./refusals.ts";

/** Why one connection is over. */
export type ConnectionEnd =
  /** By `close` or the signal. */
  | { readonly kind: "left" }
  /** `reason` is the operator's words, where the protocol carries some. */
  | { readonly kind: "kicked"; readonly reason?: string }
  | { readonly kind: "banned"; readonly reason?: string }
  /** The server said why, instead of registering us or before closing. */
  | { readonly kind: "refused"; readonly error: Refusal }
  /** There never was a connection. `code` is the system's, such as ECONNREFUSED. */
  | { readonly kind: "unreachable"; readonly code: string }
  /** The server closed without a word. */
  | { readonly kind: "closed" }
  | { readonly kind: "broken"; readonly code: string }
  /** No answer within the time allowed. */
  | { readonly kind: "silent" }
  /** What answered at set-up does not speak the protocol, or gave a public key that is none. */
  | { readonly kind: "not-padserve" }
  /** The server sent more at once than a message or an answer can be. */
  | { readonly kind: "oversized" }
  /**
   * Not the server's doing, but that of this computer's agent. `stopped`: on purpose; `died`: the next one is looked for; `silent`: it is there
   * and doesn't answer; `unusable`: there is no agent to go on with; `another-server`: the address leads to another server than it did.
   * `text` is one line for people, in our own words.
   */
  | { readonly kind: "agent"; readonly why: AgentEnd; readonly text: string }
  /** The server answers, but no longer lists us: an old one forgets who registered beside a ghost of the same id. */
  | { readonly kind: "forgotten" };

export type AgentEnd = "stopped" | "died" | "silent" | "unusable" | "another-server";

/** Why a client has ended for good: how its last connection ended. */
export type EndCause = ConnectionEnd;

/** Why something asked of the server came to nothing, or may have. */
export type Failure =
  | { readonly kind: "refused"; readonly error: Refusal }
  /** The connection ended before the answer: the server may have taken it or not. It is never sent again by itself. */
  | { readonly kind: "unknown"; readonly why: ConnectionEnd }
  /** It is kept here and waits until somebody has looked: `acceptReaders`. */
  | { readonly kind: "held"; readonly hold: Hold }
  /**
   * Nothing left this machine. `invalid-recipient`: nobody can have that name; `busy`: too much waits already; `sealed-only`: they were
   * written to sealed once, or have a device, so nothing that the server can read goes to them unless `allowPlain` was called.
   */
  | {
      readonly kind: "not-sent";
      readonly why: "offline" | "ended" | "invalid-recipient" | "too-long" | "busy" | "sealed-only";
    };

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

/** What a server tells an operator about itself. */
export interface ServerInfo {
  readonly host: string;
  readonly addresses: readonly string[];
}

/** Somebody who is banned. `reason` is the operator's words; null: none were given, or the protocol doesn't carry them. */
export interface Ban {
  readonly name: string;
  readonly reason: string | null;
}

/** What a server tells everybody about itself. Null is what this one doesn't say. */
export interface PublicInfo {
  readonly host: string | null;
  readonly addresses: readonly string[];
  readonly ids: readonly string[] | null;
}

/** One of a server's own commands, such as `KICK <clientID>`. */
export interface HelpEntry {
  readonly usage: string;
  readonly text: string;
  readonly operator: boolean;
}
