/**
 * `agent/runtime`: the life of a device on a server: it says hello, enters its groups, offers key packages and hands what
 * arrives to the group sessions.
 */

import { toText } from "../delivery/base64url.ts";
import type { System } from "../group-sessions/ports.ts";
import type { GroupSession } from "../group-sessions/session.ts";
import type { NewDevice } from "../storage/kept.ts";
import type { Entrance } from "./entrance.ts";
import type { Missing } from "./missing-devices.ts";
import { takePackages } from "./people.ts";
import { MOST_ADDED } from "./take-packages.ts";

/** A device that can't be added is tried so often: its key packages come after its name. After so long (milliseconds) that is forgotten. */
const MOST_TRIES = 5;
const FORGETTING = 600_000;
/** Tries that are remembered. */
const MOST_REMEMBERED = 10_000;

/** A key package of that device; null: none that fits is to be had. */
export type Taking = (entrance: Entrance, group: Uint8Array, missing: Missing) => Promise<NewDevice | null>;

export interface DeviceAdding {
  /** Tries that were made on another connection don't count. */
  begin(): void;
  /** Whether it may be tried again. */
  mayTry(group: string, device: string): boolean;
  /** Adds those that can be added, and gives the others that may be tried again, with how often they were tried at most. */
  add(
    entrance: Entrance,
    session: Pick<GroupSession, "id" | "commit">,
    missing: readonly Missing[],
  ): Promise<{ readonly left: readonly Missing[]; readonly tries: number }>;
}

/** Devices are added to groups so that one which can't be keeps no other out, and isn't tried without end. */
export function deviceAdding(system: System, take: Taking = takeOne): DeviceAdding {
  const tries = new Map<string, { readonly count: number; readonly last: number }>();
  return {
    begin: () => tries.clear(),
    mayTry: (group, device) => count(group, device) < MOST_TRIES,
    async add(entrance, session, missing) {
      const group = toText(session.id);
      const tried = missing.filter(({ device }) => count(group, device) < MOST_TRIES).slice(0, MOST_ADDED);
      for (const { device } of tried) remember(group, device);
      const failed = await attempt(async (each) => await take(entrance, session.id, each), session, tried);
      const counts = failed.map(({ device }) => count(group, device));
      return { left: failed.filter((_, i) => (counts[i] ?? 0) < MOST_TRIES), tries: Math.max(0, ...counts) };
    },
  };

  function count(group: string, device: string): number {
    const known = tries.get(`${group} ${device}`);
    return known === undefined || system.now() - known.last > FORGETTING ? 0 : known.count;
  }

  function remember(group: string, device: string): void {
    const next = { count: count(group, device) + 1, last: system.now() };
    const key = `${group} ${device}`;
    tries.delete(key);
    tries.set(key, next);
    const [oldest] = tries.size > MOST_REMEMBERED ? tries.keys() : [];
    if (oldest !== undefined) tries.delete(oldest);
  }
}

/** All in one commit; where that is refused, each alone. Those that couldn't be added. */
async function attempt(
  take: (missing: Missing) => Promise<NewDevice | null>,
  session: Pick<GroupSession, "commit">,
  missing: readonly Missing[],
): Promise<readonly Missing[]> {
  const ready: (Missing & NewDevice)[] = [];
  const failed: Missing[] = [];
  for (const each of missing) {
    const had = await take(each);
    if (had === null) failed.push(each);
    else ready.push({ ...each, ...had });
  }
  if (ready.length === 0) return failed;
  const { kind } = await session.commit({ kind: "add", devices: ready });
  if (kind !== "refused") return failed;
  for (const each of ready) {
    const alone = ready.length === 1 ? kind : (await session.commit({ kind: "add", devices: [each] })).kind;
    if (alone === "refused") failed.push(each);
  }
  return failed;
}

async function takeOne(
  entrance: Entrance,
  group: Uint8Array,
  { person, device, userKey }: Missing,
): Promise<NewDevice | null> {
  const one = { ...person, devices: person.devices.filter((listed) => listed.device === device) };
  const taken = await takePackages(entrance, { group, person: one, userKey, now: entrance.system.now() });
  return typeof taken === "string" || "hold" in taken ? null : (taken.devices[0] ?? null);
}
