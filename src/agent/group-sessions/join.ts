import type { Group, GroupEngine } from "../../mls/group-engine.ts";
import type { RoomPolicy } from "../../mls/room-policy.ts";
import type { Change } from "../storage/changes.ts";
import type { GroupRow, PendingRequest } from "../storage/kept.ts";
import { EMPTY_LOG } from "./log.ts";
import { personOf } from "./person.ts";
import type { JoinInfo, System } from "./ports.ts";
import { firstUpdate } from "./schedule.ts";

/**
 * Ways into a group. Each gives the changes of one commit to the store, after which a session on that group goes on by itself,
 * also after a crash: nothing has left the device yet.
 */
export interface Entering {
  readonly engine: GroupEngine;
  readonly system: System;
}

/** Throws for a group that isn't what it was said to be. */
type Check = (policy: RoomPolicy) => void;

export interface ReceivedWelcome {
  readonly group: Uint8Array;
  readonly conversation: string;
  readonly welcome: Uint8Array;
  /** Number and hash of the log up to and with the commit that added this device. */
  readonly number: number;
  readonly hash: Uint8Array;
  /** The secret of the key package that the Welcome is for, and its reference, to be dropped unless it is a last resort. */
  readonly secret: Uint8Array;
  readonly reference: Uint8Array;
  readonly lastResort: boolean;
  readonly check?: Check;
  /** This device hasn't asked to come in: the history names who has added it, if that is another person. */
  readonly invited?: boolean;
  /** Its conversation was here before and goes on in this group: what was said in it before this device came is missing, and told as a gap. */
  readonly continues?: boolean;
}

/**
 * What to do with a Welcome whose adding commit has this number, by what is kept of its group. `catch-up`: first the log up to there:
 * this device may be in already, or doesn't know yet that it was removed and may still read up to then. `obsolete`: what is kept is
 * newer.
 */
export function judgeWelcome(row: GroupRow | null, number: number): "take" | "catch-up" | "obsolete" {
  if (row === null) return "take";
  const isReturning = row.stopped === "rolled-back";
  if (row.cursor >= number || (row.status === "stopped" && !isReturning)) return "obsolete";
  return row.status === "removed" || isReturning ? "take" : "catch-up";
}

/** A joined group and the key package's end belong together. Throws an `EngineError` for a Welcome that doesn't open. */
export async function joinByWelcome(
  { engine, system }: Entering,
  received: ReceivedWelcome,
): Promise<readonly Change[]> {
  const { group: joined, committer } = await engine.join(received.welcome, received.secret);
  const { group, conversation, number, hash, reference, check } = received;
  checked(joined, check);
  const updateDue = firstUpdate(system.now(), system.random());
  const changes: Change[] = [
    { kind: "group-added", group, conversation, status: "active", cursor: number, hash, updateDue },
    { kind: "group-saved", slot: "active", saved: joined.save() },
    ...broughtIn(joined, { ...received, committer, at: system.now() }),
  ];
  // Each commit raised the epoch by one; whatever else stands there is a message.
  const missed = received.continues === true ? number - joined.epoch : 0;
  if (missed > 0) {
    const entry = { kind: "gap", from: number - missed, to: number - 1 } as const;
    changes.push({ kind: "history-kept", conversation, group, number, at: system.now(), entry });
  }
  joined.close();
  return received.lastResort ? changes : [...changes, { kind: "key-package-dropped", reference }];
}

/** A line of its own, since a device reads nothing of the commit that adds it. Who made that has signed the Welcome: no server's word is needed. */
function broughtIn(
  joined: Group,
  received: ReceivedWelcome & { readonly committer: number; readonly at: number },
): readonly Change[] {
  const { invited = false, committer, at, conversation, group, number } = received;
  if (!invited) return [];
  const people = joined.members().map(personOf);
  const adding = people.find(({ leaf }) => leaf === committer);
  const own = people.find(({ leaf }) => leaf === joined.leaf);
  if (adding === undefined || own === undefined || adding.who === own.who) return [];
  const entry = { kind: "members", came: [own.who], went: [], by: adding.who, devices: [] } as const;
  return [{ kind: "history-kept", conversation, group, number, at, entry }];
}

/** A new group, with its creation to be asked of the server. */
export function createGroup(
  { engine, system }: Entering,
  options: { readonly group: Uint8Array; readonly conversation: string; readonly policy: RoomPolicy },
): readonly Change[] {
  const { group, conversation, policy } = options;
  const created = engine.createGroup(group, policy);
  const groupInfo = created.info();
  const saved = created.save();
  created.close();
  const request = { kind: "create", epoch: 0, after: 0, commit: new Uint8Array(), groupInfo } as const;
  return [
    { kind: "group-added", group, conversation, status: "joining", cursor: 0, hash: EMPTY_LOG, updateDue: 0 },
    { kind: "group-saved", slot: "candidate", saved },
    { kind: "request-made", group, request: whole(request, system) },
  ];
}

/**
 * An external commit, to join an open room or, if this device has a leaf there, to replace that leaf (resync, SEALED.md 13).
 * `row`: what is kept of the group, or null: then it is new. What was between is told as a gap; that of a join which this one takes
 * the place of (`abandoned`) begins where that one began, since entries behind it were passed over; that of a Welcome which didn't open behind
 * the commit that added this device (`addedBy`): from there on others wrote for it, too. Where its conversation was here before (`continues`), all that was said.
 */
export async function joinExternally(
  { engine, system }: Entering,
  options: {
    readonly group: Uint8Array;
    readonly conversation: string;
    readonly row: GroupRow | null;
    readonly abandoned: PendingRequest | null;
    readonly addedBy?: number | undefined;
    readonly continues?: boolean;
    readonly joinInfo: JoinInfo;
    readonly check?: Check;
  },
): Promise<readonly Change[]> {
  const { group, conversation, row, abandoned, addedBy, continues = false, joinInfo, check } = options;
  const { group: joined, commit, groupInfo } = await engine.joinExternal(joinInfo.groupInfo);
  checked(joined, check);
  const saved = joined.save();
  joined.close();
  const { epoch, number, hash } = joinInfo;
  const request = { kind: "join", epoch, after: number, commit, groupInfo } as const;
  const changes: Change[] = [
    { kind: "group-added", group, conversation, status: "joining", cursor: number, hash, updateDue: 0 },
    { kind: "group-saved", slot: "candidate", saved },
    { kind: "request-made", group, request: whole(request, system) },
  ];
  if (row?.status === "active") changes.unshift({ kind: "group-status", group, status: "joining", stopped: null });
  const before = abandoned?.kind === "join" ? abandoned.after : (row?.cursor ?? addedBy);
  const told = before ?? (continues ? epoch : undefined);
  if (told !== undefined && number > told) {
    const entry = { kind: "gap", from: told + 1, to: number } as const;
    changes.push({ kind: "history-kept", conversation, group, number, at: system.now(), entry });
  }
  return changes;
}

function checked(group: Group, check: Check = () => {}): void {
  try {
    check(group.policy);
  } catch (error) {
    group.close();
    throw error;
  }
}

function whole(request: Omit<PendingRequest, "requestId" | "welcome" | "welcomed">, system: System): PendingRequest {
  return { ...request, requestId: system.randomBytes(16), welcome: null, welcomed: [] };
}
