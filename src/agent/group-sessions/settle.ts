import { EngineError } from "../../mls/engine-error.ts";
import { MOST_FRUITLESS } from "./context.ts";
import type { SessionContext, Step } from "./context.ts";
import { isEngineFailure } from "./engine-failure.ts";
import { buildCommit } from "./intent.ts";
import type { Built } from "./intent.ts";
import { joinExternally } from "./join.ts";
import { becomeMember, stop } from "./receive.ts";
import { backOff, nextUpdate } from "./schedule.ts";
import type { Intent, KeptIntent } from "../storage/kept.ts";
import { conclude, dropOutbox } from "./working.ts";
import type { Working } from "./working.ts";

/**
 * With the log read to its end: what was on its way is asked again under its id; who is out comes in; keys that are due are
 * renewed. `idle`: nothing of all this, and messages may be sent.
 */
export async function settleOrStart(context: SessionContext, work: Working): Promise<Step> {
  if (work.request !== null) return await submit(context, work);
  if (work.row.status === "joining") return await rejoin(context, work);
  if (work.active !== null && work.intent !== null) return await remake(context, work, work.intent);
  if (work.active === null || work.row.updateDue > context.system.now()) return { kind: "idle" };
  return (await startCommit(context, work, { kind: "update" })) === null ? { kind: "idle" } : { kind: "again" };
}

/** A commit that lost its race, perhaps before a crash: once more on what the winner left, after a while by chance. */
async function remake(context: SessionContext, work: Working, kept: KeptIntent): Promise<Step> {
  const { system } = context;
  if (context.races >= MOST_RACES) {
    context.races = 0;
    return { kind: "busy" };
  }
  context.races += 1;
  await system.wait(backOff(context.races, system.random()));
  // What somebody wanted days ago they may not want any more.
  if (system.now() - kept.madeAt > LONGEST_WANTED) {
    conclude(work, { kind: "refused", why: "too-late" });
    await context.keep(work);
    return { kind: "again" };
  }
  try {
    await startCommit(context, work, kept.intent, kept.madeAt);
  } catch (error) {
    if (!(error instanceof EngineError) || isEngineFailure(error)) throw error;
    conclude(work, { kind: "refused", why: error.code });
    await context.keep(work);
  }
  return { kind: "again" };
}

const MOST_RACES = 10;
/** Milliseconds. */
const LONGEST_WANTED = 24 * 3600 * 1000;

/**
 * Makes the commit and keeps it, with the state that waits for it and, if somebody wants it (since `wantedAt`), with what it is to do,
 * before it leaves. Null when there is nothing to do; throws
 * `EngineError` for what the room's policy forbids.
 */
export async function startCommit(
  context: SessionContext,
  work: Working,
  intent: Intent,
  wantedAt?: number,
): Promise<Built | null> {
  const { active, row } = work;
  if (active === null || row.status !== "active") return null;
  const epoch = active.epoch;
  const built = buildCommit(active, intent, { now: context.system.now(), record: context.engine.record });
  if (built === null) {
    if (work.intent === null) return null;
    conclude(work, { kind: "nothing-to-do" });
    await context.keep(work);
    return null;
  }
  const { commit, welcome, groupInfo, welcomed } = built;
  const requestId = context.system.randomBytes(16);
  work.request = { requestId, kind: "commit", epoch, after: row.cursor, commit, welcome, groupInfo, welcomed };
  work.changes.push({ kind: "request-made", group: row.id, request: work.request });
  if (wantedAt !== undefined && work.intent === null) {
    work.intent = { intent, madeAt: wantedAt };
    work.changes.push({ kind: "intent-kept", group: row.id, intent: work.intent });
  }
  work.isMoved = true;
  await context.keep(work);
  return built;
}

