import { fine, type Finding } from "./findings.ts";

/** All in milliseconds since 1970; null where it isn't known. */
export interface ClockFacts {
  readonly now: number;
  /** When the control server made this node. */
  readonly nodeCreated: number | null;
  /** The latest moment in the database. */
  readonly newest: number | null;
}

/** This was written later. */
const WRITTEN = Date.parse("2026-11-22T00:00:00Z");
/** What two clocks that are right may differ by. */
const TOLERANCE = 60_000;

/** A clock can't be checked without another; but it can be before what has happened already. */
export function examineClock({ now, nodeCreated, newest }: ClockFacts): readonly Finding[] {
  const past: readonly (readonly [moment: number | null, what: string])[] = [
    [WRITTEN, "this program was written"],
    [nodeCreated, "the tailnet's control server made this node"],
    [newest, "the newest name or ban was written down"],
  ];
  const contradiction = past.find(([moment]) => moment !== null && moment > now + TOLERANCE);
  if (contradiction === undefined) return [fine("clock", `${stamp(now)}, later than all that is known to be past`)];
  const [moment, what] = contradiction;
  return [
    {
      area: "clock",
      level: "warning",
      what: `The clock says ${stamp(now)}, which is in the past.`,
      cause: `At ${stamp(moment ?? 0)} ${what}.`,
      next: "Set the clock, on Linux: timedatectl set-ntp true. Times in lists and logs are wrong until then.",
    },
  ];
}

function stamp(moment: number): string {
  return `${new Date(moment).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
