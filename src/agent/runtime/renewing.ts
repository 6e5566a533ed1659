import type { System } from "../group-sessions/ports.ts";
import type { KeyPackage, Saved } from "../storage/kept.ts";
import type { Entrance } from "./entrance.ts";
import { offerPackages } from "./offer-packages.ts";

const DAY = 86_400_000;
/** Key packages are good for 90 days, and whoever adds this device may do so some time after it was here last. In milliseconds. */
const AFTER = 30 * DAY;
/** Up to so much earlier, by the device's id: devices that were made in the same hour aren't all to renew in one hour of each month. */
const SPREAD = 10 * DAY;
/** What is due on a new connection waits a part of this by chance, since a server that was started again has them all in one second. */
const WAIT = 600_000;
/** Not where the newest are older: others need some time to use what is left of their 90 days. */
const MAY_WAIT = 60 * DAY;
/** One from so long after now was made by a clock that was wrong. */
const AHEAD = DAY;
/** Where the server didn't take new ones. */
const AGAIN = 3_600_000;

/** What the store has of them. */
interface Kept extends Pick<Saved, "isRenewalOpen"> {
  readonly device: Pick<NonNullable<Saved["device"]>, "id"> | null;
  readonly keyPackages: readonly Pick<KeyPackage, "lastResort" | "madeAt">[];
}

/** When the server is to have new key packages of this device in place of all: what is out of date nobody can add it by. */
export interface Renewing {
  /**
   * On each connection, by what the store and the server have: whether it is to be done at once. Where it is due and nothing is out of date yet,
   * `look` does it some minutes later.
   */
  isDueAtOnce(kept: Kept, there: { readonly lastResort: boolean }, system: Pick<System, "now" | "random">): boolean;
  /** Now and then, since a connection may last for months. */
  look(entrance: Pick<Entrance, "client" | "store" | "self" | "system">): Promise<void>;
}

export function renewing(): Renewing {
  /** When to look, in milliseconds since 1970; before the first connection nobody does. */
  let next = Infinity;
  return { isDueAtOnce, look };

  function isDueAtOnce(kept: Kept, there: { readonly lastResort: boolean }, system: Pick<System, "now" | "random">) {
    const now = system.now();
    const due = dueAt(kept, now);
    if (now < due) {
      next = due;
      return false;
    }
    if (kept.isRenewalOpen || !there.lastResort || now >= newestOf(kept, now) + MAY_WAIT) {
      next = now + AGAIN;
      return true;
    }
    // Connections that are lost again and again don't put it off.
    const isWaiting = next > now && next <= now + WAIT;
    if (!isWaiting) next = now + WAIT * system.random();
    return false;
  }

  async function look({ client, store, self, system }: Pick<Entrance, "client" | "store" | "self" | "system">) {
    const now = system.now();
    if (now < next || client.state.kind !== "online") return;
    const due = dueAt(await store.load(), now);
    next = Math.max(due, now + AGAIN);
    if (now < due) return;
    await offerPackages(
      { client, store, engine: self.engine },
      { packages: 0, lastResort: false },
      { now, replace: true },
    );
  }
}

/** Milliseconds since 1970; for who asks at `now`. Where nobody answered the server may have those before the newest, however new these are. */
export function dueAt(kept: Kept, now: number): number {
  return kept.isRenewalOpen ? -Infinity : newestOf(kept, now) + AFTER - Math.floor(SPREAD * shareOf(kept.device?.id));
}

/** When the last renewal was: each makes a last resort, and what was made since then is newer. */
function newestOf({ keyPackages }: Kept, now: number): number {
  const made = keyPackages.filter(({ lastResort, madeAt }) => lastResort && madeAt <= now + AHEAD);
  return Math.max(-Infinity, ...made.map(({ madeAt }) => madeAt));
}

/** From 0 to below 1, the same for a device whenever it is asked for; its id is 16 bytes by chance. */
function shareOf(id: Uint8Array = new Uint8Array(4)): number {
  return Buffer.from(id).readUInt32BE(id.length - 4) / 2 ** 32;
}
