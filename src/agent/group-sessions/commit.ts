import { EngineError } from "../../mls/engine-error.ts";
import { sameBytes } from "../../mls/identity/bytes.ts";
import { catchUp } from "./catch-up.ts";
import type { SessionContext } from "./context.ts";
import { isEngineFailure } from "./engine-failure.ts";
import type { Intent } from "./intent.ts";
import { backOff } from "./schedule.ts";
import { settleOrStart, startCommit } from "./settle.ts";
import type { Working } from "./working.ts";

/**
 * `unsettled`: on its way, and nobody answers; a later `advance` settles it, and if it lost its race it isn't made again.
 * `outrun`: others were faster so many times.
 */
export type CommitOutcome =
  | { readonly kind: "done"; readonly epoch: number }
  | { readonly kind: "nothing-to-do" | "unsettled" | "offline" | "outrun" | "not-a-member" | "stopped" }
  | { readonly kind: "refused"; readonly why: string };

const MOST_RACES = 10;

/** Makes the commit on the current state; a lost race is made again on what the winner left, after a while by chance. */
export async function commitIntent(context: SessionContext, work: Working, intent: Intent): Promise<CommitOutcome> {
  for (let race = 0; race < MOST_RACES; race += 1) {
    const obstacle = await settleAll(context, work);
    if (obstacle !== null) return obstacle;
    const { active } = work;
    if (active === null) return { kind: "not-a-member" };
    try {
      if ((await startCommit(context, work, intent)) === null) return { kind: "nothing-to-do" };
    } catch (error) {
      if (!(error instanceof EngineError) || isEngineFailure(error)) throw error;
      return { kind: "refused", why: error.code };
    }
    const made = work.request;
    const left = await settleAll(context, work);
    const { settled } = work;
    if (made !== null && settled !== null && sameBytes(settled.requestId, made.requestId)) {
      if (settled.outcome === "won") return { kind: "done", epoch: work.active?.epoch ?? made.epoch + 1 };
      if (settled.outcome === "refused") return left ?? { kind: "refused", why: "" };
    } else {
      return left?.kind === "offline" || left === null ? { kind: "unsettled" } : left;
    }
    await context.system.wait(backOff(race, context.system.random()));
  }
  return { kind: "outrun" };
}

/** Until nothing is on its way; else why that isn't to be had now. */
async function settleAll(context: SessionContext, work: Working): Promise<CommitOutcome | null> {
  for (;;) {
    const caughtUp = await catchUp(context, work);
    const isSettled = work.request === null && work.row.status !== "joining";
    const step = caughtUp.kind === "idle" && !isSettled ? await settleOrStart(context, work) : caughtUp;
    switch (step.kind) {
      case "idle":
        if (isSettled) return null;
        break;
      case "again":
        break;
      case "removed":
        return { kind: "not-a-member" };
      case "busy":
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
