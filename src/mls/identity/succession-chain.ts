import { sameBytes } from "./bytes.ts";
import { MOST_KEYS } from "./pins.ts";
import { readStatement } from "./succession.ts";
import type { Who } from "./who.ts";

/** Of one person that are remembered: as many former keys as a pin remembers (pins.ts). */
export const MOST_SUCCESSIONS = MOST_KEYS;
/** Statements that are looked at, each costs two signatures. */
const MOST_LOOKED_AT = 3 * MOST_SUCCESSIONS;

/**
 * How this person's user key came to be the present one, as far as these statements tell: each signed by both its keys, each key the one that the
 * statement before it has made, the oldest first, 8 at most. In any order and with anything among them; what doesn't lead to this key is left out.
 */
export function successionsTo(who: Who, userKey: Uint8Array, statements: readonly Uint8Array[]): readonly Uint8Array[] {
  const known = statements.slice(0, MOST_LOOKED_AT).flatMap((bytes) => {
    const read = readStatement(bytes, who);
    return read.ok ? [{ bytes, ...read.statement }] : [];
  });
  const chain: Uint8Array[] = [];
  const keys = [userKey];
  while (chain.length < MOST_SUCCESSIONS) {
    const [key = userKey] = keys;
    const before = known.find(({ old, next }) => sameBytes(next, key) && !keys.some((one) => sameBytes(one, old)));
    if (before === undefined) break;
    chain.unshift(before.bytes);
    keys.unshift(before.old);
  }
  return chain;
}
