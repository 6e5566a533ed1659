import type { Group, GroupEngine } from "../../mls/group-engine.ts";
import type { Change } from "../storage/changes.ts";
import type { Flight, GroupRow, KeptGroup, KeptIntent, OutboxRow, PendingRequest } from "../storage/kept.ts";
import type { GroupEvent } from "./events.ts";
import { personOf } from "./person.ts";
import type { Person } from "./person.ts";

/**
 * A group as one operation works on it: what the store keeps, the engine's group, and the changes and events that gather until
 * they are committed together. If that fails the whole is thrown away and loaded anew, so nothing in memory is ahead of the disk.
 */
export interface Working {
  row: GroupRow;
  /** The engine's state while this device is a member. */
  active: Group | null;
  /** Of a join or creation that isn't known to be in the log. */
  candidate: Group | null;
  request: PendingRequest | null;
  intent: KeptIntent | null;
  flight: Flight | null;
  outbox: readonly OutboxRow[];
  readonly readers: Set<string>;
  readonly senders: Map<string, number>;
  readonly changes: Change[];
  readonly events: GroupEvent[];
  /** What became of the last intent that was kept. */
  concluded: Concluded | null;
  /** The engine's state has moved on since it was saved. */
  isMoved: boolean;
  /** A pin changes with what has gathered: it is kept before another group's commit is taken. */
  isPinning: boolean;
  /** Entries were passed over just before the next one: the row's hash is none to chain from. */
  isBehindGap: boolean;
  readonly isSuccessor: boolean;
  /** Of the epoch that was looked at last. */
  roster: Roster | null;
  /** The `readers` for whom all that goes out again is known to be (send.ts). */
  checkedFor: Roster["readers"] | null;
  /** Whose `readers` and access are on the disk, or will be with the changes. */
  knownEpoch: number | null;
}

export type Concluded =
  | { readonly kind: "done"; readonly epoch: number }
  | { readonly kind: "nothing-to-do" }
  | { readonly kind: "refused"; readonly why: string };

/** A group's people in one epoch. */
export interface Roster {
  readonly of: Group;
  readonly epoch: number;
  /** Each leaf's, in the order of the leaves. */
  readonly members: readonly Person[];
  /** Each person once (`whoKey`), rising. The same list for as long as the epoch lasts. */
  readonly readers: readonly string[];
}

/** What is kept, with the engine's groups loaded. */
export function working(kept: KeptGroup, engine: GroupEngine): Working {
  const { row, request, intent, flight, outbox, readers, senders } = kept;
  return {
    row,
    active: kept.active === null ? null : engine.load(kept.active),
    candidate: kept.candidate === null ? null : engine.load(kept.candidate),
    request,
    intent,
    flight,
    outbox,
    readers: new Set(readers),
    senders: new Map(senders),
    changes: [],
    events: [],
    concluded: null,
    isMoved: false,
    isPinning: false,
    isBehindGap: false,
    isSuccessor: kept.isSuccessor,
    roster: null,
    checkedFor: null,
    knownEpoch: null,
  };
}

const NOBODY = { members: [], readers: [] } as const;

/** Records are verified once in each epoch. Nobody for who is no member. */
export function rosterOf(work: Working): Pick<Roster, "members" | "readers"> {
  const { active, roster } = work;
  if (active === null) return NOBODY;
  if (roster?.of === active && roster.epoch === active.epoch) return roster;
  const members = active.members().map(personOf);
  const readers = [...new Set(members.map(({ who }) => who))].toSorted();
  work.roster = { of: active, epoch: active.epoch, members, readers };
  return work.roster;
}

export function ownPerson(work: Working): Person | null {
  const { active } = work;
  return active === null ? null : (rosterOf(work).members.find(({ leaf }) => leaf === active.leaf) ?? null);
}

/**
 * Who comes into a group has chosen its present people as readers; only who comes later is new. (And oneself, so that this is known to have
 * been done.)
 */
export function beginReaders(work: Working): void {
  if (work.active === null || work.readers.size > 0) return;
  const { readers } = rosterOf(work);
  work.changes.push({ kind: "readers-shown", group: work.row.id, readers });
  for (const who of readers) work.readers.add(who);
}

export function closeGroups({ active, candidate }: Working): void {
  active?.close();
  candidate?.close();
}

/** All changes of this operation, the engine's state with them; nothing is left to gather. */
export function takeChanges(work: Working): readonly Change[] {
  if (work.isMoved && work.active !== null) {
    // In the log's order a commit ends its epoch for good: no later entry needs the keys of an earlier one (SEALED.md 17, 18).
    work.active.forgetEpochsBefore(work.active.epoch);
    work.changes.push({ kind: "group-saved", slot: "active", saved: work.active.save() });
  }
  work.isMoved = false;
  work.isPinning = false;
  if (work.active !== null && work.knownEpoch !== work.active.epoch) {
    const { access } = work.active.policy;
    const { readers, members } = rosterOf(work);
    work.changes.push({ kind: "members-known", group: work.row.id, access, readers });
    work.events.push({ kind: "members", access, readers, members });
    work.knownEpoch = work.active.epoch;
  }
  return work.changes.splice(0);
}

/** Nothing is to be done of what was kept any more. */
export function conclude(work: Working, concluded: Concluded): void {
  if (work.intent === null) return;
  work.intent = null;
  work.concluded = concluded;
  work.changes.push({ kind: "intent-dropped", group: work.row.id });
}

/** What waits here will never be sent. */
export function dropOutbox(work: Working, why: string): void {
  const group = work.row.id;
  if (work.flight !== null) work.changes.push({ kind: "flight-ended", group });
  work.flight = null;
  for (const { messageId } of work.outbox) {
    work.changes.push({ kind: "message-withdrawn", group, messageId });
    work.events.push({ kind: "refused", messageId, why });
  }
  work.outbox = [];
}
