import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { System } from "../group-sessions/ports.ts";

/** This machine's clock and randomness. Waiting keeps no process alive. */
export const SYSTEM: System = {
  now: Date.now,
  random: Math.random,
  randomBytes: (length) => Uint8Array.from(randomBytes(length)),
  wait: async (milliseconds) => await wait(milliseconds, undefined, { ref: false }),
};
