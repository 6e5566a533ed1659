import type { Group, GroupEngine } from "../../mls/group-engine.ts";
import { readRecord } from "../../mls/identity/device-record.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import type { Member } from "../../mls/group-engine.ts";
import type { Change } from "../storage/changes.ts";
import type { Flight, GroupRow, KeptGroup, OutboxRow, PendingRequest } from "../storage/kept.ts";
import type { GroupEvent } from "./events.ts";

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
  flight: Flight | null;
  outbox: readonly OutboxRow[];
  readonly readers: Set<string>;
  readonly senders: Map<string, number>;
  readonly changes: Change[];
  readonly events: GroupEvent[];
  /** What became of the last request that is out of the way. */
  settled: { readonly requestId: Uint8Array; readonly outcome: "won" | "lost" | "refused" } | null;
  /** The engine's state has moved on since it was saved. */
  isMoved: boolean;
  /** Entries were passed over just before the next one: the row's hash is none to chain from. */
  isBehindGap: boolean;
}

/** What is kept, with the engine's groups loaded. */
export function working(kept: KeptGroup, engine: GroupEngine): Working {
  const { row, request, flight, outbox, readers, senders } = kept;
  return {
    row,
    active: kept.active === null ? null : engine.load(kept.active),
    candidate: kept.candidate === null ? null : engine.load(kept.candidate),
    request,
    flight,
    outbox,
    readers: new Set(readers),
    senders: new Map(senders),
    changes: [],
    events: [],
    settled: null,
    isMoved: false,
    isBehindGap: false,
  };
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
  return work.changes.splice(0);
}

export interface Person {
  /** `whoKey` of `identity`. */
  readonly who: string;
  readonly identity: Who;
  readonly deviceId: Uint8Array;
  readonly userKey: Uint8Array;
}

/** Who holds a leaf. The engine lets none in whose record doesn't verify. */
export function personOf({ record, deviceKey }: Member): Person {
  const read = readRecord(record, deviceKey);
  if (!read.ok) throw new TypeError(`a member's record doesn't verify: ${read.fault}`);
  const { server, kind, identity, deviceId, userKey } = read.record;
  return { who: whoKey(read.record), identity: { server, kind, identity }, deviceId, userKey };
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
