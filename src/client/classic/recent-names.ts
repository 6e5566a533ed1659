import { keyOf, type ConversationId } from "../conversation.ts";

/** This many names are kept as they were written; of the others a conversation's own key serves. */
const MOST_NAMES = 1000;

/**
 * How people's names were last written, since servers of the first generations tell cases apart and conversations don't.
 * Bounded, whoever makes names up.
 */
export class RecentNames {
  readonly #names = new Map<ConversationId, string>();

  note(id: ConversationId, name: string): void {
    this.#names.delete(id);
    this.#names.set(id, name);
    if (this.#names.size <= MOST_NAMES) return;
    for (const oldest of this.#names.keys()) {
      this.#names.delete(oldest);
      return;
    }
  }

  /** Null: not a classic direct conversation's id. */
  of(id: ConversationId): string | null {
    return this.#names.get(id) ?? keyOf(id, "classic-direct");
  }
}
