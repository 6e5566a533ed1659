/**
 * `agent/group-sessions`: one session for each group: it follows the group's log, sends what waits and settles what was under
 * way. Whatever it sends is on the disk first, and it knows the server only by `ports.ts`.
 */

import { sameBytes } from "../../mls/identity/bytes.ts";
import type { SessionContext, Step } from "./context.ts";
import type { LogEntry, Page, Refusal } from "./ports.ts";
import { pass, receive, stop } from "./receive.ts";
import { rejoin } from "./settle.ts";
import { rosterOf } from "./working.ts";
import type { Working } from "./working.ts";

/** Entries of one transaction, and of one page. */
const BATCH = 64;
const MOST_IN_PAGE = 256;

/** Takes all that the log has, in its order, in transactions of up to 64 entries. `idle`: nothing is missing, and the group goes on. */
export async function catchUp(context: SessionContext, work: Working): Promise<Step> {
  if (work.row.status === "stopped" || work.row.successor !== null) return { kind: "stopped" };
  if (context.verdict === "log-broken") return await broken(context, work);
  // A group that is being created has no log yet, and of one to come into afresh nothing before that can be read.
  if (work.request?.kind === "create" || isOutside(work)) return await ended(context, work);
  for (;;) {
    const stopped = await takeAll(context, work, offeredNext(context, work), 0);
    if (stopped !== null) return stopped;
    const answer = await context.service.read(context.id, work.row.cursor);
    if (answer.kind === "not-a-member" && context.verdict === "closed") break;
    // Until its join is taken it has nothing to read; by the answer to that it learns what came of it.
    if (answer.kind === "not-a-member" && work.row.status === "joining") return { kind: "idle" };
    if (answer.kind === "not-a-member" && context.verdict === "forgotten") return await broken(context, work);
    if (answer.kind !== "page") return await refused(context, work, answer);
    if (isBroken(work, answer)) return await broken(context, work);
    if (answer.entries.length > 0) context.fruitless = 0;
    const stoppedThere = await takeAll(context, work, answer.entries, answer.forgotten);
    if (stoppedThere !== null) return stoppedThere;
    if (answer.entries.length === 0) await passRest(context, work, answer);
    if (work.row.cursor >= answer.head || isOutside(work)) break;
    // Entries are there, and none came: as good as nobody there.
    if (answer.entries.length === 0) return { kind: "offline" };
  }
  if (disagrees(context, work)) return await broken(context, work);
  await pinNewcomers(context, work);
  return await ended(context, work);
}

/** Stops the group if the server has closed it: only now, when nothing of its log is left to be read. */
async function ended(context: SessionContext, work: Working): Promise<Step> {
  if (context.verdict !== "closed") return { kind: "idle" };
  stop(work, "closed");
  await context.keep(work);
  return { kind: "stopped" };
}

/** Whoever is in the group is known from now on by the key that is shown first. */
async function pinNewcomers(context: SessionContext, work: Working): Promise<void> {
  const { active } = work;
  if (active === null || context.pinnedEpoch === active.epoch) return;
  const { members: people } = rosterOf(work);
  await context.keepPins(work, () => {
    work.changes.push(...context.trust.firstUses(people.map(({ identity: who, userKey }) => ({ who, userKey }))));
    return true;
  });
  context.pinnedEpoch = active.epoch;
}

/** What was pushed and follows on what was read. */
function offeredNext({ offered }: SessionContext, { row }: Working): readonly LogEntry[] {
  const next: LogEntry[] = [];
  for (let number = row.cursor + 1; ; number += 1) {
    const entry = offered.get(number);
    if (entry === undefined) break;
    next.push(entry);
  }
  for (const number of offered.keys()) if (number <= row.cursor + next.length) offered.delete(number);
  return next;
}

