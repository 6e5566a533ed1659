import type { Hold } from "./events.ts";
import type { Trust } from "./ports.ts";
import { ownPerson, rosterOf } from "./working.ts";
import type { Working } from "./working.ts";

/**
 * Why nothing may be sent to this group's members now: people that the writer hasn't been shown (the next epoch may hold others
 * than the last), a user key that isn't the pinned one, a name that led to somebody else. It never touches what is received.
 */
export function holdsOf(work: Working, trust: Trust): readonly Hold[] {
  const { readers } = work;
  const { members: people } = rosterOf(work);
  const own = ownPerson(work)?.who;
  const unseen = new Set(people.map(({ who }) => who).filter((who) => who !== own && !readers.has(who)));
  const blocked = people.map((person) => ({ who: person.who, why: trust.blocks(person.who, person.userKey) }));
  const holds: Hold[] = unseen.size === 0 ? [] : [{ kind: "new-readers", who: [...unseen] }];
  for (const kind of ["changed-key", "remapped-name"] as const) {
    const who = new Set(blocked.filter(({ why }) => why === kind).map((person) => person.who));
    if (who.size > 0) holds.push({ kind, who: [...who] });
  }
  return holds;
}
