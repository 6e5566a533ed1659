import type { KeyPackage } from "../storage/kept.ts";
import type { Entrance } from "./entrance.ts";
import { offerPackages } from "./offer-packages.ts";

const DAY = 86_400_000;
/** Key packages are good for 90 days, and whoever adds this device may do so some time after it was here last. In milliseconds. */
const AFTER = 30 * DAY;
/** One from so long after now was made by a clock that was wrong. */
const AHEAD = DAY;
/** Where the server didn't take new ones. */
const AGAIN = 3_600_000;

type Dated = Pick<KeyPackage, "lastResort" | "madeAt">;

/** When the server is to have new key packages of this device in place of all: what is out of date nobody can add it by. */
export interface Renewing {
  /** On each connection, by what the store has. */
  isDue(keyPackages: readonly Dated[], now: number): boolean;
  /** Now and then, since a connection may last for months. */
  look(entrance: Pick<Entrance, "client" | "store" | "self" | "system">): Promise<void>;
}

export function renewing(): Renewing {
  /** Milliseconds since 1970; before the first connection nobody asks. */
  let due = Infinity;
  return { isDue, look };

  function isDue(keyPackages: readonly Dated[], now: number): boolean {
    // Each renewal makes a last resort, and what was made since then is newer.
    const made = keyPackages.filter(({ lastResort, madeAt }) => lastResort && madeAt <= now + AHEAD);
    const newest = Math.max(-Infinity, ...made.map(({ madeAt }) => madeAt));
    due = newest + AFTER;
    return now >= due;
  }

  async function look({ client, store, self, system }: Pick<Entrance, "client" | "store" | "self" | "system">) {
    const now = system.now();
    if (now < due || client.state.kind !== "online" || !isDue((await store.load()).keyPackages, now)) return;
    const none = { packages: 0, lastResort: false };
    const isDone = await offerPackages({ client, store, engine: self.engine }, none, { now, replace: true });
    due = now + (isDone ? AFTER : AGAIN);
  }
}
