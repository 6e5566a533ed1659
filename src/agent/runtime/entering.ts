import { EngineError } from "../../mls/engine-error.ts";
import type { RoomPolicy } from "../../mls/room-policy.ts";
import type { GroupView } from "../../wire/frames/groups.ts";
import { toBytes, toText } from "../delivery/base64url.ts";
import { conversationOf } from "../delivery/places.ts";
import { createGroup, joinByWelcome, joinExternally, judgeWelcome } from "../group-sessions/join.ts";
import { AgentStoreError } from "../storage/errors.ts";
import type { GroupRow, KeyPackage } from "../storage/kept.ts";
import { LONGEST } from "./admitting.ts";
import type { Entrance } from "./entrance.ts";
import type { Groups } from "./groups.ts";
import { MisplacedGroup, misfitOf } from "./place-policy.ts";

export type { Entrance } from "./entrance.ts";

/** Groups that a device lets itself be put into: each costs it memory and disk. */
const MOST_GROUPS = 5_000;
/** How long a Welcome that is there takes at most, in milliseconds. */
const LONGEST_WELCOME = 15_000;

/** Groups that somebody here wanted to come into: whoever adds this device there has not brought it in. */
const askedFor = new WeakMap<Groups, Set<string>>();
const MOST_ASKED = 1_000;

/** A group of one's own in this conversation, asked of the server when its session advances. Its id. */
export async function prepareGroup(entrance: Entrance, conversation: string, policy: RoomPolicy): Promise<Uint8Array> {
  const { store, system, self, groups } = entrance;
  const group = system.randomBytes(16);
  const entering = { engine: self.engine, system };
  await store.commit(createGroup(entering, { group, conversation, policy }));
  await groups.add(group, conversation);
  return group;
}

/** The same, asked of the server as soon as it is there. */
export async function create(entrance: Entrance, conversation: string, policy: RoomPolicy): Promise<void> {
  entrance.groups.wake(toText(await prepareGroup(entrance, conversation, policy)));
}

/**
 * Into an open room, or back in where this device has a leaf, by an external commit; or by a member who adds it. Where it is in, or on its way
 * in, by another way meanwhile, that one counts. Else why not, in a word. `addedBy`: see `joinExternally`.
 */
export async function enter(
  entrance: Entrance,
  view: GroupView,
  { orAdded = true, addedBy }: { readonly orAdded?: boolean; readonly addedBy?: number } = {},
): Promise<"entering" | { readonly why: string }> {
  const { store, service, system, self, groups } = entrance;
  const group = toBytes(view.group);
  const conversation = conversationOf(view.place, self.owner);
  const row = (await store.group(group))?.row ?? null;
  if (row !== null && row.conversation !== conversation) return misplaced(entrance, view, "a group of another name");
  if (isComing(groups, row)) return goOn();
  const asked = askedFor.get(groups) ?? new Set();
  // Until its Welcome is taken, or this device has ended.
  if (row === null && asked.size < MOST_ASKED) askedFor.set(groups, asked.add(view.group));
  const joinInfo = await service.joinInfo(group, { orAdded: orAdded && row === null });
  if (joinInfo.kind === "added") {
    // The Welcome is taken as any other, in its group's lane.
    if (groups.session(view.group) === null)
      await Promise.race([groups.arrival(conversation), system.wait(LONGEST_WELCOME)]);
    return "entering";
  }
  if (joinInfo.kind !== "join-info") return { why: joinInfo.kind === "refused" ? joinInfo.why : joinInfo.kind };
  const entering = { engine: self.engine, system };
  const check = checkOf(entrance, view);
  try {
    return await oneByOne(groups, async () => {
      const now = (await store.group(group))?.row ?? null;
      // By a Welcome or by itself, and its session goes on from what that has kept.
      if (isComing(groups, now)) return goOn();
      if (now?.status !== row?.status) return { why: "there already" };
      const continues = await isGoingOn(entrance, view);
      const from = { group, conversation, row: now, abandoned: null, addedBy, continues, joinInfo, check };
      await store.commit(await joinExternally(entering, from));
      await addInPlace(entrance, group, conversation);
      return goOn();
    });
  } catch (error) {
    if (error instanceof MisplacedGroup) return misplaced(entrance, view, error.message);
    if (error instanceof EngineError) return { why: error.code };
    if (error instanceof AgentStoreError && error.code === "conflict") return { why: "there already" };
    throw error;
  }

  function goOn(): "entering" {
    groups.wake(view.group);
    return "entering";
  }
}

/** Whether its session has come in, or goes on by itself until it has: what that has under way isn't to be overwritten. */
function isComing(groups: Groups, row: GroupRow | null): boolean {
  const isLive = row?.status === "active" || row?.status === "joining";
  return isLive && groups.session(toText(row.id)) !== null;
}

/**
 * Takes the Welcome that waits for this device. One that it can't open (its key package is lost) leads in by the other way, since
 * this device has a leaf there. False: it couldn't be had now.
 */
