import { Worker } from "node:worker_threads";
import { threadEnvironment } from "../../../disk/thread-environment.ts";
import { AgentStoreError } from "../errors.ts";
import type { AgentStore } from "../ports.ts";
import type { Database } from "./database.ts";
import { unpackError } from "./messages.ts";
import type { Answer, Method, Request } from "./messages.ts";
import type { OwnerMark } from "../owner-file.ts";
import type { Place } from "./open.ts";

/** Started ahead, and not yet anybody's. */
let spare: Worker | null = null;

/**
 * The store in `device.db`, on a thread of its own: no call blocks the agent. One process at a time can have it open. Rejects
 * with an `AgentStoreError` that says what is wrong and what to do; then nothing that was there has changed.
 *
 * `owner`: where it says that another agent has taken the folder, this process is killed, since its writes would undo the other's.
 * Calls are answered in their order. What `commit` has resolved survives `kill -9` and power loss.
 */
export async function openAgentStore(
  { folder, keyFile, machine }: Place,
  owner: OwnerMark | null = null,
): Promise<AgentStore> {
  const thread = spare ?? startThread();
  spare = null;
  const ask = conversation(thread);
  await ask({ kind: "open", place: { folder, keyFile, machine }, owner });
  return storeOver(async (method, args) => await ask({ kind: "call", method, args }));
}

/**
 * Starts the thread of the store that is opened next ahead of it: it loads what it needs beside whoever will open it. It keeps no process
 * alive, and one that has ended meanwhile is forgotten.
 */
export function startAhead(): Worker {
  const thread = spare ?? startThread();
  spare = thread;
  thread.unref();
  thread.on("error", forget).on("exit", forget);
  return thread;

  function forget(): void {
    if (spare === thread) spare = null;
  }
}

/** The same over a database of this thread: each call blocks it. For tests, and where nothing else runs. */
export function storeInThisThread(database: Database): AgentStore {
  return storeOver(async (method, args) => {
    const result: unknown = Reflect.apply(database[method], undefined, args);
    return await Promise.resolve(result);
  });
}

type Call = (method: Method, args: readonly unknown[]) => Promise<unknown>;

function storeOver(call: Call): AgentStore {
  // What a method gives is typed by `Database`, which both sides are made of.
  const typed = async <M extends Method>(
    method: M,
    ...args: Parameters<Database[M]>
  ): Promise<ReturnType<Database[M]>> =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    (await call(method, args)) as ReturnType<Database[M]>;
  return {
    load: async () => await typed("load"),
    group: async (id) => await typed("group", id),
    keyPackage: async (reference) => await typed("keyPackage", reference),
    history: async (name, page) => await typed("history", name, page),
    message: async (name, device, id) => await typed("message", name, device, id),
    since: async (name, options) => await typed("since", name, options),
    sentBetween: async (group, options) => await typed("sentBetween", group, options),
    outbox: async () => await typed("outbox"),
    news: async (after, limit) => await typed("news", after, limit),
    lastPlace: async () => await typed("lastPlace"),
    search: async (words, options) => await typed("search", words, options),
    commit: async (changes) => {
      if (changes.length > 0) await typed("commit", changes);
    },
    raiseCounter: async () => await typed("raiseCounter"),
    tidy: async () => await typed("tidy"),
    close: async () => await typed("close"),
  };
}

/** The heap's bounds are far above need; they only keep a fault from taking the machine. */
function startThread(): Worker {
  // From the sources this is store.ts, in the published package store.js, and its neighbour likewise.
  const file = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js";
  return new Worker(new URL(file, import.meta.url), {
    name: "padserve-device",
    env: threadEnvironment(),
    resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 },
  });
}

/** Questions and answers with the thread. It answers in the order of the questions, so they need no numbers. */
function conversation(worker: Worker): (request: Request) => Promise<unknown> {
  const waiting: PromiseWithResolvers<unknown>[] = [];
  let death: AgentStoreError | null = null;

  worker.on("message", (answer: Answer) => {
    const asked = waiting.shift();
    if (waiting.length === 0) worker.unref();
    if (answer.kind === "failed") asked?.reject(unpackError(answer));
    else asked?.resolve(answer.result);
  });
  // An error that nobody caught is the thread's end; its exit follows.
  worker.on("error", refuseAll);
  worker.on("exit", () => refuseAll(undefined));

  return async (request) => {
    if (death !== null) throw death;
    worker.postMessage(request, []);
    worker.ref();
    const asked = Promise.withResolvers<unknown>();
    waiting.push(asked);
    return await asked.promise;
  };

  function refuseAll(cause: unknown): void {
    death ??= new AgentStoreError(
      "failed",
      "The device's store is closed, or its thread has died; open it again.",
      cause,
    );
    for (const asked of waiting.splice(0)) asked.reject(death);
  }
}
