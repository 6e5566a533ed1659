/** How fast one identity may ask, over all its connections. */
export interface RequestRate {
  /** Counts a request; gives the milliseconds that it must wait, 0 for none. */
  charge(): number;
  /** Counts a request that may not wait; false: it is one too many, and costs nothing. */
  admit(): boolean;
}

/** How many at once. */
const BURST = 60;
/** At most this many are remembered; then those whose allowance is full again are forgotten. */
const REMEMBERED = 1024;

class Bucket implements RequestRate {
  readonly #now: () => number;
  readonly #every: number;
  #tokens = BURST;
  #at: number;

  constructor(now: () => number, every: number) {
    this.#now = now;
    this.#every = every;
    this.#at = now();
  }

  get isFull(): boolean {
    this.#refill();
    return this.#tokens === BURST;
  }

  charge(): number {
    this.#refill();
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : Math.ceil(-this.#tokens * this.#every);
  }

  /** Whoever is refused at once can come back at once: a debt of theirs would grow without bound, and keep all of the identity out. */
  admit(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #refill(): void {
    const now = this.#now();
    this.#tokens = Math.min(BURST, this.#tokens + (now - this.#at) / this.#every);
    this.#at = now;
  }
}

/**
 * One rate for each identity, not for each connection: whoever comes back on a new one goes on where they were.
 * @param now milliseconds of a monotonic clock.
 * @param every milliseconds between two requests, in the long run.
 */
export function createRequestRates(now: () => number, every: number): (identity: string) => RequestRate {
  const buckets = new Map<string, Bucket>();
  return (identity) => {
    const known = buckets.get(identity);
    if (known !== undefined) return known;
    if (buckets.size >= REMEMBERED) {
      for (const [other, bucket] of buckets) if (bucket.isFull) buckets.delete(other);
    }
    const made = new Bucket(now, every);
    buckets.set(identity, made);
    return made;
  };
}
