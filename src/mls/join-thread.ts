import type { KeyObject } from "node:crypto";
import { Worker } from "node:worker_threads";
import { EngineError, type EngineErrorCode } from "./engine-error.ts";
import type { WholeGroup } from "./group-engine.ts";
import { compiledModule } from "./module/instance.ts";

/** A join, as the thread needs it. */
export interface JoinRequest {
  readonly key: KeyObject;
  readonly record: Uint8Array;
  readonly join:
    | { readonly kind: "welcome"; readonly welcome: Uint8Array; readonly secret: Uint8Array }
    | { readonly kind: "external"; readonly groupInfo: Uint8Array; readonly authenticatedData: Uint8Array };
}

/** What the thread is started with: the module as it is compiled already. */
export interface JoinThreadData {
  readonly module: object;
}

export type JoinAnswer =
  | { readonly kind: "welcomed"; readonly saved: WholeGroup; readonly committer: number }
  | { readonly kind: "joined"; readonly saved: WholeGroup; readonly external: JoinedExternally }
  | { readonly kind: "refused"; readonly code: EngineErrorCode; readonly detail: string };

export interface JoinedExternally {
  readonly commit: Uint8Array;
  readonly groupInfo: Uint8Array;
  readonly replaced: number | null;
}

/** Joins a big group in a thread, at most a minute. The thread stays for some seconds, since starting it takes as long as a join of 300 members. */
export function joinInThread(request: JoinRequest): Promise<Joined> {
  const joined = last.then(() => joinNow(request));
  last = joined.catch(() => undefined);
  return joined;
}

type Joined = Exclude<JoinAnswer, { kind: "refused" }>;

/** The process's one thread, and when it ends for want of work. */
let present: { readonly worker: Worker; idle: NodeJS.Timeout | null } | null = null;
/** Joins go one after another, whosever they are. */
let last: Promise<unknown> = Promise.resolve();

async function joinNow(request: JoinRequest): Promise<Joined> {
  const thread = (present ??= { worker: startedWorker(), idle: null });
  if (thread.idle !== null) clearTimeout(thread.idle);
  const { worker } = thread;
  worker.ref();
  const late = setTimeout(() => void worker.terminate(), LONGEST);
  try {
    const answer = await answerOf(worker, request);
    // A process that has nothing else to do ends without waiting for it.
    thread.idle = setTimeout(end, IDLE).unref();
    worker.unref();
    if (answer.kind === "refused") throw new EngineError(answer.code, answer.detail);
    return answer;
  } catch (error) {
    if (!(error instanceof EngineError) || error.code === "engine-failed") end();
    throw error;
  } finally {
    clearTimeout(late);
  }
}

function startedWorker(): Worker {
  const file = import.meta.url.endsWith(".ts") ? "./join-worker.ts" : "./join-worker.js";
  const workerData: JoinThreadData = { module: compiledModule() };
  const worker = new Worker(new URL(file, import.meta.url), { name: "padserve-join", workerData });
  // Whoever waits hears it, too; without anybody it is no reason to end the process.
  worker.on("error", () => {});
  return worker.once("exit", () => {
    if (present?.worker === worker) present = null;
  });
}

async function answerOf(worker: Worker, request: JoinRequest): Promise<JoinAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<JoinAnswer>();
  const failed = (error: unknown): void => reject(new EngineError("engine-failed", String(error)));
  const ended = (): void => failed("the thread that joins ended early");
  worker.once("message", resolve).once("error", failed).once("exit", ended);
  try {
    worker.postMessage(request, []);
    return await promise;
  } finally {
    worker.off("message", resolve).off("error", failed).off("exit", ended);
  }
}

function end(): void {
  void present?.worker.terminate();
  present = null;
}

/** Milliseconds; 1,000 members take 0.2 s. */
const LONGEST = 60_000;
/** Milliseconds without a join after which the thread ends. */
const IDLE = 5_000;
