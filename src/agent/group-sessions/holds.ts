import type { Who } from "../../mls/identity/who.ts";
import type { Hold } from "./events.ts";
import type { Trust } from "./ports.ts";
import { hex } from "../storage/hex.ts";
import { ownPerson, rosterOf } from "./working.ts";
import type { Person } from "./person.ts";
import type { Working } from "./working.ts";

/** Removals that the server has ordered and no commit has done: from when on messages wait for them, by device id in hex. */
export type OrderedRemovals = ReadonlyMap<string, number>;

/**
 * Why nothing may be sent to this group's members now: people that the writer hasn't been shown (the next epoch may hold others
 * than the last), a user key that isn't the pinned one, a name that led to somebody else, a device that its own person has removed, somebody who should be
 * out by now. It never touches what is received.
 */
export function holdsOf(
  work: Working,
  { trust, removals, now }: { readonly trust: Trust; readonly removals: OrderedRemovals; readonly now: number },
): readonly Hold[] {
  const { readers } = work;
  const { members: people } = rosterOf(work);
  const own = ownPerson(work)?.who;
  const unseen = people.filter(({ who }) => who !== own && !readers.has(who));
  const holds: Hold[] = unseen.length === 0 ? [] : [{ kind: "new-readers", who: whoOf(unseen) }];
  for (const kind of ["changed-key", "remapped-name"] as const) {
    const blocked = people.filter((person) => trust.blocks(person) === kind);
    if (blocked.length > 0) holds.push({ kind, who: whoOf(blocked), shown: keysOf(blocked, trust) });
  }
  // What its own person has removed isn't written to, and no word of the writer's changes that.
  const gone = people.filter((person) => trust.blocks(person) === "removed-device");
  if (gone.length > 0) holds.push({ kind: "removed-device", who: whoOf(gone) });
  const overdue = people.filter(({ deviceId }) => now >= (removals.get(hex(deviceId)) ?? Infinity));
  if (overdue.length > 0) holds.push({ kind: "removal-pending", who: whoOf(overdue) });
  return holds;
}

function whoOf(people: readonly Person[]): readonly string[] {
  return [...new Set(people.map(({ who }) => who))];
}

/** Each key of each person once. */
function keysOf(
  people: readonly Person[],
  trust: Trust,
): readonly { readonly who: Who; readonly userKey: Uint8Array; readonly known: Uint8Array | null }[] {
  const shown = people.map(
    ({ identity, who, userKey }) =>
      [`${who} ${hex(userKey)}`, { who: identity, userKey, known: trust.keyOf(who) }] as const,
  );
  return [...new Map(shown).values()];
}
