import { foldName } from "../../mls/identity/pins.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { RoomPolicy } from "../../mls/room-policy.ts";
import type { GroupView } from "../../wire/frames/groups.ts";
import { toText } from "../delivery/base64url.ts";
import { conversationOf, EVERYONE, placeOf } from "../delivery/places.ts";
import type { CommitOutcome } from "../group-sessions/commit.ts";
import type { Hold } from "../group-sessions/events.ts";
import type { GroupSession } from "../group-sessions/session.ts";
import { OPEN } from "./arriving.ts";
import { enterEveryone } from "./everyone.ts";
import { enter, prepareGroup } from "./entering.ts";
import type { Entrance } from "./entering.ts";
import { groupsThere } from "./group-views.ts";
import { knowPresentKey } from "./told-successions.ts";
import { lookUp, takePackages, whoOf } from "./people.ts";

/** Why something can't be done, in a word: the server's refusal, or one of ours. */
export interface Failed {
  readonly kind: "failed";
  readonly why: string;
  /** With "changed-key", where it is known which: what a yes would be about. */
  readonly hold?: Hold;
}

/** `pending`: asked of a server that hasn't answered. */
export interface Made {
  readonly kind: "made" | "pending";
  readonly conversation: string;
}

export function failed(why: string): Failed {
  return { kind: "failed", why };
}

/** A room, without its `#`; whoever has its name is told by `place-taken`. */
export async function createRoom(entrance: Entrance, name: string, access: "open" | "invite"): Promise<Made | Failed> {
  const conversation = conversationOf({ kind: "room", name }, entrance.self.owner);
  if (await isOpen(entrance, conversation)) return failed("place-taken");
  return await found(entrance, conversation, { ...OPEN, access });
}

/** A new group in this place, if the server has none there. */
export async function found(entrance: Entrance, conversation: string, policy: RoomPolicy): Promise<Made | Failed> {
  const id = await prepareGroup(entrance, conversation, policy);
  const session = entrance.groups.session(toText(id));
  if (session === null) return failed("offline");
  const standing = await wakingAfter(entrance, session, async () => await session.advance());
  const { status } = (await session.look()).row;
  if (status === "active") return { kind: "made", conversation };
  if (status === "joining") return { kind: "pending", conversation };
  return failed(standing.kind === "refused" ? standing.why : "place-taken");
}

/** What it was to do is kept before it is done: where that fails, it is done as soon as it can be. */
async function wakingAfter<T>({ groups }: Entrance, session: GroupSession, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    groups.wake(toText(session.id));
  }
}

/** Into `#everyone`, which this device's person has left, or never asked for. */
async function joinEveryone(entrance: Entrance): Promise<Made | Failed> {
  if (entrance.self.owner.kind === "machine") return failed("not-allowed");
  await entrance.everyone.keep("wanted");
  if (await isOpen(entrance, EVERYONE)) return { kind: "made", conversation: EVERYONE };
  const arrival = entrance.groups.arrival(EVERYONE);
  await enterEveryone(entrance);
  // Whether made or entered it has its session now, or another is faster to make it, who is met there.
  const session = entrance.groups.of(EVERYONE) ?? (await Promise.race([arrival, entrance.system.wait(ARRIVES_IN)]));
  if (!session) return failed("offline");
  const standing = await wakingAfter(entrance, session, async () => await session.advance());
  const { status } = (await session.look()).row;
  if (status === "active") return { kind: "made", conversation: EVERYONE };
  return status === "joining"
    ? { kind: "pending", conversation: EVERYONE }
    : failed(standing.kind === "refused" ? standing.why : standing.kind);
}

/** Milliseconds. */
const ARRIVES_IN = 10_000;

