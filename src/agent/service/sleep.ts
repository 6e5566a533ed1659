/** The two clocks that tell sleep: one that goes on while the machine sleeps, one that stands still. In milliseconds. */
export interface Clocks {
  readonly wall: () => number;
  readonly running: () => number;
}

const CLOCKS: Clocks = { wall: Date.now, running: () => performance.now() };

/** Milliseconds between two looks, and by how much the clocks must have come apart. */
const INTERVAL = 5000;
const APART = 10_000;

/**
 * Calls back when the machine has slept. Timers stand still then, so a connection that died meanwhile would be found out only when its
 * turn came. A wall clock that somebody set looks the same, and costs one question to the server. Returns what ends it.
 */
export function watchSleep(woke: () => void, clocks: Clocks = CLOCKS): () => void {
  const look = sleepDetector(clocks);
  const timer = setInterval(() => look() && woke(), INTERVAL).unref();
  return () => clearInterval(timer);
}

/** Whether the machine has slept since the last call. */
export function sleepDetector({ wall, running }: Clocks): () => boolean {
  let apart = wall() - running();
  return () => {
    const before = apart;
    apart = wall() - running();
    return Math.abs(apart - before) >= APART;
  };
}
