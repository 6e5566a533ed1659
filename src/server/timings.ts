import type { MonitorTimings } from "../tailnet/monitor.ts";

/** What the server waits for, in milliseconds; not for users, but for tests that can't wait. */
export interface Timings {
  /** Between two rounds of asking the tailnet who the live sessions are. */
  readonly refreshEvery: number;
  /** At least so long between two rounds because tailscaled had news: in a large tailnet it always has some. */
  readonly refreshNews: number;
  /** After which a peer that its tailnet calls offline counts as gone. */
  readonly offlineAfter: number;
  /** Before an address that could not be opened is tried again. */
  readonly listenRetry: number;
  /** How long the disk has at shutdown to take what was decided, and again to close. */
  readonly storing: number;
  /** Between two looks whether the store is still there. */
  readonly storeLook: number;
  /** After which a commit that has not come back counts as stuck; `/healthz` waits no longer either. */
  readonly storeTimeout: number;
  /** How long connections have at shutdown to take their last bytes. */
  readonly closing: number;
  /** For a whole HTTP request to arrive, and again for its answer to be taken. */
  readonly http: number;
  /** Between two HTTP requests of one identity, in the long run: upgrades count as such. */
  readonly requestEvery: number;
  /** Between two lines of the log about what others can cause as often as they like. */
  readonly sparseLog: number;
  readonly whoIs: number;
  readonly monitor: Partial<MonitorTimings>;
}

export const DEFAULT_TIMINGS: Timings = {
  refreshEvery: 30_000,
  refreshNews: 5_000,
  offlineAfter: 120_000,
  listenRetry: 2_000,
  storing: 5_000,
  storeLook: 10_000,
  storeTimeout: 3_000,
  closing: 3_000,
  http: 10_000,
  requestEvery: 50,
  sparseLog: 60_000,
  whoIs: 2_000,
  monitor: {},
};
