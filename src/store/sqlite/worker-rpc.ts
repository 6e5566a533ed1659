import type { Worker } from "node:worker_threads";
import { StoreError } from "../errors.ts";
import { unpackError } from "./messages.ts";
import type { Answer, Request } from "./messages.ts";

type Success = Exclude<Answer, { kind: "failed" }>;

export interface WorkerRpc {
  /** `transfer` is handed over, and of no use here afterwards. Rejects with a `StoreError`: the thread's own, or one that says that the thread has ended. */
  readonly ask: (request: Request, transfer?: readonly ArrayBuffer[]) => Promise<Success>;
  /** Resolves when the thread is gone, for whatever reason. */
  readonly ended: Promise<void>;
}

type Waiting = PromiseWithResolvers<Success>;

/** Questions and answers with the thread. It answers in the order of the questions, so they need no numbers. */
export function workerRpc(worker: Worker): WorkerRpc {
  const waiting: Waiting[] = [];
  const ended = Promise.withResolvers<void>();
  let death: StoreError | null = null;

  worker.on("message", (answer: Answer) => {
    const asked = waiting.shift();
    if (waiting.length === 0) worker.unref();
    if (answer.kind === "failed") asked?.reject(unpackError(answer));
    else asked?.resolve(answer);
  });
  // An error that nobody caught is the thread's end; its exit follows.
  worker.on("error", refuseAll);
  worker.on("exit", () => {
    refuseAll(undefined);
    ended.resolve();
  });

  return { ask, ended: ended.promise };

  async function ask(request: Request, transfer: readonly ArrayBuffer[] = []): Promise<Success> {
    if (death !== null) throw death;
    // The first may throw, for facts that can't be copied between threads; then nobody waits.
    worker.postMessage(request, transfer);
    worker.ref();
    const asked: Waiting = Promise.withResolvers();
    waiting.push(asked);
    return await asked.promise;
  }

  function refuseAll(cause: unknown): void {
    death ??= new StoreError("failed", "The store is closed, or its thread has died; open it again to use it.", cause);
    for (const asked of waiting.splice(0)) asked.reject(death);
  }
}
