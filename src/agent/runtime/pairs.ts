import { whoKey } from "../../mls/identity/who.ts";
import type { PolicyPerson } from "../../mls/room-policy.ts";
import { conversationOf, isSameOwner, placeOf } from "../delivery/places.ts";
import { OPEN } from "./arriving.ts";
import type { Entrance } from "./entering.ts";
import { lookUp, whoOf } from "./people.ts";
import { failed, found, invite, isOpen } from "./rooms.ts";
import type { Failed, Made } from "./rooms.ts";

/** Who was slower to make a pair waits so long for the faster one's Welcome, in milliseconds. */
const PATIENCE = 10_000;

/**
 * The direct conversation with that person, made if there is none. Two who make it at once end in one: the server takes the first, whose
 * maker invites the other.
 */
export async function openDirect(entrance: Entrance, name: string): Promise<Made | Failed> {
  const { self, groups, system } = entrance;
  const person = await lookUp(entrance, name);
  if (typeof person === "string") return failed(person);
  const conversation = conversationOf({ kind: "direct", between: [self.owner, person.owner] }, self.owner);
  if (await isOpen(entrance, conversation)) {
    await complete(entrance, conversation);
    return { kind: "made", conversation };
  }
  const isSelf = isSameOwner(self.owner, person.owner);
  if (!isSelf && person.devices.length === 0) return failed("no-device");
  const listed: PolicyPerson[] = isSelf ? [self.owner] : [self.owner, person.owner];
  const arrival = groups.arrival(conversation);
  const made = await found(entrance, conversation, { ...OPEN, access: "listed", listed });
  if (made.kind === "failed" && made.why === "place-taken") {
    // `found` has brought a group itself.
    await arrival;
    const isThere = await Promise.race([
      groups.arrival(conversation).then(() => true),
      system.wait(PATIENCE).then(() => false),
    ]);
    return isThere || (await isOpen(entrance, conversation)) ? { kind: "made", conversation } : failed("busy");
  }
  if (made.kind !== "made" || isSelf) return made;
  const invited = await invite(entrance, conversation, name);
  return invited.kind === "failed" ? invited : made;
}

/** Pairs whose other one was never invited, since this device ended in between. */
export async function completePairs(entrance: Entrance, conversations: readonly string[]): Promise<void> {
  for (const conversation of conversations) await complete(entrance, conversation);
}

async function complete(entrance: Entrance, conversation: string): Promise<void> {
  const { self, groups } = entrance;
  const place = placeOf(conversation, self.owner);
  const session = groups.of(conversation);
  if (place?.kind !== "direct" || session === null) return;
  const [, other] = place.between;
  if (isSameOwner(other, self.owner)) return;
  const { row, people } = await session.look();
  const who = whoKey(whoOf(self, { owner: other }));
  if (row.status !== "active" || people.includes(who)) return;
  const name = self.people.nameOf(who);
  if (name !== null) await invite(entrance, conversation, name);
}
