const DAY = 86_400_000;
const WEEK = 7 * DAY;

/** When fresh keys are due after those of now: a week, give or take a day, so that a room's devices don't come all at once. */
export function nextUpdate(now: number, random: number): number {
  return Math.round(now + WEEK - DAY + random * 2 * DAY);
}

/** After joining by Welcome, whose commit had no fresh key of this device: within the minute. */
export function firstUpdate(now: number, random: number): number {
  return Math.round(now + random * 60_000);
}

/** How long to wait after the so-manieth lost race: longer each time, half of it by chance; at most some seconds. */
export function backOff(attempt: number, random: number): number {
  const most = Math.min(4000, 50 * 2 ** Math.min(attempt, 10));
  return Math.round(most * (0.5 + random / 2));
}
