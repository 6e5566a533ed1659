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
   * Its place in the conversation's order: lower is earlier, whenever it arrived. Infinity for an own message that has no
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
}

/** How far an own message has come; others' are `delivered`. */
export type Delivery =
  /** On its way, or waiting until it can leave. */
  | { readonly kind: "sending" }
  /** The server has passed it on to who was there, and keeps nothing. */
  | { readonly kind: "taken" }
  /** The server keeps it for who was not there. */
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
