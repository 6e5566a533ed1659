import type { SoakDevice } from "./soak-device.ts";

/**
 * How long nothing may change in any device before they count as stuck, in milliseconds. It is no measure of speed: whatever a device waits for by a
 * clock of its own (a turn: a minute at most; its look around: half a minute) is over by then, on a machine of any speed.
 */
const LONGEST_QUIET = 120_000;
/** For devices that change for ever and agree on nothing. */
const LONGEST = 900_000;
/** A session that does something answers when it is through; it isn't waited for longer before looking at what has changed. */
const LONGEST_ANSWER = 5_000;
const PAUSE = 100;

export interface Resting {
  readonly devices: () => readonly SoakDevice[];
  /** What is still to come, in a few words; null: nothing. What can be done about it by a person is done. */
  readonly unrest: () => Promise<string | null>;
}

/**
 * Waits until all are at rest. Fails when for a long time nothing has changed in what any device keeps, and says then of each what it waits for.
 * Gives the longest time in which nothing changed, in milliseconds: seconds of it on a machine that isn't slow are worth a look.
 */
export async function comeToRest({ devices, unrest }: Resting): Promise<number> {
  const begun = performance.now();
  let [before, changedAt, longest] = ["", begun, 0];
  for (;;) {
    await pause(PAUSE);
    const why = await answered(unrest());
    const now = performance.now();
    longest = Math.max(longest, now - changedAt);
    if (why === null) return Math.round(longest);
    const present = (await Promise.all(devices().map(async (device) => await device.kept()))).join("\n");
    if (present !== before) [before, changedAt] = [present, now];
    if (now - changedAt > LONGEST_QUIET) throw new Error(await told(`nothing changes any more: ${why}`, devices()));
    if (now - begun > LONGEST) throw new Error(await told(`it changes for ever: ${why}`, devices()));
  }
}

async function answered(unrest: Promise<string | null>): Promise<string | null> {
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(() => late.resolve("somebody's session is at work"), LONGEST_ANSWER);
  try {
    return await Promise.race([unrest, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function told(why: string, devices: readonly SoakDevice[]): Promise<string> {
  const reports = await Promise.all(devices.map(async (device) => await device.report()));
  return [`not at rest: ${why}`, ...reports].join("\n");
}

async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