export async function takeWelcome(entrance: Entrance, view: GroupView): Promise<boolean> {
  const { client, store, system, self, groups } = entrance;
  const answer = await client.request("read-welcome", { group: view.group });
  if (answer.kind !== "answered") return false;
  const { welcome, entry: number, hash } = answer.value;
  const group = toBytes(view.group);
  const conversation = conversationOf(view.place, self.owner);
  const rowOf = async () => (await store.group(group))?.row ?? null;
  const row = await rowOf();
  if (row !== null && row.conversation !== conversation) misplaced(entrance, view, "a group of another name");
  if (row === null && groups.count() >= MOST_GROUPS) {
    misplaced(entrance, view, "one group more than a device takes");
    return true;
  }
  let verdict = judgeWelcome(row, number);
  if (verdict === "catch-up") {
    await groups.session(view.group)?.advance();
    verdict = judgeWelcome(await rowOf(), number);
  }
  // Nobody answered: it stays for the next time.
  if (verdict === "catch-up") return false;
  if (verdict === "take" && (row === null || row.conversation === conversation)) {
    const received = { group, conversation, welcome, number, hash: toBytes(hash), check: checkOf(entrance, view) };
    try {
      const own = await ownPackage(entrance, welcome);
      if (own === null) throw new EngineError("no-key-package");
      const invited = isInvitation(entrance, view, row);
      await oneByOne(groups, async () => {
        if (judgeWelcome(await rowOf(), number) !== "take") throw new AgentStoreError("conflict", "came in meanwhile");
        const continues = row === null && (await isGoingOn(entrance, view));
        const given = { ...received, ...own, invited, continues };
        await store.commit(await joinByWelcome({ engine: self.engine, system }, given));
        askedFor.get(groups)?.delete(view.group);
        await addInPlace(entrance, group, conversation);
      });
    } catch (error) {
      if (error instanceof MisplacedGroup) misplaced(entrance, view, error.message);
      // It has come in by itself meanwhile; what waits here is looked at again with the next connection.
      else if (error instanceof AgentStoreError && error.code === "conflict") return true;
      else if (!(error instanceof EngineError)) throw error;
      else if ((await enter(entrance, view, { orAdded: false, addedBy: number })) !== "entering") return false;
    }
  }
  await client.request("welcome-done", { group: view.group });
  groups.wake(view.group);
  return true;
}

/** Whether it is news that somebody adds this device there: it hasn't asked for that, isn't brought back, and the conversation doesn't just go on in another group. */
function isInvitation({ groups, self }: Entrance, { group, place }: GroupView, row: GroupRow | null): boolean {
  const isBack =
    row?.stopped === "rolled-back" || (row === null && groups.of(conversationOf(place, self.owner)) !== null);
  return place.kind === "room" && !isBack && askedFor.get(groups)?.has(group) !== true;
}

/** Whether its conversation was here before, in another group: who was in that was to read what is said in this one. */
async function isGoingOn(
  { groups, store, self, successions }: Entrance,
  { group, place }: GroupView,
): Promise<boolean> {
  const conversation = conversationOf(place, self.owner);
  if (successions.isWaiting(conversation)) return true;
  // It isn't known yet that it can't go on there.
  const before = groups.of(conversation);
  const row = before === null || toText(before.id) === group ? null : ((await store.group(before.id))?.row ?? null);
  return row?.status === "active";
}

/** Ways into a group come from many sides at once: what one has kept, and its session goes on from, isn't overwritten by another. */
const coming = new WeakMap<Groups, Promise<unknown>>();

async function oneByOne<T>(groups: Groups, work: () => Promise<T>): Promise<T> {
  const turn = (coming.get(groups) ?? Promise.resolve()).then(work);
  coming.set(
    groups,
    turn.catch(() => {}),
  );
  return await turn;
}

/** With what waits in the groups whose place it takes. */
async function addInPlace(entrance: Entrance, group: Uint8Array, conversation: string): Promise<void> {
  const { groups, successions, system } = entrance;
  const inheriting = successions.inherit(entrance, group, conversation);
  // Whatever fails besides, its session goes on from what has just been kept.
  await inheriting.catch(() => {});
  const session = await groups.add(group, conversation);
  const others = await inheriting;
  if (others.length === 0) return;
  session.awaitMembers(others, system.now() + LONGEST);
}

function checkOf({ self }: Entrance, { place }: GroupView): (policy: RoomPolicy) => void {
  return (policy) => {
    const misfit = misfitOf(policy, place, self.owner);
    if (misfit !== null) throw new MisplacedGroup(misfit);
  };
}

function misplaced({ self, onMisplaced }: Entrance, { place }: GroupView, why: string): { readonly why: string } {
  onMisplaced(conversationOf(place, self.owner), why);
  return { why: "misplaced" };
}

async function ownPackage({ store, self }: Entrance, welcome: Uint8Array): Promise<KeyPackage | null> {
  for (const reference of self.engine.welcomeReferences(welcome)) {
    const found = await store.keyPackage(reference);
    if (found !== null) return found;
  }
  return null;
}
