import type { KeyPackage, Saved } from "../storage/kept.ts";
import type { Entrance } from "./entrance.ts";
import { offerPackages } from "./offer-packages.ts";

const DAY = 86_400_000;
/** Key packages are good for 90 days, and whoever adds this device may do so some time after it was here last. In milliseconds. */
const AFTER = 30 * DAY;
/** One from so long after now was made by a clock that was wrong. */
const AHEAD = DAY;
/** Where the server didn't take new ones. */
const AGAIN = 3_600_000;

/** What the store has of them. */
interface Kept extends Pick<Saved, "isRenewalOpen"> {
  readonly keyPackages: readonly Pick<KeyPackage, "lastResort" | "madeAt">[];
}

/** When the server is to have new key packages of this device in place of all: what is out of date nobody can add it by. */
export interface Renewing {
  /** On each connection, by what the store has. */
  isDue(kept: Kept, now: number): boolean;
  /** Now and then, since a connection may last for months. */
  look(entrance: Pick<Entrance, "client" | "store" | "self" | "system">): Promise<void>;
}

export function renewing(): Renewing {
  /** Milliseconds since 1970; before the first connection nobody asks. */
  let due = Infinity;
  return { isDue, look };

  function isDue({ keyPackages, isRenewalOpen }: Kept, now: number): boolean {
    // Each renewal makes a last resort, and what was made since then is newer.
    const made = keyPackages.filter(({ lastResort, madeAt }) => lastResort && madeAt <= now + AHEAD);
    const newest = Math.max(-Infinity, ...made.map(({ madeAt }) => madeAt));
    // Where nobody answered the server may have those before it, however new these are.
    due = isRenewalOpen ? -Infinity : newest + AFTER;
    return now >= due;
  }

  async function look({ client, store, self, system }: Pick<Entrance, "client" | "store" | "self" | "system">) {
    const now = system.now();
    if (now < due || client.state.kind !== "online" || !isDue(await store.load(), now)) return;
    const none = { packages: 0, lastResort: false };
    const isDone = await offerPackages({ client, store, engine: self.engine }, none, { now, replace: true });
    due = now + (isDone ? AFTER : AGAIN);
  }
}
