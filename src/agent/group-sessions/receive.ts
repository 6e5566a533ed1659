import { isEngineFailure } from "./engine-failure.ts";
import { EngineError } from "../../mls/engine-error.ts";
import type { Followed } from "../device/follow-commit.ts";
import type { Committed, Group, OpenedMessage } from "../../mls/group-engine.ts";
import { sameBytes } from "../../mls/identity/bytes.ts";
import type { Digest, HistoryEntry, OutboxRow, RemovalCause, StopCause } from "../storage/kept.ts";
import { authenticatedData, chainHash } from "./log.ts";
import type { LogEntry, System, Trust } from "./ports.ts";
import { nextUpdate } from "./schedule.ts";
import { hex } from "../storage/hex.ts";
import { personOf } from "./person.ts";
import { beginReaders, conclude, ownPerson, rosterOf } from "./working.ts";
import type { Person } from "./person.ts";
import type { Working } from "./working.ts";

export interface Receiver {
  readonly ownDevice: Uint8Array;
  readonly system: System;
  readonly trust: Pick<Trust, "follow" | "doubts">;
  readonly digest: (content: Uint8Array) => Digest;
  /** The entry in the engine now: if its instance ends there, the same isn't tried again, but told as unreadable. */
  attempt: { number: number; hasFailed: boolean };
  /** Device ids in hex: whose removal the server has ordered, and whose this device's person wants. */
  readonly removals: Pick<Map<string, number>, "has" | "delete">;
  readonly unwanted: Pick<Set<string>, "has" | "delete">;
}

/**
 * Takes the log's next entry into the working group: the engine, history, cursor and what waits move together. What doesn't open is
 * told in the history and never ends the group; what breaks the log or its epochs stops it.
 */
export function receive(work: Working, entry: LogEntry, receiver: Receiver): void {
  if (entry.number !== work.row.cursor + 1) throw new RangeError(`entry ${entry.number} after ${work.row.cursor}`);
  if (receiver.attempt.number !== entry.number) receiver.attempt = { number: entry.number, hasFailed: false };
  if (!isStoppedBy(work, entry, receiver)) advanceCursor(work, entry);
}

/** Passes over entries up to `number`, which nobody has any more. `hash` null: the next entry's tells it. */
export function pass(
  work: Working,
  { number, at, hash }: { readonly number: number; readonly at: number; readonly hash: Uint8Array | null },
): void {
  const { id: group, cursor: from, conversation, status } = work.row;
  const entry = { kind: "gap", from: from + 1, to: number } as const;
  // Who is coming in tells one gap, when it is in.
  if (status !== "joining") {
    work.changes.push({ kind: "history-kept", conversation, group, number, at, entry });
    work.events.push({ kind: "entry", number, at, entry });
  }
  const next = hash ?? work.row.hash;
  work.row = { ...work.row, cursor: number, hash: next };
  work.isBehindGap = hash === null;
  work.changes.push({ kind: "cursor-moved", group, from, to: number, hash: next });
}

/** Whether the group stopped at this entry, which then stays unread. */
function isStoppedBy(work: Working, entry: LogEntry, receiver: Receiver): boolean {
  const isOther = entry.hash !== undefined && !sameBytes(entry.hash, chainHash(work.row.hash, entry));
  if (isOther && !work.isBehindGap) return stop(work, "log-broken");
  if (entry.kind === "message" && sameBytes(entry.device, receiver.ownDevice)) return receiveOwn(work, entry, receiver);
  if (work.row.status === "joining") return receiveWhileJoining(work, entry, receiver);
  return entry.kind === "commit" ? receiveCommit(work, entry, receiver) : receiveMessage(work, entry, receiver);
}

