import { sameBytes } from "../../mls/identity/bytes.ts";
import type { Flight } from "../storage/kept.ts";
import { MOST_FRUITLESS } from "./context.ts";
import type { SessionContext, Step } from "./context.ts";
import { holdsOf } from "./holds.ts";
import { authenticatedData } from "./log.ts";
import type { Stored } from "./ports.ts";
import { ownMessage, stop } from "./receive.ts";
import { tired } from "./settle.ts";
import { hex } from "../storage/hex.ts";
import { ownPerson, rosterOf } from "./working.ts";
import type { Working } from "./working.ts";

/**
 * Sends the oldest message that waits: sealed for the current epoch under the next own number, and saved with the state that sealed
 * it, before it leaves. With the log read to its end, whatever of it the log has is settled already. `again`: the log may have it.
 */
export async function sendNext(context: SessionContext, work: Working): Promise<Step> {
  takeWritten(context, work);
  if (work.outbox.length === 0 || work.active === null || work.row.status !== "active") return { kind: "idle" };
  const { trust, removals } = context;
  const holds = holdsOf(work, { trust, removals, now: context.system.now() });
  if (holds.length > 0) return { kind: "held", holds };
  const until = awaitedUntil(context, work);
  if (until !== null) return { kind: "awaiting", until };
  if (isHalf(work)) return context.absent === null ? { kind: "idle" } : { kind: "held", holds: [context.absent] };
  if (withhold(context, work)) {
    await context.keep(work);
    return { kind: "again" };
  }
  if (context.fruitless >= MOST_FRUITLESS) return tired(context);
  const flight = await begin(context, work);
  if (flight === null) return { kind: "idle" };
  const { number: counter, messageId, epoch, sealed: bytes } = flight;
  const answer = await context.service.send({ group: context.id, epoch, counter, messageId, bytes });
  switch (answer.kind) {
    case "stored":
      return await found(context, work, flight, answer);
    case "stale-epoch":
      context.fruitless += 1;
      return { kind: "again" };
    case "offline":
      return answer;
    case "rolled-back":
      return await stopped(context, work, "rolled-back");
    case "number-gap":
      // More are known there than here: this state is an old one. Fewer: the server's is.
      return await stopped(context, work, answer.expected > counter ? "rolled-back" : "log-broken");
    case "closed":
      context.verdict = "closed";
      return { kind: "again" };
    case "too-old":
    case "not-a-member":
      return { kind: "refused", why: answer.kind };
    case "refused":
      return await giveUp(context, work, flight, answer.why);
  }
}

/** What was written since, while the session was waiting for the server. It is on the disk; what is in the outbox already isn't doubled. */
export function takeWritten({ written }: SessionContext, work: Working): void {
  for (const { message, shown } of written.splice(0)) {
    for (const who of shown) work.readers.add(who);
    if (work.outbox.some(({ messageId }) => sameBytes(messageId, message.messageId))) continue;
    work.outbox = [...work.outbox, message];
  }
}

/** Null: nobody is waited for any more. */
function awaitedUntil(context: SessionContext, work: Working): number | null {
  const { awaited, system } = context;
  if (awaited === null) return null;
  const there = new Set(rosterOf(work).members.map(({ deviceId }) => hex(deviceId)));
  if (system.now() < awaited.until && [...awaited.devices].some((device) => !there.has(device))) return awaited.until;
  context.awaited = null;
  return null;
}

/** A direct conversation with only one of its two in it: who is added later can't read what was said before. */
function isHalf(work: Working): boolean {
  const policy = work.active?.policy;
  if (policy?.access !== "listed") return false;
  const { members } = rosterOf(work);
  return policy.listed.some(
    ({ kind, identity }) =>
      !members.some((member) => member.identity.kind === kind && member.identity.identity === identity),
  );
}

/**
 * What was stored once, in a group that this one succeeds, is for who could read it then: with anybody else in this epoch it leaves the outbox, and
 * the history says how many did. Whether any did. (What is in flight in this epoch was sealed for the same people.)
 */
