/**
 * Devices of people who are in a group that aren't in it themselves: new ones (SEALED.md 7), and those in the place of one that was
 * restored (9). A member adds them, in every room: of its own person at once, of another one after a while, so that their own devices go
 * first. The server only names them; what is added shows a record under the user key of its person's leaf, which is the pinned one.
 */
import { whoKey } from "../../mls/identity/who.ts";
import type { Owner } from "../../wire/frames/values.ts";
import type { Person as Bearer } from "../../wire/frames/people.ts";
import { toBytes, toText } from "../delivery/base64url.ts";
import { EVERYONE, isSameOwner } from "../delivery/places.ts";
import type { Person } from "../group-sessions/person.ts";
import type { System } from "../group-sessions/ports.ts";
import type { HistoryEntry } from "../storage/kept.ts";
import { deviceAdding } from "./add-devices.ts";
import type { Companions, Entrance } from "./entrance.ts";
import { missingFrom } from "./missing-devices.ts";
import { whoOf } from "./people.ts";

export interface CompanionTimings {
  /** How long a person's own devices are left to do it before others do. Milliseconds. */
  readonly first: number;
  /** Over how long the others spread, for each person in the group, so that they don't all come at once. Milliseconds. */
  readonly spread: number;
}

const TIMINGS: CompanionTimings = { first: 5_000, spread: 500 };
const LONGEST_SPREAD = 120_000;
/** Between two tries, doubled with each, in milliseconds. */
const AGAIN = 1_000;
/** What is written in a pair waits so long for a device that is coming in, in milliseconds. */
const PATIENCE = 3_000;
/** People whose devices are remembered; devices that are remembered as having left a group. */
const MOST_LISTED = 10_000;
const MOST_GONE = 1_000;

export interface CompanionsOptions {
  readonly system: System;
  readonly timings?: CompanionTimings | undefined;
  /** Adds to that group first whom it owes a place. */
  readonly admitOwed: (entrance: Entrance, group: string) => Promise<void>;
  /** Does something in a lane of its own, soon; not when this device has ended. */
  readonly later: (lane: string, task: (entrance: Entrance) => Promise<void>) => void;
}

/** What is known of a group without opening it. */
export interface Noted {
  readonly members: readonly Person[];
  /**
   * Devices, in base64url, that this one has seen removed from the group by their own person: that decides, not the server's list. What
   * the server had removed comes in again when it is there again: it was unseen for long, or had a former key.
   */
  readonly gone: ReadonlySet<string>;
}

/** What the server said last of somebody. */
interface Listed {
  readonly name: string;
  readonly owner: Owner;
  /** In base64url. */
  readonly devices: readonly string[];
}

