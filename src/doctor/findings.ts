/** What is looked at, in the order in which it is told. */
export type Area =
  | "tailscaled"
  | "state"
  | "addresses"
  | "name"
  | "shields up"
  | "https"
  | "key"
  | "operators"
  | "data"
  | "port"
  | "clock"
  | "lookup"
  | "tailnet"
  | "IPv4"
  | "IPv6"
  | "protocols"
  | "you";

/**
 * - `note`: worth knowing; all is well without it
 * - `warning`: works, but not for everybody, not for long, or not as it looks
 * - `error`: people can't talk
 */
type TroubleLevel = "note" | "warning" | "error";
export type Level = "ok" | TroubleLevel;

/** One fact about this machine or the way to a server. What is not well comes with its cause and what to do about it. */
export type Finding = Fine | Trouble;

export interface Fine {
  readonly area: Area;
  readonly level: "ok";
  readonly what: string;
}

interface Trouble {
  readonly area: Area;
  readonly level: TroubleLevel;
  readonly what: string;
  readonly cause: string;
  readonly next: string;
}

export function fine(area: Area, what: string): Fine {
  return { area, level: "ok", what };
}

const LEVELS: readonly Level[] = ["ok", "note", "warning", "error"];

/** The level of the worst of them; of none, `ok`. */
export function worst(findings: readonly Finding[]): Level {
  return LEVELS.findLast((level) => findings.some((finding) => finding.level === level)) ?? "ok";
}

/** Characters that are shown of what somebody else wrote, in a finding. */
export const MOST_OF_OTHERS = 200;
