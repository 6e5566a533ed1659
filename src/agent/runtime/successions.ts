/**
 * What becomes of a conversation whose group can't go on (SEALED.md 10 and 15): the server was restored from an older backup, has closed the
 * group, or shows a log that isn't the one which was read. This device tells the server, finds the successor or makes it, with all whom it
 * knows to have been there, and takes along what waits and what only it can send again. Each step is kept before the next, so whoever is
 * ended in between goes on here.
 */
import { sameBytes } from "../../mls/identity/bytes.ts";
import type { RoomPolicy } from "../../mls/room-policy.ts";
import type { GroupView } from "../../wire/frames/groups.ts";
import { toText } from "../delivery/base64url.ts";
import { conversationOf } from "../delivery/places.ts";
import { createGroup } from "../group-sessions/join.ts";
import type { Change } from "../storage/changes.ts";
import type { GroupRow, OwedDevice, StopCause } from "../storage/kept.ts";
import { LONGEST, TIMEOUT } from "./admitting.ts";
import { enter } from "./entering.ts";
import type { Entrance, Successions } from "./entrance.ts";
import { groupsThere } from "./group-views.ts";

export interface SuccessionsOptions {
  readonly rows: readonly GroupRow[];
  /** `why`: the group before it ended. */
  readonly onContinued: (conversation: string, why: StopCause) => void;
  /** Its group can't go on here, and the server waits for another person to say so, too. Told once on a connection. */
  readonly onStuck: (conversation: string) => void;
  /** Devices are to be added to this successor. */
  readonly onOwing: (group: string) => void;
}