/** Before our own joining commit, entries are of an epoch without this device. */
function receiveWhileJoining(work: Working, entry: LogEntry, { system }: Receiver): boolean {
  const { request, candidate } = work;
  if (request === null || candidate === null || entry.kind !== "commit") return false;
  const group = work.row.id;
  work.changes.push({ kind: "request-settled", group, requestId: request.requestId });
  work.request = null;
  work.candidate = null;
  const isOwn = sameBytes(entry.bytes, request.commit);
  const missed = entry.number - 1 - request.after;
  if (missed > 0) {
    const gap = { kind: "gap", from: request.after + 1, to: entry.number - 1 } as const;
    keep(work, { ...entry, number: entry.number - 1 }, gap);
  }
  if (!isOwn) {
    // Another's commit came first: this join can't be in the log any more.
    candidate.close();
    work.changes.push({ kind: "candidate-dropped", group });
    return false;
  }
  work.changes.push({ kind: "candidate-promoted", group });
  becomeMember(work, candidate, nextUpdate(system.now(), system.random()));
  work.events.push({ kind: "joined", number: entry.number });
  return false;
}

/** The candidate is the group's state from now on. */
export function becomeMember(work: Working, joined: Group, updateDue: number): void {
  const group = work.row.id;
  work.active?.close();
  work.active = joined;
  work.isMoved = true;
  work.row = { ...work.row, status: "active", stopped: null, updateDue };
  work.changes.push(
    { kind: "group-status", group, status: "active", stopped: null },
    { kind: "update-due", group, at: updateDue },
  );
  beginReaders(work);
}

function receiveMessage(work: Working, entry: LogEntry, receiver: Receiver): boolean {
  const { active } = work;
  if (active === null) return false;
  const opened = inEngine(receiver, () => (entry.epoch === active.epoch ? active.open(entry.bytes) : "another-epoch"));
  // Whatever came of it, the engine may have moved its keys.
  work.isMoved = true;
  const history = typeof opened === "string" ? unreadable(opened) : readMessage(work, entry, opened, receiver);
  keep(work, entry, history);
  return false;
}

/** An own message never goes into the engine: it is known by its number and id, and its content is in the outbox. */
function receiveOwn(work: Working, entry: LogEntry, receiver: Receiver): boolean {
  const { flight, row } = work;
  const written = work.outbox.find(({ messageId }) => sameBytes(messageId, entry.messageId));
  const isExpected = flight !== null && sameBytes(flight.messageId, entry.messageId) && flight.number === entry.counter;
  if (!isExpected || written === undefined || entry.counter !== row.sent + 1) {
    // The log has what this device doesn't know to have sent: it was copied or restored (SEALED.md 9).
    return stop(work, "rolled-back");
  }
  const { messageId } = written;
  work.changes.push({ kind: "flight-stored", group: row.id, messageId, number: entry.counter });
  work.flight = null;
  work.outbox = work.outbox.filter((waiting) => waiting !== written);
  work.row = { ...row, sent: entry.counter };
  // A server may put it behind a commit that it wasn't sealed for: whoever came with that couldn't read it, and isn't to get it again.
  const readers = flight.epoch === work.active?.epoch ? rosterOf(work).readers : [];
  keep(work, entry, ownMessage(written, { own: ownPerson(work), receiver }), readers);
  work.events.push({ kind: "stored", messageId, number: entry.number, at: entry.at });
  return false;
}

export function ownMessage(
  { messageId, content }: OutboxRow,
  { own, receiver }: { readonly own: Person | null; readonly receiver: Receiver },
): HistoryEntry {
  const { ownDevice: device, digest } = receiver;
  const by = { who: own?.who ?? "", device, deviceLabel: own?.deviceLabel ?? "" };
  return { kind: "message", ...by, messageId, content, ...digest(content), missed: 0 };
}

/**
 * The engine's own word for what it refuses. That its instance has ended is thrown: the group is loaded again and the entry tried
 * once more; ends it again, the entry is at fault.
 */
function inEngine<T>({ attempt }: Receiver, work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    if (!isEngineFailure(error) || attempt.hasFailed) return error.code;
    attempt.hasFailed = true;
    throw error;
  }
}