function withhold({ system }: SessionContext, work: Working): boolean {
  const { active, flight, row } = work;
  const { readers } = rosterOf(work);
  // Once in each epoch: what is written since was never stored.
  if (work.checkedFor === readers) return false;
  work.checkedFor = readers;
  const flying = flight !== null && flight.epoch === active?.epoch ? flight.messageId : null;
  const isForAll = audienceTest(readers, ownPerson(work)?.who);
  const withheld = work.outbox.filter(
    ({ messageId, audience }) =>
      audience !== undefined && !(flying !== null && sameBytes(flying, messageId)) && !isForAll(audience),
  );
  if (withheld.length === 0) return false;
  const { id: group, conversation, cursor: number } = row;
  if (flight !== null && withheld.some(({ messageId }) => sameBytes(messageId, flight.messageId))) {
    work.changes.push({ kind: "flight-ended", group });
    work.flight = null;
  }
  for (const { messageId } of withheld) {
    work.changes.push({ kind: "message-withdrawn", group, messageId });
    work.events.push({ kind: "refused", messageId, why: "others-read-here" });
  }
  const gone = new Set(withheld);
  work.outbox = work.outbox.filter((waiting) => !gone.has(waiting));
  const at = system.now();
  const entry = { kind: "withheld", count: withheld.length } as const;
  work.changes.push({ kind: "history-kept", conversation, group, number, at, entry });
  work.events.push({ kind: "entry", number, at, entry });
  return true;
}

/** Whether all readers but oneself are in an audience; each list is looked through once, most messages share one. */
function audienceTest(readers: readonly string[], own: string | undefined): (audience: readonly string[]) => boolean {
  const answers = new Map<readonly string[], boolean>();
  return (audience) => {
    const known = answers.get(audience);
    if (known !== undefined) return known;
    const could = new Set(audience);
    const isForAll = readers.every((who) => who === own || could.has(who));
    answers.set(audience, isForAll);
    return isForAll;
  };
}

/** What is in flight, if it was sealed for this epoch; else the same message, or the oldest, sealed now. */
async function begin(context: SessionContext, work: Working): Promise<Flight | null> {
  const { active, flight: before, row } = work;
  if (active === null) return null;
  if (before !== null && before.epoch === active.epoch) return before;
  const next = work.outbox.find(({ messageId }) => before === null || sameBytes(messageId, before.messageId));
  if (next === undefined) return null;
  const number = row.sent + 1;
  const { messageId } = next;
  const { message: sealed, epoch } = active.seal(next.content, authenticatedData(number, messageId));
  const flight = { messageId, number, epoch, sealed };
  work.flight = flight;
  work.isMoved = true;
  work.changes.push({ kind: "flight-begun", group: row.id, flight });
  await context.keep(work);
  return flight;
}

/** It is in the log; where that part of the log was passed over (a resync), it is settled here and now. */
async function found(context: SessionContext, work: Working, flight: Flight, { number }: Stored): Promise<Step> {
  context.fruitless += 1;
  const { row, active } = work;
  const written = work.outbox.find(({ messageId }) => sameBytes(messageId, flight.messageId));
  if (number > row.cursor || written === undefined || active === null) return { kind: "again" };
  const { messageId } = written;
  const at = context.system.now();
  const entry = ownMessage(written, { own: ownPerson(work), receiver: context.receiver });
  const { readers } = rosterOf(work);
  work.changes.push(
    { kind: "flight-stored", group: row.id, messageId, number: flight.number },
    { kind: "history-kept", conversation: row.conversation, group: row.id, number, at, entry, readers },
  );
  work.flight = null;
  work.outbox = work.outbox.filter((waiting) => waiting !== written);
  work.row = { ...row, sent: flight.number };
  work.events.push({ kind: "entry", number, at, entry }, { kind: "stored", messageId, number, at });
  await context.keep(work);
  return { kind: "again" };
}

async function giveUp(context: SessionContext, work: Working, { messageId }: Flight, why: string): Promise<Step> {
  const group = work.row.id;
  work.changes.push({ kind: "flight-ended", group }, { kind: "message-withdrawn", group, messageId });
  work.flight = null;
  work.outbox = work.outbox.filter((row) => !sameBytes(row.messageId, messageId));
  work.events.push({ kind: "refused", messageId, why });
  await context.keep(work);
  return { kind: "again" };
}

async function stopped(context: SessionContext, work: Working, cause: "rolled-back" | "log-broken"): Promise<Step> {
  stop(work, cause);
  await context.keep(work);
  return { kind: "stopped" };
}
