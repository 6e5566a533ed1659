import type { SoakDevice } from "./soak-device.ts";

/**
 * How long nothing may change in any device before they count as stuck, in milliseconds. It is no measure of speed: whatever a device waits for by a
 * clock of its own (a turn: a minute at most; its look around: half a minute) is over by then, on a machine of any speed.
 */
export const LONGEST_QUIET = 120_000;
/** For devices that change for ever and agree on nothing. */
const LONGEST = 900_000;
/** A session that does something answers when it is through; it isn't waited for longer before looking at what has changed. */
const LONGEST_ANSWER = 5_000;
const PAUSE = 100;
const AT_WORK = "somebody's session is at work";

export interface Resting {
  readonly devices: () => readonly SoakDevice[];
  /** What is still to come, in a few words; null: nothing. What can be done about it by a person is done. */
  readonly unrest: () => Promise<string | null>;
  /** More about each device than it reports itself, for who looks for a cause. */
  readonly look?: () => Promise<readonly string[]>;
}

/**
 * Waits until all are at rest. Fails when for a long time nothing has changed in what any device keeps, and says then of each what it waits for.
 * Gives the longest time in which nothing changed, in milliseconds: seconds of it on a machine that isn't slow are worth a look.
 */
export async function comeToRest({ devices, unrest, look = nothing }: Resting): Promise<number> {
  const begun = performance.now();
  let [before, changedAt, longest] = ["", begun, 0];
  let looking: Promise<string | null> | null = null;
  for (;;) {
    await pause(PAUSE);
    // One look at a time: it may have done half of what a person can.
    looking ??= unrest();
    const why = await within(looking, AT_WORK);
    if (why !== AT_WORK) looking = null;
    const now = performance.now();
    longest = Math.max(longest, now - changedAt);
    if (why === null) return Math.round(longest);
    const present = (await Promise.all(devices().map(async (device) => await device.kept()))).join("\n");
    if (present !== before) [before, changedAt] = [present, now];
    if (now - changedAt > LONGEST_QUIET)
      throw new Error(await told(`nothing changes any more: ${why}`, devices(), look));
    if (now - begun > LONGEST) throw new Error(await told(`it changes for ever: ${why}`, devices(), look));
  }
}

async function told(
  why: string,
  devices: readonly SoakDevice[],
  look: () => Promise<readonly string[]>,
): Promise<string> {
  const reports = await Promise.all(devices.map(async (device) => await device.report()));
  const more = await within(look(), []);
  return [`not at rest: ${why}`, ...reports, ...more].join("\n");
}

/** What comes of it, or `otherwise` where that takes too long. */
async function within<T>(work: Promise<T>, otherwise: T): Promise<T> {
  const late = Promise.withResolvers<T>();
  const timer = setTimeout(() => late.resolve(otherwise), LONGEST_ANSWER);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function nothing(): Promise<readonly string[]> {
  return await Promise.resolve([]);
}

async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
