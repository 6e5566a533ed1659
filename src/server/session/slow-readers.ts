import type { Limits } from "./limits.ts";

/** A session as far as its output is concerned, in bytes. */
export interface Reader {
  /** All that waits for it. */
  readonly queued: number;
  /** What of that it could take now, if it read. */
  readonly unread: number;
  /** What it has taken so far. */
  readonly taken: number;
  /** Ends it as a slow reader; its queue is freed at once. */
  dropAsSlow(): void;
}

interface Behind {
  queued: number;
  /** Over the bound for those who make no progress: when it is looked at again, and what had been taken before. */
  stall: { readonly timer: NodeJS.Timeout; readonly taken: number } | null;
}

/**
 * Keeps what waits for readers within its bounds. A reader that makes progress may be far behind; one that doesn't is dropped at
 * the smaller bound, after a moment; and over the bound of all together the longest queues go first.
 * A reader for whom nothing waits costs nothing here.
 */
export class SlowReaders {
  readonly #limits: Pick<Limits, "slowOutput" | "outputOfAll" | "stall">;
  readonly #behind = new Map<Reader, Behind>();
  #total = 0;

  constructor(limits: Pick<Limits, "slowOutput" | "outputOfAll" | "stall">) {
    this.#limits = limits;
  }

  /** Bytes that wait, as far as was looked. */
  get total(): number {
    return this.#total;
  }

  /** Call when something was sent to a reader, or when it has taken what waited. */
  look(reader: Reader): void {
    const { queued } = reader;
    let behind = this.#behind.get(reader);
    if (behind === undefined) {
      if (queued === 0) return;
      behind = { queued: 0, stall: null };
      this.#behind.set(reader, behind);
    }
    this.#total += queued - behind.queued;
    behind.queued = queued;
    if (queued === 0) this.forget(reader);
    else if (reader.unread > this.#limits.slowOutput) this.#watch(reader, behind);
    if (this.#total > this.#limits.outputOfAll) this.#shed();
  }

  /** The reader is gone, or nothing waits for it. */
  forget(reader: Reader): void {
    const behind = this.#behind.get(reader);
    if (behind === undefined) return;
    this.#behind.delete(reader);
    this.#total -= behind.queued;
    if (behind.stall !== null) clearTimeout(behind.stall.timer);
  }

  #watch(reader: Reader, behind: Behind): void {
    if (behind.stall !== null) return;
    const timer = setTimeout(() => {
      const before = behind.stall?.taken ?? 0;
      behind.stall = null;
      if (reader.unread > this.#limits.slowOutput && reader.taken === before) this.#drop(reader);
      else this.look(reader);
    }, this.#limits.stall);
    behind.stall = { timer, taken: reader.taken };
  }

  /** Looks at everybody who is behind, and drops the longest queues until an eighth is free: rarely, so it may walk them all. */
  #shed(): void {
    for (const [reader, behind] of this.#behind) {
      this.#total += reader.queued - behind.queued;
      behind.queued = reader.queued;
    }
    if (this.#total <= this.#limits.outputOfAll) return;
    const longestFirst = [...this.#behind].toSorted(([, a], [, b]) => b.queued - a.queued);
    for (const [reader] of longestFirst) {
      if (this.#total <= (this.#limits.outputOfAll * 7) / 8) return;
      this.#drop(reader);
    }
  }

  #drop(reader: Reader): void {
    this.forget(reader);
    reader.dropAsSlow();
  }
}
