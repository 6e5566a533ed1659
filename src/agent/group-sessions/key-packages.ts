import type { GroupEngine } from "../../mls/group-engine.ts";
import type { Change } from "../storage/changes.ts";

const DAY = 86_400;

/** Good for so long, in seconds; a device has all of its own replaced long before (runtime/renewing.ts). */
const LIFETIME = 90 * DAY;

export interface FreshKeyPackage {
  readonly reference: Uint8Array;
  /** For the server. */
  readonly keyPackage: Uint8Array;
  /** Kept before it leaves, so that a Welcome for it can be opened. */
  readonly change: Change;
}

/**
 * `now` in milliseconds. It is good from a day before now: whoever adds this device holds the beginning against a clock of their own,
 * which may be behind.
 */
export function freshKeyPackage(engine: GroupEngine, now: number, lastResort: boolean): FreshKeyPackage {
  const from = Math.floor(now / 1000) - DAY;
  const { keyPackage, reference, secret } = engine.keyPackage({ now: from, lifetime: LIFETIME + DAY, lastResort });
  return {
    reference,
    keyPackage,
    change: { kind: "key-package-made", keyPackage: { reference, secret, lastResort, madeAt: now } },
  };
}