/** Null when the group goes on. Entries that are left out up to `forgotten` are passed over. */
async function takeAll(
  context: SessionContext,
  work: Working,
  entries: readonly LogEntry[],
  forgotten: number,
): Promise<Step | null> {
  for (let at = 0; at < entries.length && isGoingOn(work); at += BATCH) {
    for (const entry of entries.slice(at, at + BATCH)) {
      if (!isGoingOn(work)) break;
      if (entry.number > work.row.cursor + 1 && entry.number - 1 <= forgotten) {
        pass(work, { number: entry.number - 1, at: entry.at, hash: null });
      }
      if (entry.kind === "message") receive(work, entry, context.receiver);
      else await receiveInTurn(context, work, entry);
    }
    const wasInvalid = work.row.stopped === "invalid-commit";
    await context.keep(work);
    if (wasInvalid) await context.service.reportInvalid(context.id, work.row.cursor + 1);
  }
  const { status } = work.row;
  return status === "removed" || status === "stopped" ? { kind: status } : null;
}

/** A commit may change what is known of people, which is known in all groups or in none. */
async function receiveInTurn(context: SessionContext, work: Working, entry: LogEntry): Promise<void> {
  await context.keepPins(work, () => {
    receive(work, entry, context.receiver);
    return work.isPinning;
  });
}

/** When nothing is left to read, and all up to the log's end is forgotten. */
async function passRest(context: SessionContext, work: Working, { head, forgotten, hash }: Page): Promise<void> {
  if (work.row.cursor >= head || forgotten < head || hash === null) return;
  pass(work, { number: head, at: context.system.now(), hash });
  await context.keep(work);
}

function isGoingOn(work: Working): boolean {
  return work.row.status === "active" || (work.row.status === "joining" && !isOutside(work));
}

/** Whether its join was overtaken, so that it has to be made again. */
function isOutside({ row, request }: Working): boolean {
  return row.status === "joining" && request === null;
}

/** Entries that don't follow on one another (behind what is forgotten), more than may come, or a log that has become shorter. */
function isBroken({ row, isBehindGap }: Working, page: Page): boolean {
  const { entries, head, forgotten } = page;
  const isInOrder = entries.every(({ number, hash }, index) => {
    const before = entries[index - 1]?.number ?? row.cursor;
    return number === before + 1 || (number > before && number - 1 <= forgotten && hash !== undefined);
  });
  // Who is coming in again may know a later end than it is shown: its removal from before.
  const isShorter = head < row.cursor && row.status !== "joining";
  const isAtEnd = head === row.cursor && row.status === "active" && !isBehindGap;
  if (isAtEnd && page.hash !== null && !sameBytes(page.hash, row.hash)) return true;
  return !isInOrder || entries.length > MOST_IN_PAGE || isShorter || (entries.at(-1)?.number ?? 0) > head;
}

/** Whether the server's word about its log's end is another than what was read there. */
function disagrees(context: SessionContext, { row }: Working): boolean {
  const { expectedHead } = context;
  if (expectedHead === null || expectedHead.number > row.cursor) return false;
  context.expectedHead = null;
  // Of an end that lies before what was read the hash isn't kept; a log that is shorter now shows in its page.
  return expectedHead.number === row.cursor && !sameBytes(expectedHead.hash, row.hash);
}

async function broken(context: SessionContext, work: Working): Promise<Step> {
  stop(work, "log-broken");
  await context.keep(work);
  return { kind: "stopped" };
}

async function refused(context: SessionContext, work: Working, answer: Refusal): Promise<Step> {
  switch (answer.kind) {
    case "too-old": {
      const step = await rejoin(context, work);
      // There is nothing to come back into, and nothing more to be read.
      return context.verdict === "closed" ? await ended(context, work) : step;
    }
    case "closed":
      context.verdict = "closed";
      return await ended(context, work);
    case "refused":
      return answer;
    case "not-a-member":
      return { kind: "refused", why: "not a member" };
    case "offline":
    case "stale-epoch":
    case "rolled-back":
    case "number-gap":
      return { kind: "offline" };
  }
}