export function successions({ rows: kept, onContinued, onStuck, onOwing }: SuccessionsOptions): Successions {
  /** Conversations, by the group that waits. */
  const waiting = new Map<string, string>();
  /** Those among them that this device has been in, or that took their place. */
  const real = new Set<string>();
  const heirs = new Set(kept.flatMap(({ successor }) => (successor === null ? [] : [toText(successor)])));
  /** Groups whose successor was made on this connection, or tried to. */
  const tried = new Set<string>();
  /** Conversations that are told to be stuck on this connection. */
  const stuck = new Set<string>();
  /** Successors that this device isn't in. `due`: those who are there were left their time to add it. */
  const met = new Map<string, "new" | "due">();
  /** Whoever waits looks again before long. */
  let isLooking = false;
  let handing: Promise<unknown> = Promise.resolve();
  /** Conversations with groups whose keys are still kept. */
  const outlived = new Set(kept.filter(isOutlived).map(({ conversation }) => conversation));
  const these: Successions = {
    note(row) {
      if (!waits(row)) return false;
      const group = toText(row.id);
      waiting.set(group, row.conversation);
      // What was never made is missed by nobody, unless it was to be a successor.
      if (row.status === "stopped" || heirs.has(group)) real.add(group);
      return real.has(group);
    },
    begin() {
      tried.clear();
      stuck.clear();
    },
    hasOrphans: (conversation) => [...waiting.values()].includes(conversation),
    isWaiting: (conversation) => [...real].some((group) => waiting.get(group) === conversation),
    async retire(entrance, conversation) {
      if (!outlived.delete(conversation)) return;
      for (const { id: group } of (await rowsOf(entrance, conversation)).filter(isOutlived)) {
        const change = { kind: "group-status", group, status: "removed", stopped: null } as const;
        await entrance.groups.session(toText(group))?.handOver([change]);
      }
    },
    async run(entrance, views) {
      if (waiting.size === 0) return;
      const there = views ?? (await groupsThere(entrance));
      if (there === null) return;
      const told = await report(entrance, there);
      if (told === null) return;
      for (const conversation of new Set(waiting.values())) await goOn(entrance, conversation, told);
    },
    async inherit(entrance, successor, conversation) {
      if (!these.hasOrphans(conversation)) return [];
      const views = await groupsThere(entrance);
      if (views === null) return [];
      const source = await lastKnown(entrance, await rowsOf(entrance, conversation));
      await handOver(entrance, { conversation, successor, views });
      return source?.devices.map(({ deviceId }) => deviceId) ?? [];
    },
  };
  for (const row of kept) these.note(row);
  return these;

  /**
   * Says again of each group that can't go on here that it can't: the first time nobody may have heard it, and a server that was restored has
   * forgotten it, also of groups that have a successor since. Then what the server says now; null: nobody answered.
   */
  async function report(entrance: Entrance, views: readonly GroupView[]): Promise<readonly GroupView[] | null> {
    const conversations = new Set([...real].map((group) => waiting.get(group)));
    const rows = (await entrance.store.load()).groups.filter(({ conversation }) => conversations.has(conversation));
    const open = rows.filter((row) => isOver(row) && viewOf(views, row)?.ended === false);
    for (const { id, stopped, cursor } of open) {
      // Behind which number the logs differ, nobody here knows.
      await entrance.service.reportInvalid(id, stopped === "invalid-commit" ? cursor + 1 : 1);
    }
    return open.length > 0 ? await groupsThere(entrance) : views;
  }

  async function goOn(entrance: Entrance, conversation: string, views: readonly GroupView[]): Promise<void> {
    const rows = await rowsOf(entrance, conversation);
    // Left meanwhile: nothing is to go on there.
    for (const row of rows) if (row.status === "removed" && !waits(row)) forget(toText(row.id));
    const live = rows.findLast(({ status }) => status === "active" || status === "joining");
    if (live !== undefined) {
      const orphans = rows.filter((row) => waits(row) && !sameBytes(row.id, live.id)).map(({ id }) => toText(id));
      for (const [group, where] of waiting) {
        if (where === conversation && !orphans.includes(group)) forget(group);
      }
      if (orphans.length === 0) return;
      await handOver(entrance, { conversation, successor: live.id, views });
      // One of them may have come after it, and be where the conversation is still looked for.
      await entrance.groups.reread(live.id, conversation);
      entrance.groups.wake(toText(live.id));
      return;
    }
    if (!these.isWaiting(conversation)) return;
    // The server hasn't been told by enough of its members yet.
    if (rows.some((row) => isOver(row) && viewOf(views, row)?.ended === false)) {
      if (!stuck.has(conversation)) onStuck(conversation);
      stuck.add(conversation);
      return;
    }
    const there = views.find((view) => !view.ended && conversationOf(view.place, entrance.self.owner) === conversation);
    if (there === undefined) await makeSuccessor(entrance, conversation, rows, views);
    // Whoever made it adds this device, and others with it; a room that is open isn't waited for too long.
    else if (!there.welcome && mayEnter(entrance, there) && isDue(entrance, there)) {
      // Nobody else would try it once more.
      if ((await enter(entrance, there)) !== "entering") leaveTime(entrance, there);
    }
  }

  /** It has a successor, or goes on itself. */
  function forget(group: string): void {
    waiting.delete(group);
    real.delete(group);
  }

  /** Not when it is met first, but some seconds later. */
  function isDue(entrance: Entrance, view: GroupView): boolean {
    const known = met.get(view.group);
    if (known === undefined) leaveTime(entrance, view);
    return known === "due";
  }

  /** Who has never been in it can make no successor: those who have will. One look for all that wait. */
  function lookLater({ groups, system }: Entrance): void {
    if (isLooking) return;
    isLooking = true;
    void system.wait(LONGEST).then(() => {
      isLooking = false;
      for (const orphan of waiting.keys()) groups.wake(orphan);
      return null;
    });
  }

  /** Then it is met again. Whether that time is over isn't asked of the clock, which may show it a moment after the timer's end. */
  function leaveTime({ groups, system }: Entrance, { group }: GroupView): void {
    met.set(group, "new");
    void system.wait(TIMEOUT).then(() => {
      met.set(group, "due");
      for (const orphan of waiting.keys()) groups.wake(orphan);
      return null;
    });
  }

  async function makeSuccessor(
    entrance: Entrance,
    conversation: string,
    rows: readonly GroupRow[],
    views: readonly GroupView[],
  ): Promise<void> {
    const { self, system, groups } = entrance;
    const source = await lastKnown(entrance, rows);
    if (source === null) lookLater(entrance);
    if (source === null || tried.has(toText(source.group))) return;
    tried.add(toText(source.group));
    const group = system.randomBytes(16);
    const { policy, readers, devices } = source;
    const made: readonly Change[] = [
      ...createGroup({ engine: self.engine, system }, { group, conversation, policy }),
      { kind: "readers-shown", group, readers },
      { kind: "devices-owed", group, devices },
    ];
    // Another one that came meanwhile has all that waited, and none is made.
    if (!(await handOver(entrance, { conversation, successor: group, views, made }))) return;
    const session = await groups.add(group, conversation);
    // Until who can be added at once is: see `admitOwed`.
    session.awaitMembers(
      devices.map(({ deviceId }) => deviceId),
      system.now() + LONGEST,
    );
    groups.wake(toText(group));
  }

  async function handOver(entrance: Entrance, given: Handing): Promise<boolean> {
    // Welcomes and what is looked for here come in each their own time.
    const done = handing.then(async () => await handOverAll(entrance, given));
    handing = done.catch(() => {});
    return await done;
  }

  /** All that wait in the conversation, one after another; each is told once. False: none did. */
  async function handOverAll(
    entrance: Entrance,
    { conversation, successor, views, made = [] }: Handing,
  ): Promise<boolean> {
    const { store, groups, self, system } = entrance;
    let first = made;
    let isAny = false;
    for (const row of (await rowsOf(entrance, conversation)).filter(waits)) {
      if (sameBytes(row.id, successor)) continue;
      const group = toText(row.id);
      const behind = views.find((view) => view.group === group)?.written ?? 0;
      const device = self.device.id;
      const succeeded = { kind: "group-succeeded", group: row.id, successor, device, behind } as const;
      const why = row.status === "stopped" ? row.stopped : null;
      const entry = { kind: "continued", why: why ?? "closed" } as const;
      const told = {
        kind: "history-kept",
        conversation,
        group: successor,
        number: 0,
        at: system.now(),
        entry,
      } as const;
      const changes = [...first, succeeded, ...(why === null ? [] : [told])];
      const session = groups.session(group);
      if (session === null) await store.commit(changes);
      else await session.handOver(changes);
      first = [];
      isAny = true;
      waiting.delete(group);
      if (real.delete(group)) heirs.add(toText(successor));
      // What this device owed there it owes here.
      onOwing(toText(successor));
      outlived.add(conversation);
      if (why !== null) onContinued(conversation, why);
    }
    return isAny;
  }
}