/** What MLS proves and what the server says of an entry must be the same. */
function readMessage(work: Working, entry: LogEntry, opened: OpenedMessage, { digest, trust }: Receiver): HistoryEntry {
  const { sender } = opened;
  const from = rosterOf(work).members.find(({ leaf }) => leaf === sender.leaf) ?? personOf(sender);
  const { who, deviceId, deviceLabel } = from;
  const isAsSent = sameBytes(opened.authenticatedData, authenticatedData(entry.counter, entry.messageId));
  if (!sameBytes(deviceId, entry.device) || !isAsSent) return unreadable("misattributed");
  const last = work.senders.get(hex(deviceId));
  if (last !== undefined && entry.counter <= last) return unreadable("repeated");
  work.senders.set(hex(deviceId), entry.counter);
  work.changes.push({ kind: "sender-seen", group: work.row.id, device: deviceId, number: entry.counter });
  const missed = last === undefined ? 0 : entry.counter - last - 1;
  const { plaintext: content } = opened;
  const by = { who, device: deviceId, deviceLabel };
  const said = { kind: "message", ...by, messageId: entry.messageId, content, ...digest(content), missed } as const;
  const doubt = trust.doubts(from);
  // Whose key is in doubt changes no word of whom it says it is: what it asks for stands as a message of its own.
  return doubt === null ? said : { ...said, amends: null, doubt };
}

function receiveCommit(work: Working, entry: LogEntry, receiver: Receiver): boolean {
  const { active, request } = work;
  const { ownDevice, system, trust } = receiver;
  if (active === null) return false;
  const { members: before } = rosterOf(work);
  if (entry.epoch !== active.epoch) return stop(work, "log-broken");
  const isOwn = request !== null && sameBytes(request.commit, entry.bytes);
  const isModerated = active.policy.moderators.length > 0;
  if (!isOwn && sameBytes(entry.device, ownDevice)) return stop(work, "rolled-back");
  if (request !== null) {
    work.changes.push({ kind: "request-settled", group: work.row.id, requestId: request.requestId });
    work.request = null;
  }
  const committed = inEngine(receiver, () => {
    if (isOwn) return active.apply();
    if (active.pending) active.clear();
    return active.process(entry.bytes);
  });
  if (typeof committed === "string") return stop(work, "invalid-commit");
  work.isMoved = true;
  if (isOwn) conclude(work, { kind: "done", epoch: active.epoch });
  if (isOwn && committed.kind !== "add") postponeUpdate(work, system);
  const seen = seenCommit(before, committed);
  const { pins, succession } = trust.follow(seen);
  for (const pin of pins) work.changes.push({ kind: "pin-kept", pin });
  if (pins.length > 0) work.isPinning = true;
  const told = members(seen, whyRemoved(seen.removed, { isOwn, isModerated }, receiver));
  keep(work, entry, succession === null ? told : (devicesRemoved(seen, succession) ?? told));
  if (committed.removedSelf) leave(work, entry.number);
  return false;
}

function seenCommit(before: readonly Person[], committed: Committed) {
  const { kind, sender, added, removed } = committed;
  return {
    before,
    committer: personOf(sender),
    byJoiner: kind === "external-join" || kind === "resync",
    added: added.map(personOf),
    removed: removed.map(personOf),
    authenticatedData: committed.authenticatedData,
  };
}

/** Null: told before, or of another group; or the commit does something else besides, which nobody is to miss. */
function devicesRemoved(
  { committer, added, removed }: ReturnType<typeof seenCommit>,
  { isNew }: NonNullable<Followed["succession"]>,
): HistoryEntry | null {
  const gone = removed.filter(({ who }) => who === committer.who);
  if (added.length > 0 || gone.length < removed.length) return null;
  if (gone.length === 0 && !isNew) return null;
  const devices = gone.map(({ deviceLabel }) => deviceLabel);
  return { kind: "device-removed", who: committer.who, by: committer.deviceLabel, devices };
}