/** Asks for what is on its way. What the log then has, `catchUp` finds there. */
async function submit(context: SessionContext, work: Working): Promise<Step> {
  const { request } = work;
  if (request === null) return { kind: "idle" };
  if (context.fruitless >= MOST_FRUITLESS) return tired(context);
  const answer = await context.service.commit(context.id, request);
  switch (answer.kind) {
    case "stored":
      if (request.kind === "create") await begin(context, work, answer.number);
      context.fruitless += 1;
      return { kind: "again" };
    case "stale-epoch":
      context.fruitless += 1;
      // Another's commit came first, perhaps where this device can't read it: the join is made afresh from the newest GroupInfo.
      if (request.kind === "join") await dropJoin(context, work);
      await context.system.wait(backOff(context.fruitless, context.system.random()));
      return { kind: "again" };
    case "offline":
      return answer;
    case "closed":
      context.verdict = "closed";
      return { kind: "again" };
    case "rolled-back":
      stop(work, "rolled-back");
      await context.keep(work);
      return { kind: "stopped" };
    case "number-gap":
    case "too-old":
    case "not-a-member":
      return await dropRequest(context, work, answer.kind);
    case "refused":
      return await dropRequest(context, work, answer.why);
  }
}

export function tired(context: SessionContext): Step {
  context.fruitless = 0;
  return { kind: "busy" };
}

/** A created group has no commit: it is there from the server's yes on. */
async function begin(context: SessionContext, work: Working, number: number): Promise<void> {
  const { candidate, request, row } = work;
  if (candidate === null || request === null) return;
  work.changes.push(
    { kind: "request-settled", group: row.id, requestId: request.requestId },
    { kind: "candidate-promoted", group: row.id },
  );
  work.request = null;
  work.candidate = null;
  const { system } = context;
  becomeMember(work, candidate, nextUpdate(system.now(), system.random()));
  work.events.push({ kind: "joined", number });
  await context.keep(work);
}

async function dropJoin(context: SessionContext, work: Working): Promise<void> {
  const { request, row, candidate } = work;
  if (request === null) return;
  work.changes.push({ kind: "request-settled", group: row.id, requestId: request.requestId });
  work.changes.push({ kind: "candidate-dropped", group: row.id });
  candidate?.close();
  work.request = null;
  work.candidate = null;
  await context.keep(work);
}

/** The server takes it for no good reason of a race: whatever it was to do is not done. */
async function dropRequest(context: SessionContext, work: Working, why: string): Promise<Step> {
  const { request, row, candidate, active } = work;
  if (request === null) return { kind: "again" };
  work.changes.push({ kind: "request-settled", group: row.id, requestId: request.requestId });
  if (request.kind === "commit") conclude(work, { kind: "refused", why });
  work.request = null;
  if (candidate !== null) {
    candidate.close();
    work.candidate = null;
    work.changes.push({ kind: "candidate-dropped", group: row.id });
    // A group that was never created has no GroupInfo to join by.
    if (request.kind === "create") {
      work.row = { ...row, status: "removed" };
      work.changes.push({ kind: "group-status", group: row.id, status: "removed", stopped: null });
      // What waits for a successor goes on to the one that another was faster to make.
      if (!work.isSuccessor) dropOutbox(work, why);
    }
  } else if (active?.pending === true) {
    active.clear();
    work.isMoved = true;
  }
  // Fresh keys that the server doesn't take now are due again later, not at once.
  if (row.updateDue <= context.system.now()) {
    const at = nextUpdate(context.system.now(), context.system.random());
    work.row = { ...work.row, updateDue: at };
    work.changes.push({ kind: "update-due", group: row.id, at });
  }
  await context.keep(work);
  return { kind: "refused", why };
}

/** By external commit, as a member that was away too long or lost a race for coming in (SEALED.md 13). */
export async function rejoin(context: SessionContext, work: Working): Promise<Step> {
  if (context.fruitless >= MOST_FRUITLESS) return tired(context);
  context.fruitless += 1;
  const joinInfo = await context.service.joinInfo(context.id);
  // Its conversation goes on in another group.
  if (joinInfo.kind === "closed") {
    context.verdict = "closed";
    return { kind: "again" };
  }
  // Whoever hears this looks what there is (runtime/arriving.ts).
  if (joinInfo.kind === "not-a-member") return { kind: "refused", why: "not a member" };
  if (joinInfo.kind !== "join-info") return joinInfo.kind === "refused" ? joinInfo : { kind: "offline" };
  const { row, request: abandoned } = work;
  try {
    const { conversation } = row;
    await context.store.commit(
      await joinExternally(context, { group: context.id, conversation, row, abandoned, joinInfo }),
    );
  } catch (error) {
    if (!(error instanceof EngineError) || isEngineFailure(error)) throw error;
    return { kind: "refused", why: error.code };
  }
  await context.reload(work);
  return { kind: "again" };
}
