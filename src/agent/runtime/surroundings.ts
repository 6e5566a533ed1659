import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { Surroundings } from "../group-sessions/ports.ts";

/** This machine's clock and chance. Who waits keeps no process alive. */
export const MACHINE: Surroundings = {
  now: Date.now,
  random: Math.random,
  randomBytes: (length) => Uint8Array.from(randomBytes(length)),
  wait: async (milliseconds) => await wait(milliseconds, undefined, { ref: false }),
};
