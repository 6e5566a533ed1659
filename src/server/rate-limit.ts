/** A token bucket: `rate` a second on average, bursts of ten times that. */
export interface RateLimit {
  /** Takes one; false when there is none left. @param now milliseconds of a clock that only goes forward. */
  take(now: number): boolean;
}

const UNLIMITED: RateLimit = { take: () => true };

/** @param rate tokens a second; 0: no limit. */
export function createRateLimit(rate: number, now: number): RateLimit {
  if (rate === 0) return UNLIMITED;
  const burst = rate * 10;
  let tokens = burst;
  let last = now;
  return {
    take: (at) => {
      tokens = Math.min(burst, tokens + ((at - last) / 1000) * rate);
      last = at;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