export function companions({ system, timings = TIMINGS, admitOwed, later }: CompanionsOptions): Companions {
  const adding = deviceAdding(system);
  const noted = new Map<string, Noted>();
  /** By group, who (`whoKey`) has removed devices of their own since it was noted last. */
  const removedOwn = new Map<string, ReadonlySet<string>>();
  /** By `whoKey`. */
  const listed = new Map<string, Listed>();
  /** Groups that have their time coming. */
  const waiting = new Set<string>();

  return {
    begin: () => adding.begin(),
    note(group, members) {
      const before = noted.get(group);
      if (before?.members === members) return;
      const now = { members, gone: goneBetween(before, members, removedOwn.get(group) ?? new Set()) };
      removedOwn.delete(group);
      noted.set(group, now);
      later(laneOf(group), async (entrance) => {
        const lacking = lackingIn(group, now, null).filter((who) => isDue(entrance, group, who));
        await completeListed(entrance, group, lacking);
      });
    },
    removedOwn: (group, who) => void removedOwn.set(group, new Set([...(removedOwn.get(group) ?? []), who])),
    forget: (group) => void noted.delete(group),
    seen(entrance, people) {
      const byWho = new Map(people.map((person) => [learn(entrance, person), person]));
      for (const [group, now] of noted) {
        const lacking = lackingIn(group, now, byWho).filter((who) => isDue(entrance, group, who));
        const due = lacking.flatMap((who) => byWho.get(who) ?? []);
        if (due.length > 0) later(laneOf(group), async (living) => await complete(living, group, due));
      }
    },
    async completeGroups(entrance) {
      const person = await ask(entrance, entrance.client.name ?? "");
      if (person === null || !isSameOwner(person.owner, entrance.self.owner)) return;
      const own = new Map([[learn(entrance, person), person]]);
      const groups = [...noted].filter(([group, now]) =>
        lackingIn(group, now, own).some((who) => !comesByItself(entrance.groups.conversationOf(group), who)),
      );
      await Promise.all(groups.map(async ([group]) => await complete(entrance, group, [person])));
    },
    complete,
  };

  function learn({ self }: Entrance, { name, owner, devices }: Bearer): string {
    const who = whoKey(whoOf(self, { owner }));
    if (listed.size < MOST_LISTED || listed.has(who)) {
      listed.set(who, { name, owner, devices: devices.map(({ device }) => device) });
    }
    return who;
  }

  /** Who of a group (`whoKey`) has a device that isn't in it and may be tried; null: of all people, else of these. */
  function lackingIn(
    group: string,
    { members, gone }: Noted,
    among: { readonly has: (who: string) => boolean } | null,
  ): readonly string[] {
    const present = new Map<string, Set<string>>();
    for (const { who, deviceId } of members) {
      const isAsked = among === null ? listed.has(who) : among.has(who);
      if (isAsked) present.set(who, (present.get(who) ?? new Set()).add(toText(deviceId)));
    }
    return [...present].flatMap(([who, devices]) => {
      const isWanted = (device: string) => !devices.has(device) && !gone.has(device) && adding.mayTry(group, device);
      return listed.get(who)?.devices.some(isWanted) === true ? [who] : [];
    });
  }

  /** Whether that person's devices are added now. Else this group's time is set, if it isn't. */
  function isDue({ groups, self }: Entrance, group: string, who: string): boolean {
    const owner = listed.get(who)?.owner ?? null;
    const conversation = groups.conversationOf(group);
    if (owner === null || comesByItself(conversation, who)) return false;
    if (isPair(conversation) || isSameOwner(owner, self.owner)) return true;
    if (!waiting.has(group)) wait(group);
    return false;
  }

  /** Into `#everyone`, where its person wants that. */
  function comesByItself(conversation: string | null, who: string): boolean {
    return conversation === EVERYONE && listed.get(who)?.owner.kind !== "machine";
  }

  /** At the end of a time by chance, all that are still missing are added together. */
  function wait(group: string): void {
    waiting.add(group);
    const crowd = new Set(noted.get(group)?.members.map(({ who }) => who)).size;
    const spread = Math.min(LONGEST_SPREAD, timings.spread * crowd);
    soon(group, timings.first + system.random() * spread, async (entrance) => {
      waiting.delete(group);
      const now = noted.get(group);
      const conversation = entrance.groups.conversationOf(group);
      const lacking = now === undefined ? [] : lackingIn(group, now, null);
      await completeListed(
        entrance,
        group,
        lacking.filter((who) => !comesByItself(conversation, who)),
      );
    });
  }

  /** As the server lists them now. */
  async function completeListed(entrance: Entrance, group: string, lacking: readonly string[]): Promise<void> {
    const people: Bearer[] = [];
    for (const who of lacking) {
      const person = await ask(entrance, listed.get(who)?.name ?? "");
      if (person !== null && learn(entrance, person) === who) people.push(person);
    }
    if (people.length > 0) await complete(entrance, group, people);
  }

  async function complete(entrance: Entrance, group: string, people: readonly Bearer[]): Promise<void> {
    await admitOwed(entrance, group);
    const session = entrance.groups.session(group);
    const view = (await session?.look()) ?? null;
    if (session === null || view?.row.status !== "active") return;
    const gone = noted.get(group)?.gone;
    const missing = people
      .flatMap((person) => missingFrom(view, person, entrance.self))
      .filter(({ device }) => gone?.has(device) !== true);
    if (missing.length === 0) return;
    const isTwo = isPair(entrance.groups.conversationOf(group));
    // What is written there before they are in, they could never read.
    if (isTwo)
      session.awaitMembers(
        missing.map(({ device }) => toBytes(device)),
        system.now() + PATIENCE,
      );
    const { left, tries } = await adding.add(entrance, session, missing);
    if (isTwo) session.awaitUntil(system.now());
    entrance.groups.wake(group);
    if (left.length === 0) return;
    const again = [...new Set(left.map(({ person }) => whoKey(whoOf(entrance.self, person))))];
    soon(group, AGAIN * 2 ** tries, async (living) => await completeListed(living, group, again));
  }

  function soon(group: string, milliseconds: number, task: (entrance: Entrance) => Promise<void>): void {
    void system.wait(milliseconds).then(() => later(laneOf(group), task));
  }
}

/** Who (`whoKey`) has removed devices of their own with that commit; null: nobody has. */
export function removerOfOwn(entry: HistoryEntry): string | null {
  switch (entry.kind) {
    case "members":
      return entry.went.includes(entry.by) ? entry.by : null;
    case "device-removed":
      // Without any, it says of a removal what another commit did.
      return entry.devices.length > 0 ? entry.who : null;
    case "message":
    case "gap":
    case "unreadable":
    case "continued":
    case "withheld":
    case "imported":
      return null;
  }
}

/** `by`: those who removed devices of their own (`whoKey`). */
export function goneBetween(
  before: Noted | undefined,
  members: readonly Pick<Person, "deviceId">[],
  by: ReadonlySet<string>,
): Set<string> {
  const present = new Set(members.map(({ deviceId }) => toText(deviceId)));
  const own = (before?.members ?? []).filter(({ who }) => by.has(who));
  const were = [...(before?.gone ?? []), ...own.map(({ deviceId }) => toText(deviceId))];
  return new Set(were.filter((device) => !present.has(device)).slice(-MOST_GONE));
}

function isPair(conversation: string | null): boolean {
  return conversation?.startsWith("direct:") === true;
}

/** Whom the server calls so now; null: nobody, or that can't be said. */
async function ask({ client }: Entrance, name: string): Promise<Bearer | null> {
  const answer = await client.request("look-up", { name });
  return answer.kind === "answered" ? answer.value.person : null;
}

function laneOf(group: string): string {
  return `companions ${group}`;
}
