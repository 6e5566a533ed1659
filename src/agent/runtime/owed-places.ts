import { toBytes, toText } from "../delivery/base64url.ts";
import type { System } from "../group-sessions/ports.ts";
import type { AgentStore } from "../storage/ports.ts";
import { admitOwed, LONGEST } from "./admitting.ts";
import type { Entrance } from "./entrance.ts";
import type { Groups } from "./groups.ts";

export interface OwedPlacesOptions {
  readonly store: AgentStore;
  readonly system: System;
  readonly later: (task: (entrance: Entrance) => Promise<void>) => void;
  /** Milliseconds to the second look; each next takes twice as long, `longest` at most. */
  readonly first: number;
  readonly longest: number;
}

/** Groups in which devices are owed a place: those of a successor's that were in the group before it. */
export interface OwedPlaces {
  /** What the store has; groups by their ids. */
  begin(groups: Groups, indebted: readonly Uint8Array[]): Promise<void>;
  note(group: string): void;
  owes(group: string): boolean;
  /** Adds them now, as far as that can be done: before anybody else is added there, so that nobody who was there misses what the others say. */
  admit(entrance: Entrance, group: string): Promise<void>;
  /** Adds whom the server knows again: now, and then less and less often, until nobody is owed anything. */
  settle(): void;
  /** As `settle`, unless a look is to come already. */
  settleSoon(): void;
  end(): void;
}

export function owedPlaces({ store, system, later, first, longest }: OwedPlacesOptions): OwedPlaces {
  const owing = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const admitting = new Map<string, Promise<void>>();

  return {
    async begin(groups, indebted) {
      for (const group of indebted) owing.add(toText(group));
      for (const group of indebted) await awaitOwed(groups, group);
    },
    note(group) {
      owing.add(group);
      // It isn't left to wait for the next look at those who have been owed a place for long.
      if (timer !== undefined) look(first, 0);
    },
    owes: (group) => owing.has(group),
    admit: async (entrance, group) => await admitOnce(entrance, group),
    settle() {
      if (owing.size > 0) look(0, 0);
    },
    settleSoon() {
      if (owing.size > 0 && timer === undefined) look(0, 0);
    },
    end: () => clearTimeout(timer),
  };

  /** Asked for meanwhile, the same. */
  async function admitOnce(entrance: Entrance, group: string): Promise<void> {
    if (!owing.has(group)) return;
    const running = admitting.get(group) ?? admit(entrance, group).finally(() => admitting.delete(group));
    admitting.set(group, running);
    await running;
  }

  async function admit(entrance: Entrance, group: string): Promise<void> {
    if (await admitOwed(entrance, toBytes(group))) owing.delete(group);
  }

  /** Ended before it said anything there: who is owed a place is waited for as at its making. */
  async function awaitOwed(groups: Groups, group: Uint8Array): Promise<void> {
    const kept = await store.group(group);
    if (kept === null || kept.row.sent > 0) return;
    const devices = kept.owed.map(({ deviceId }) => deviceId);
    groups.session(toText(group))?.awaitMembers(devices, system.now() + LONGEST);
  }

  function look(wait: number, attempt: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      later(async (entrance) => {
        for (const group of owing) await admitOnce(entrance, group);
        timer = undefined;
        if (owing.size > 0) look(Math.min(longest, first * 2 ** attempt), attempt + 1);
      });
    }, wait).unref();
  }
}