/**
 * The log says by whose device a leaf went, and not at whose wish: members' clients commit what the server has ordered. Neither is remembered
 * any longer.
 */
function whyRemoved(
  removed: readonly Person[],
  { isOwn, isModerated }: { readonly isOwn: boolean; readonly isModerated: boolean },
  { removals, unwanted }: Receiver,
): RemovalCause | undefined {
  const devices = removed.map(({ deviceId }) => hex(deviceId));
  if (devices.length === 0) return undefined;
  const isOrdered = devices.every((device) => removals.has(device));
  const isWanted = isOwn && devices.every((device) => unwanted.has(device));
  // Whoever comes back is ordered out no more.
  for (const device of devices) {
    removals.delete(device);
    unwanted.delete(device);
  }
  if (isOrdered) return "ordered";
  if (isWanted) return "wanted";
  // Of others' leaves the server takes no removals but those it has ordered and those by moderators (GR-15).
  return isModerated ? undefined : "ordered";
}

function members(
  { before, added, removed, committer }: ReturnType<typeof seenCommit>,
  why: RemovalCause | undefined,
): HistoryEntry {
  const isGone = ({ leaf }: Person) => removed.some((one) => one.leaf === leaf);
  const staying = new Set(before.filter((person) => !isGone(person)).map(({ who }) => who));
  const ofThem = (people: readonly Person[], how: "came" | "went") =>
    people.flatMap(({ who, deviceLabel: label }) => (staying.has(who) ? [{ who, label, how }] : []));
  const [came, went] = [added, removed].map((people) => people.map(({ who }) => who));
  const devices = [...ofThem(added, "came"), ...ofThem(removed, "went")];
  const told = { kind: "members", came: came ?? [], went: went ?? [], by: committer.who, devices } as const;
  return why === undefined ? told : { ...told, why };
}

function postponeUpdate(work: Working, system: System): void {
  const at = nextUpdate(system.now(), system.random());
  work.row = { ...work.row, updateDue: at };
  work.changes.push({ kind: "update-due", group: work.row.id, at });
}

/** Keys go with the membership; history stays, and so does what waits, for who is added again. */
export function leave(work: Working, number: number): void {
  const group = work.row.id;
  work.active?.close();
  work.active = null;
  work.intent = null;
  work.isMoved = false;
  work.row = { ...work.row, status: "removed" };
  work.changes.push({ kind: "group-status", group, status: "removed", stopped: null });
  work.events.push({ kind: "removed", number });
}

/** Stays so until a person, or a successor of the group, decides. True, so that a caller can pass it on. */
export function stop(work: Working, cause: StopCause): true {
  work.intent = null;
  work.row = { ...work.row, status: "stopped", stopped: cause };
  work.changes.push({ kind: "group-status", group: work.row.id, status: "stopped", stopped: cause });
  work.events.push({ kind: "stopped", cause });
  return true;
}

function keep(
  work: Working,
  { number, at }: LogEntry,
  entry: HistoryEntry,
  readers: readonly string[] = entry.kind === "message" ? rosterOf(work).readers : [],
): void {
  const { id: group, conversation } = work.row;
  work.changes.push({ kind: "history-kept", conversation, group, number, at, entry, readers });
  work.events.push({ kind: "entry", number, at, entry });
}

function advanceCursor(work: Working, entry: LogEntry): void {
  const { id: group, cursor: from } = work.row;
  const chained = chainHash(work.row.hash, entry);
  const hash = work.isBehindGap ? (entry.hash ?? chained) : chained;
  work.isBehindGap = false;
  work.row = { ...work.row, cursor: entry.number, hash };
  work.changes.push({ kind: "cursor-moved", group, from, to: entry.number, hash });
}

function unreadable(why: string): HistoryEntry {
  return { kind: "unreadable", why };
}
