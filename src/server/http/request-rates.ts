/** How fast one identity may ask, over all its connections. */
export interface RequestRate {
  /** Counts a request; gives the milliseconds that it must wait, 0 for none. */
  charge(): number;
  /** Counts a request that may not wait; false: it is one too many, and costs nothing. */
  admit(): boolean;
}

/** Requests a second of one identity, and how many at once. */
const PER_SECOND = 20;
const BURST = 60;
/** At most this many are remembered; then those whose allowance is full again are forgotten. */
const REMEMBERED = 1024;

class Bucket implements RequestRate {
  readonly #now: () => number;
  #tokens = BURST;
  #at: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#at = now();
  }

  get isFull(): boolean {
    this.#refill();
    return this.#tokens === BURST;
  }

  charge(): number {
    this.#refill();
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : Math.ceil((-this.#tokens / PER_SECOND) * 1000);
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
    this.#tokens = Math.min(BURST, this.#tokens + ((now - this.#at) / 1000) * PER_SECOND);
    this.#at = now;
  }
}

/**
 * One rate for each identity, not for each connection: whoever comes back on a new one goes on where they were.
 * @param now milliseconds of a monotonic clock.
 */
export function createRequestRates(now: () => number): (identity: string) => RequestRate {
  const buckets = new Map<string, Bucket>();
  return (identity) => {
    const known = buckets.get(identity);
    if (known !== undefined) return known;
    if (buckets.size >= REMEMBERED) {
      for (const [other, bucket] of buckets) if (bucket.isFull) buckets.delete(other);
    }
    const made = new Bucket(now);
    buckets.set(identity, made);
    return made;
  };
}
