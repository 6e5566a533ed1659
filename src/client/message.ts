import type { ConversationId } from "./conversation.ts";
import type { Failure } from "./outcomes.ts";

/**
 * A message, one's own or another's. `text` and `from` come from others as they are: a face makes them visible before it
 * shows them.
 */
export interface ChatMessage {
  /** Unique in its conversation. A message told again under the same id replaces the earlier one. */
  readonly id: string;
  readonly conversation: ConversationId;
  /**
   * Its place in the conversation's order: lower is earlier, whenever it arrived. Infinity for a message of our own that has no
   * place yet; those stand last, in the order in which they were written.
   */
  readonly place: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly from: string;
  readonly own: boolean;
  /** As it was written, with the `/me ` of an emote. */
  readonly text: string;
  readonly delivery: Delivery;
  /** What only a sealed message has; absent where the server can read it. */
  readonly sealed?: SealedFacts;
}

export interface SealedFacts {
  /** Its number in the conversation's log; null until the server has it. */
  readonly number: number | null;
  /** What its sender calls the device that it was written on. */
  readonly device: string;
  /** Names of the people who could read it when it was stored. */
  readonly readers: readonly string[];
  readonly edited: boolean;
  readonly replyTo: Quote | null;
  /**
   * What stands in the message's place; for all but `text`, the message's own `text` says it in words.
   * - `unknown-kind`: from a newer client, or asked for by somebody whose key is in doubt, and not done
   * - `unreadable`: it did not open
   * - `gap`: entries that this device can't have
   * - `members`: who came and went
   * - `brought-in`: whom it is from has brought this person in
   */
  readonly body: "text" | "deleted" | "unknown-kind" | "unreadable" | "gap" | "members" | "brought-in";
  /** Why it may be nobody's word whose name it has, as this device knew it when it came; absent: nothing speaks against it. */
  readonly doubt?: Doubt;
}

/**
 * - `changed-key`: the device shows another user key than the one that is known as theirs
 * - `removed-device`: the device is one that its person has removed
 */
export const DOUBTS = ["changed-key", "removed-device"] as const;
export type Doubt = (typeof DOUBTS)[number];

/** The message that another one answers, as far as this device has it. */
export interface Quote {
  readonly id: string;
  readonly from: string;
  readonly text: string;
  readonly doubt?: Doubt;
}

/** How far a message of our own has come; others' are `delivered`. */
export type Delivery =
  /** On its way, or waiting until it can leave. */
  | { readonly kind: "sending" }
  /** The server has passed it on to anyone who was there, and keeps nothing. */
  | { readonly kind: "taken" }
  /** The server keeps it for anyone who was not there. */
  | { readonly kind: "stored" }
  | { readonly kind: "delivered" }
  /** The connection ended before the answer; it is not sent again. */
  | { readonly kind: "unknown" }
  | { readonly kind: "failed"; readonly failure: Failure };

/** A stretch of a conversation's history. */
export interface Page {
  /** Oldest first. */
  readonly messages: readonly ChatMessage[];
  /** Whether there is nothing before the first of them. */
  readonly complete: boolean;
}
