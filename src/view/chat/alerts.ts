/** `view/chat`: a chat as immutable snapshots: its conversations, what becomes of messages, what commands do. */

import type { ConversationId } from "../../client/index.ts";
import type { Settings } from "./snapshot.ts";

/** What is to be done about a message so that it is noticed. */
export interface Alert {
  readonly bell: boolean;
  /** Whether the program of `notify` is run. */
  readonly notify: boolean;
  readonly from: string;
  /** `ALL` or our own name. */
  readonly to: string;
  readonly text: string;
}

export interface Heard {
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly direct: boolean;
  readonly mention: boolean;
}

/** Null: nothing is to be done. */
export function alertFor(settings: Settings, { from, to, text, direct, mention }: Heard): Alert | null {
  const toUs = direct || mention;
  const bell = settings.bell === "all" || (settings.bell === "direct" && toUs);
  const notify = settings.notify.length > 0 && toUs;
  return bell || notify ? { bell, notify, from, to, text } : null;
}

/** Milliseconds between two bells. */
const BETWEEN_BELLS = 2000;
/** At most this many notifications in this many milliseconds: each runs a program. */
const MOST_NOTIFIED = 5;
const NOTIFIED_WITHIN = 10_000;

/** How often one is disturbed: however many write, and under however many names. */
export class AlertLimits {
  readonly #now: () => number;
  #rungAt = Number.NEGATIVE_INFINITY;
  #rung = new Set<ConversationId>();
  #notified: readonly number[] = [];

  /** @param now milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** What is left of an alert: one bell in a while, and in a conversation that nobody looks at one until somebody does. */
  allow(id: ConversationId, isCurrent: boolean, alert: Alert | null): Alert | null {
    if (alert === null) return null;
    const now = this.#now();
    const bell = alert.bell && now - this.#rungAt >= BETWEEN_BELLS && (isCurrent || !this.#rung.has(id));
    if (bell) {
      this.#rungAt = now;
      if (!isCurrent) this.#rung.add(id);
    }
    this.#notified = this.#notified.filter((at) => now - at < NOTIFIED_WITHIN);
    const notify = alert.notify && this.#notified.length < MOST_NOTIFIED;
    if (notify) this.#notified = [...this.#notified, now];
    return bell || notify ? { ...alert, bell, notify } : null;
  }

  looked(id: ConversationId): void {
    this.#rung.delete(id);
  }
}
