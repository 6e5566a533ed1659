import { Rates } from "./rates.ts";

/** The rates of at most this many are remembered; the one unused for longest is forgotten. */
const MOST = 1024;

/** The flood limit of somebody over all their connections, for what each connection could do once and so never enough of. */
export class RatesByKey {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #rates = new Map<string, Rates>();

  /** @param messagesPerSecond 0: no limit. @param now milliseconds of a monotonic clock. */
  constructor(messagesPerSecond: number, now: () => number) {
    this.#perSecond = messagesPerSecond;
    this.#now = now;
  }

  /** As `Rates.admit`. */
  admit(key: string, bytesForEach: number, readers: number): boolean {
    const rate = this.#rates.get(key) ?? new Rates(this.#perSecond, this.#now());
    this.#rates.delete(key);
    this.#rates.set(key, rate);
    const [oldest] = this.#rates.keys();
    if (this.#rates.size > MOST && oldest !== undefined) this.#rates.delete(oldest);
    return rate.admit(this.#now(), bytesForEach, readers);
  }
}
