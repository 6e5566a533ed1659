import { setTimeout as delay } from "node:timers/promises";

/** Stops this job as Ctrl-Z does, and resolves when the shell has let it go on. */
export async function stopped(): Promise<void> {
  const gone = new AbortController();
  const resumed = new Promise<void>((resolve) => process.once("SIGCONT", resolve));
  // The whole job, as the terminal would: npm or a script may stand between the shell and us.
  process.kill(0, "SIGTSTP");
  // Where no shell could let us go on, the kernel doesn't stop us, and no SIGCONT will come.
  await Promise.race([resumed, delay(NOT_STOPPED, undefined, { signal: gone.signal })]);
  gone.abort();
}

/** Milliseconds of running after which we were not stopped at all. */
const NOT_STOPPED = 200;

/** Has Node look how large the terminal is: while we were stopped, changes of its size were told to others. */
export function lookAtSize(): void {
  process.kill(process.pid, "SIGWINCH");
}
