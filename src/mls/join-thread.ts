import type { KeyObject } from "node:crypto";
import { Worker } from "node:worker_threads";
import { EngineError, type EngineErrorCode } from "./engine-error.ts";
import type { WholeGroup } from "./group-engine.ts";

/** What a thread is started with. */
export interface JoinRequest {
  readonly key: KeyObject;
  readonly record: Uint8Array;
  readonly join:
    | { readonly kind: "welcome"; readonly welcome: Uint8Array; readonly secret: Uint8Array }
    | { readonly kind: "external"; readonly groupInfo: Uint8Array; readonly authenticatedData: Uint8Array };
}

export type JoinAnswer =
  | { readonly kind: "joined"; readonly saved: WholeGroup; readonly external: JoinedExternally | null }
  | { readonly kind: "refused"; readonly code: EngineErrorCode; readonly detail: string };

export interface JoinedExternally {
  readonly commit: Uint8Array;
  readonly groupInfo: Uint8Array;
  readonly replaced: number | null;
}

/** Joins a big group in a thread of its own, which ends with it; at most a minute. */
export async function joinInThread(request: JoinRequest): Promise<Extract<JoinAnswer, { kind: "joined" }>> {
  const file = import.meta.url.endsWith(".ts") ? "./join-worker.ts" : "./join-worker.js";
  const worker = new Worker(new URL(file, import.meta.url), { name: "padserve-join", workerData: request });
  const late = setTimeout(() => void worker.terminate(), LONGEST);
  try {
    const answer = await new Promise<JoinAnswer>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", (error) => reject(new EngineError("engine-failed", String(error))));
      worker.once("exit", () => reject(new EngineError("engine-failed", "the thread that joins ended early")));
    });
    if (answer.kind === "refused") throw new EngineError(answer.code, answer.detail);
    return answer;
  } finally {
    clearTimeout(late);
    await worker.terminate();
  }
}

/** Milliseconds; 1,000 members take 0.3 s. */
const LONGEST = 60_000;
