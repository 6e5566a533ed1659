import type { System } from "../group-sessions/ports.ts";
import type { Groups } from "./groups.ts";

/** Milliseconds that groups wait for those before them, and how many begin at once. */
const HEAD_START = 250;
const AT_A_TIME = 16;

/**
 * Lets all groups do what is to be done: behind what somebody waits for, and some at a time, since a device may be in hundreds and faces ask it
 * for things meanwhile. What takes longer than a moment holds nothing up.
 */
export async function wakeInTurn(
  { groups, system }: { readonly groups: Groups; readonly system: Pick<System, "wait"> },
  awaited: Awaited,
): Promise<void> {
  await Promise.race([awaited.none(), system.wait(HEAD_START)]);
  const all = groups.all();
  for (let at = 0; at < all.length; at += AT_A_TIME) {
    const some = all.slice(at, at + AT_A_TIME);
    for (const group of some) groups.wake(group);
    if (at + AT_A_TIME < all.length) await Promise.race([groups.settled(some), system.wait(HEAD_START)]);
  }
}

/** Work that somebody waits for, so that what nobody waits for begins behind it. */
export interface Awaited {
  /** Resolves when there is none. */
  none(): Promise<void>;
  /** Resolves or rejects with the work. */
  during(work: () => Promise<void>): Promise<void>;
}

export function awaitedWork(): Awaited {
  const waits = new Set<Promise<void>>();
  return {
    async none() {
      while (waits.size > 0) await Promise.allSettled(waits);
    },
    async during(work) {
      const done = work();
      waits.add(done);
      try {
        await done;
      } finally {
        waits.delete(done);
      }
    },
  };
}
