import { whoKey } from "../../mls/identity/who.ts";
import type { PolicyPerson } from "../../mls/room-policy.ts";
import type { Person } from "../../wire/frames/people.ts";
import { toText } from "../delivery/base64url.ts";
import type { CommitOutcome } from "../group-sessions/commit.ts";
import { conversationOf, isSameOwner, placeOf } from "../delivery/places.ts";
import { OPEN } from "./arriving.ts";
import type { Entrance } from "./entering.ts";
import type { Groups } from "./groups.ts";
import { lookUp, whoOf } from "./people.ts";
import { failed, found, invite, isOpen } from "./rooms.ts";
import type { Failed, Made } from "./rooms.ts";

/** Who was slower to make a pair waits so long for the faster one's Welcome, in milliseconds. */
const TIMEOUT = 10_000;

/**
 * The direct conversation with that person, made if there is none. Two who make it at once end in one: the server takes the first, whose
 * maker invites the other.
 */
export async function openDirect(entrance: Entrance, name: string): Promise<Made | Failed> {
  const person = await lookUp(entrance, name);
  if (typeof person === "string") return failed(person);
  const { self, groups } = entrance;
  const conversation = conversationOf({ kind: "direct", between: [self.owner, person.owner] }, self.owner);
  const busy = opening.get(groups) ?? new Set();
  opening.set(groups, busy.add(conversation));
  try {
    return await open(entrance, conversation, person);
  } finally {
    busy.delete(conversation);
  }
}

/** Conversations that are being opened: nobody else completes them meanwhile. */
const opening = new WeakMap<Groups, Set<string>>();

async function open(entrance: Entrance, conversation: string, person: Person): Promise<Made | Failed> {
  const { self, groups } = entrance;
  const { name } = person;
  if (await isOpen(entrance, conversation)) {
    const invited = await complete(entrance, conversation);
    return invited?.kind === "failed" ? invited : { kind: "made", conversation };
  }
  // The pair is there, and the other one brings this device back into it.
  const returning = await groups.of(conversation)?.look();
  if (returning?.row.stopped === "rolled-back") {
    return (await arrives(entrance, conversation)) ? { kind: "made", conversation } : failed("device-returning");
  }
  const isSelf = isSameOwner(self.owner, person.owner);
  if (!isSelf && person.devices.length === 0) return failed("no-device");
  const listed: PolicyPerson[] = isSelf ? [self.owner] : [self.owner, person.owner];
  const arrival = groups.arrival(conversation);
  const made = await found(entrance, conversation, { ...OPEN, access: "listed", listed });
  if (made.kind === "failed" && made.why === "place-taken") {
    // `found` has brought a group itself.
    await arrival;
    return (await arrives(entrance, conversation)) ? { kind: "made", conversation } : failed("not-let-in");
  }
  if (made.kind !== "made" || isSelf) return made;
  const invited = await bringIn(entrance, conversation, name);
  return invited.kind === "failed" ? invited : made;
}

/** Whether a group comes into that conversation within some seconds. */
async function arrives(entrance: Entrance, conversation: string): Promise<boolean> {
  const isThere = await Promise.race([
    entrance.groups.arrival(conversation).then(() => true),
    entrance.system.wait(TIMEOUT).then(() => false),
  ]);
  return isThere || (await isOpen(entrance, conversation));
}

/** Pairs whose other one was never invited, since this device ended in between, or has a device that came later. */
export async function completePairs(entrance: Entrance, conversations: readonly string[]): Promise<void> {
  const busy = opening.get(entrance.groups);
  for (const conversation of conversations) {
    if (busy?.has(conversation) !== true) await complete(entrance, conversation);
  }
}

/** The person has looked at the other one's key: the pair is completed as far as that can be done now. */
export async function completeAccepted(entrance: Entrance, conversation: string): Promise<void> {
  const { groups, self } = entrance;
  const session = groups.of(conversation);
  if (session === null || placeOf(conversation, self.owner)?.kind !== "direct") return;
  // What is against it after that yes is looked at anew.
  session.holdForAbsent(null);
  await completePairs(entrance, [conversation]);
}

/** Where the other one's key isn't the pinned one, what waits for them is held for that, until the person has looked. */
async function bringIn(entrance: Entrance, conversation: string, name: string): Promise<CommitOutcome | Failed> {
  const invited = await invite(entrance, conversation, name);
  const session = entrance.groups.of(conversation);
  const isUnknown = invited.kind === "offline" || (invited.kind === "failed" && invited.why === "offline");
  if (session === null || isUnknown) return invited;
  const hold = invited.kind === "failed" ? (invited.hold ?? null) : null;
  // Only where it is another one: each time that the group does something, this is done, too.
  if (session.holdForAbsent(hold)) entrance.groups.wake(toText(session.id));
  return invited;
}

/** Null: there was nothing to do, or that can't be said now. */
async function complete(entrance: Entrance, conversation: string): Promise<CommitOutcome | Failed | null> {
  const { self, groups } = entrance;
  const place = placeOf(conversation, self.owner);
  const session = groups.of(conversation);
  if (place?.kind !== "direct" || session === null) return null;
  const [, other] = place.between;
  if (isSameOwner(other, self.owner)) return null;
  const { row, people } = await session.look();
  const who = whoKey(whoOf(self, { owner: other }));
  if (row.status !== "active") return null;
  const name = self.people.nameOf(who);
  if (name === null) return null;
  if (!people.includes(who)) return await bringIn(entrance, conversation, name);
  const person = await lookUp(entrance, name);
  if (typeof person === "string") return failed(person);
  // A device of theirs that came later. That it can't be added holds nobody up.
  await entrance.companions.complete(entrance, toText(session.id), [person]);
  return null;
}
