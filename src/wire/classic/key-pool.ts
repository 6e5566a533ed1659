import { randomFillSync } from "node:crypto";

/** The most key bytes that one call of `takeKey` gives. */
export const MOST_KEY_BYTES = 8192;

// Asking for little randomness is dear: 64 KiB at once cost 10 µs, 64 bytes alone nearly 1 µs.
const POOL_BYTES = 65_536;

/**
 * Random bytes waiting to become pads, and the same memory by words. Each byte is used once: whoever takes a range
 * overwrites it with zeros while using it, and refilling overwrites all.
 */
export const keyBytes = new Uint8Array(POOL_BYTES);
export const keyWords = new Int32Array(keyBytes.buffer);

let next = POOL_BYTES;

/** The offset in `keyBytes` of `count` unused bytes (at most `MOST_KEY_BYTES`), at a word's start. Nobody is given them again. */
export function takeKey(count: number): number {
  if (next + count > POOL_BYTES) {
    randomFillSync(keyBytes);
    next = 0;
  }
  const start = next;
  next += (count + 3) & ~3;
  return start;
}
