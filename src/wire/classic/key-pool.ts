import { randomFillSync } from "node:crypto";
import { BLOCK, POOL } from "./pad-module.ts";

/** Random bytes waiting to become the keys of pads, in memory that a `PadMachine` works in. */
export interface KeyPool {
  /** Where `count` unused bytes are (at most `TEXT.size`). Nobody is given them again, nor the rest of their last block. */
  take(count: number): number;
}

/** Asking for little randomness is expensive (64 KiB at once cost 10 µs, 64 bytes alone nearly 1 µs), so it is asked for at once. */
export function createKeyPool(memory: Uint8Array<ArrayBuffer>): KeyPool {
  const bytes = memory.subarray(POOL.at, POOL.at + POOL.size);
  let next: number = POOL.size;
  return {
    take: (count) => {
      const size = Math.ceil(count / BLOCK) * BLOCK;
      if (next + size > POOL.size) {
        randomFillSync(bytes);
        next = 0;
      }
      const start = next;
      next += size;
      return POOL.at + start;
    },
  };
}