/** Into an open room by its name, or back into one where this device has a leaf. */
export async function joinRoom(entrance: Entrance, name: string): Promise<Made | Failed> {
  if (foldName(name) === EVERYONE) return await joinEveryone(entrance);
  const conversation = conversationOf({ kind: "room", name }, entrance.self.owner);
  if (await isOpen(entrance, conversation)) return { kind: "made", conversation };
  const views = await groupsThere(entrance);
  if (views === null) return failed("offline");
  const view = views.find(({ place, ended }) => isRoom(place, name) && !ended);
  if (view === undefined) return failed("no-such-room");
  const entered = await enter(entrance, view);
  if (entered !== "entering") return failed(entered.why);
  const session = entrance.groups.session(view.group);
  if (session === null) return failed("offline");
  const standing = await wakingAfter(entrance, session, async () => await session.advance());
  const { status } = (await session.look()).row;
  if (status === "active") return { kind: "made", conversation };
  return status === "joining"
    ? { kind: "pending", conversation }
    : failed(standing.kind === "refused" ? standing.why : standing.kind);
}

/**
 * Leaves with all devices of this person; only this one remembers to stay out of `#everyone`. The keys are deleted at once; the other members
 * are told to remove the leaves.
 */
export async function leaveRoom(entrance: Entrance, conversation: string): Promise<{ readonly kind: "left" } | Failed> {
  const { client, groups, self, everyone } = entrance;
  const session = groups.of(conversation);
  // Who was never in it stays out, too.
  if (conversation === EVERYONE) await everyone.keep("left");
  if (session === null) return conversation === EVERYONE ? { kind: "left" } : failed("no-such-conversation");
  if (placeOf(conversation, self.owner)?.kind === "direct") return failed("not-allowed");
  const answer = await client.request("leave", { group: toText(session.id) });
  if (answer.kind === "unknown" || answer.kind === "not-sent") return failed("offline");
  const reason = answer.kind === "refused" ? answer.refusal?.reason : null;
  const isOut = reason === "not-a-member-of-group" || reason === "unknown-group" || reason === "group-ended";
  if (answer.kind === "refused" && !isOut) return failed(reason ?? "refused");
  await session.leave();
  return { kind: "left" };
}

export async function invite(entrance: Entrance, conversation: string, name: string): Promise<CommitOutcome | Failed> {
  const session = entrance.groups.of(conversation);
  if (session === null) return failed("no-such-conversation");
  const person = await lookUp(entrance, name);
  if (typeof person === "string") return failed(person);
  await knowPresentKey(entrance, person);
  const now = entrance.system.now();
  const invited = await takePackages(entrance, { group: session.id, person, now });
  if (typeof invited === "string") return failed(invited);
  if ("hold" in invited) return { ...failed("changed-key"), hold: invited.hold };
  return await wakingAfter(entrance, session, async () => {
    const outcome = await session.commit({ kind: "add", devices: invited.devices });
    // Who invites somebody knows that they read from now on.
    if (outcome.kind === "done" || outcome.kind === "nothing-to-do") await session.showReaders([invited.who]);
    return outcome;
  });
}

/** All devices of that person, if the room's policy allows it. */
export async function removePerson(
  entrance: Entrance,
  conversation: string,
  name: string,
): Promise<CommitOutcome | Failed> {
  const session = entrance.groups.of(conversation);
  if (session === null) return failed("no-such-conversation");
  const person = await lookUp(entrance, name);
  if (typeof person === "string") return failed(person);
  const who = whoKey(whoOf(entrance.self, person));
  const { members } = await session.look();
  const devices = members.filter((member) => member.who === who).map(({ deviceId }) => deviceId);
  const outcome = await wakingAfter(entrance, session, async () => await session.commit({ kind: "remove", devices }));
  return outcome;
}

export async function setPolicy(
  entrance: Entrance,
  conversation: string,
  change: (policy: RoomPolicy) => RoomPolicy,
): Promise<CommitOutcome | Failed> {
  const session = entrance.groups.of(conversation);
  if (session === null) return failed("no-such-conversation");
  const { policy } = await session.look();
  if (policy === null) return failed("not-a-member");
  const outcome = await wakingAfter(
    entrance,
    session,
    async () => await session.commit({ kind: "policy", policy: change(policy), instead: policy }),
  );
  return outcome;
}

export async function isOpen({ groups }: Entrance, conversation: string): Promise<boolean> {
  const status = (await groups.of(conversation)?.look())?.row.status;
  return status === "active" || status === "joining";
}

function isRoom(place: GroupView["place"], name: string): boolean {
  return place.kind === "room" && foldName(place.name) === foldName(name);
}
