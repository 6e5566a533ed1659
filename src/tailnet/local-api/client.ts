import type { Status, WhoIs } from "./answers.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Outcome } from "./outcome.ts";

/** The few questions that we have for tailscaled (Tailscale LocalAPI). None of them ever rejects. */
export interface LocalApi {
  /** `GET status?peers=false`. */
  status(): Promise<Outcome<Status>>;
  /** `GET whois` of a TCP peer; null: tailscaled knows nobody there. `address` may bear `::ffff:`. */
  whoIs(address: string, port: number): Promise<Outcome<WhoIs | null>>;
  /**
   * `GET watch-ipn-bus`: calls `onNews` for what comes, until the bus ends (then the outcome says why) or `signal` aborts.
   * What the news is stays unread: its form is not stable, and `status` tells the same.
   */
  watch(onNews: () => void, signal: AbortSignal): Promise<Outcome<null>>;
  /** Ends the idle connections, and what is still asked with `disconnected`. */
  close(): void;
}

export interface LocalApiOptions {
  /** Where tailscaled may be asked, best first. Asked again whenever none of the last ones answers. */
  readonly find: () => Promise<readonly Endpoint[]>;
  /** Milliseconds for a whole answer, waiting for a free connection included. */
  readonly whoIsTimeout?: number;
  readonly statusTimeout?: number;
  /** Who-is questions asked at once, and waiting behind them; what is more is `busy`. */
  readonly whoIsAtOnce?: number;
  readonly whoIsWaiting?: number;
}

export function createLocalApi(options: LocalApiOptions): LocalApi {
  throw new Error(`not written yet: ${typeof options}`);
}
