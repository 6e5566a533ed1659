import type { System } from "../group-sessions/ports.ts";

/** A little off is no matter; a machine without a battery for its clock begins in 1970. */
const FAR_OFF = 3_600_000;

export interface BesideServerClock extends System {
  /** What time it is at the server now, milliseconds since 1970; null: it doesn't say. */
  heard(at: number | null): void;
  /**
   * Whether this machine's time has jumped since that was heard: it was set, or the machine slept, and the clock that never jumps stood still. What the
   * server said counts no more then, and is to be asked again.
   */
  hasJumped(): boolean;
}

/**
 * This machine's time while it agrees with what the server said last, else the server's. Key packages are good for some months, by the
 * server's clock (SEALED.md 16): a device whose own is years wrong could neither be invited nor invite anybody.
 * @param elapsed milliseconds of a clock that never jumps.
 */
export function besideServerClock(system: System, elapsed: () => number = () => performance.now()): BesideServerClock {
  let said: { readonly at: number; readonly since: number; readonly own: number } | null = null;
  return {
    ...system,
    now() {
      const own = system.now();
      if (said === null) return own;
      const there = said.at + elapsed() - said.since;
      return Math.abs(own - there) > FAR_OFF ? Math.round(there) : own;
    },
    heard(at) {
      if (at !== null) said = { at, since: elapsed(), own: system.now() };
    },
    hasJumped() {
      return said !== null && Math.abs(system.now() - said.own - (elapsed() - said.since)) > FAR_OFF;
    },
  };
}
