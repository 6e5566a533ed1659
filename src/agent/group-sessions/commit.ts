import { EngineError } from "../../mls/engine-error.ts";
import { catchUp } from "./catch-up.ts";
import type { SessionContext } from "./context.ts";
import { isEngineFailure } from "./engine-failure.ts";
import type { Intent } from "../storage/kept.ts";
import { hex } from "../storage/hex.ts";
import { settleOrStart, startCommit } from "./settle.ts";
import type { Working } from "./working.ts";

/**
 * `unsettled`: kept, and nobody answers; `outrun`: kept, and others were faster so many times. Either is done by a later `advance`, on
 * whatever the group is then (SEALED.md 12).
 */
export type CommitOutcome =
  | { readonly kind: "done"; readonly epoch: number }
  | { readonly kind: "nothing-to-do" | "unsettled" | "offline" | "outrun" | "not-a-member" | "stopped" }
  | { readonly kind: "refused"; readonly why: string };

/** Makes the commit on the present state. With it is kept what it is to do, so that a lost race makes it again, after a crash too. */
export async function commitIntent(context: SessionContext, work: Working, intent: Intent): Promise<CommitOutcome> {
  const obstacle = await settleAll(context, work);
  if (obstacle !== null) return obstacle;
  if (work.active === null) return { kind: "not-a-member" };
  if (intent.kind === "remove") noteUnwanted(context, intent.devices.map(hex));
  work.concluded = null;
  context.races = 0;
  try {
    if ((await startCommit(context, work, intent, context.system.now())) === null) return { kind: "nothing-to-do" };
  } catch (error) {
    if (!(error instanceof EngineError) || isEngineFailure(error)) throw error;
    return { kind: "refused", why: error.code };
  }
  const left = await settleAll(context, work);
  if (work.concluded !== null) return work.concluded;
  return left === null || left.kind === "offline" ? { kind: "unsettled" } : left;
}

/** Those whose removal the server hasn't ordered. */
function noteUnwanted({ removals, unwanted }: SessionContext, devices: readonly string[]): void {
  if (unwanted.size > MOST_UNWANTED) unwanted.clear();
  for (const device of devices.slice(0, MOST_UNWANTED)) if (!removals.has(device)) unwanted.add(device);
}

const MOST_UNWANTED = 1000;

/** Until nothing is on its way; else why that isn't to be had now. */
async function settleAll(context: SessionContext, work: Working): Promise<CommitOutcome | null> {
  for (;;) {
    const caughtUp = await catchUp(context, work);
    const isSettled = work.request === null && work.intent === null && work.row.status !== "joining";
    const step = caughtUp.kind === "idle" && !isSettled ? await settleOrStart(context, work) : caughtUp;
    switch (step.kind) {
      case "idle":
        if (isSettled || work.active === null) return null;
        break;
      case "again":
        break;
      case "removed":
        return { kind: "not-a-member" };
      case "busy":
      case "awaiting":
      case "held":
        return { kind: "outrun" };
      case "offline":
      case "stopped":
        return { kind: step.kind };
      case "refused":
        return step;
    }
  }
}
