import type { Standing } from "../group-sessions/context.ts";

export interface WakingOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds to the next try; where the server says no, each next one takes twice as long, `longest` at most. */
  readonly again: number;
  readonly longest: number;
  readonly wake: (group: string) => void;
}

/** What wakes a group's session whose messages or commits wait for nothing that anybody would tell it. Groups by their ids in base64url. */
export interface Waking {
  /** Where it stands now, on a connection: what was to wake it before counts no more. */
  stands(group: string, standing: Standing): void;
  /** The connection is over; the next one wakes all. */
  end(): void;
}

export function waking({ now, again, longest, wake }: WakingOptions): Waking {
  const timers = new Map<string, NodeJS.Timeout>();
  /** How often in a row the server has said no. */
  const refusals = new Map<string, number>();

  return {
    stands(group, standing) {
      clearTimeout(timers.get(group));
      timers.delete(group);
      const before = standing.kind === "refused" ? (refusals.get(group) ?? 0) : 0;
      if (standing.kind === "refused") refusals.set(group, before + 1);
      else refusals.delete(group);
      const wait = waitOf(standing, before);
      if (wait === null) return;
      const timer = setTimeout(() => {
        timers.delete(group);
        wake(group);
      }, wait);
      timers.set(group, timer.unref());
    },
    end() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
      refusals.clear();
    },
  };

  /** Milliseconds until it looks again by itself; null: something else tells it to. */
  function waitOf(standing: Standing, before: number): number | null {
    switch (standing.kind) {
      case "awaiting":
        // A timer may end a moment before the clock shows that time: then it stands so again, and waits for the rest.
        return Math.max(1, standing.until - now());
      case "busy":
      case "offline":
        return again;
      case "refused":
        return Math.min(longest, again * 2 ** before);
      // Its person, a push, or what has come of its conversation (successions.ts).
      case "idle":
      case "held":
      case "removed":
      case "stopped":
        return null;
    }
  }
}