interface Handing {
  readonly conversation: string;
  readonly successor: Uint8Array;
  readonly views: readonly GroupView[];
  /**
   * What makes the successor, kept together with the first group's: a successor that nothing says is one would refuse what was written into it
   * when another was faster to make it.
   */
  readonly made?: readonly Change[];
}

/** Stopped, but for this device's own sake; or never made, since another was faster. */
function waits({ status, stopped, cursor, successor }: GroupRow): boolean {
  if (successor !== null) return false;
  return status === "stopped" ? stopped !== "rolled-back" : status === "removed" && cursor === 0;
}

/** Nothing goes on there for this device, whatever the server says. */
function isOver(row: GroupRow): boolean {
  return row.successor !== null || (row.status === "stopped" && waits(row));
}

function viewOf(views: readonly GroupView[], { id }: GroupRow): GroupView | undefined {
  const group = toText(id);
  return views.find((view) => view.group === group);
}

function isOutlived({ status, successor }: GroupRow): boolean {
  return status === "stopped" && successor !== null;
}

async function rowsOf({ store }: Entrance, conversation: string): Promise<readonly GroupRow[]> {
  return (await store.load()).groups.filter((row) => row.conversation === conversation);
}

function mayEnter({ self }: Entrance, { access }: GroupView): boolean {
  return access === "open" && self.owner.kind !== "machine";
}

interface Source {
  readonly group: Uint8Array;
  readonly policy: RoomPolicy;
  /** Whom the writer has been shown. */
  readonly readers: readonly string[];
  /** Who was there, without this device; and who was to be. */
  readonly devices: readonly OwedDevice[];
}

/** The newest of these groups whose members this device knows. */
async function lastKnown({ store, groups, self }: Entrance, rows: readonly GroupRow[]): Promise<Source | null> {
  for (const row of rows.toReversed()) {
    const view = await groups.session(toText(row.id))?.look();
    const kept = await store.group(row.id);
    const policy = view?.policy ?? null;
    if (view === undefined || kept === null || policy === null) continue;
    const devices = [...view.members, ...kept.owed].map(({ deviceId, deviceKey }) => ({ deviceId, deviceKey }));
    return {
      group: row.id,
      policy,
      readers: [...kept.readers],
      devices: devices.filter(({ deviceId }) => !sameBytes(deviceId, self.device.id)),
    };
  }
  return null;
}
