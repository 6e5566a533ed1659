import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Answers, Order } from "./orders.ts";

/** The process that has the clients in it. */
export interface LoadProcess {
  /** Resolves when it is done. Rejects when it couldn't be done, or the load says nothing for too long. */
  order<O extends Order>(order: O): Promise<Answers[O["kind"]]>;
  stop(): void;
}

type Reply<O extends Order> = { readonly answer: Answers[O["kind"]] } | { readonly error: string };

export function startLoad(): LoadProcess {
  const child = fork(join(import.meta.dirname, "load.ts"));
  return {
    order: async <O extends Order>(order: O) => {
      child.send(order);
      const reply: Reply<O> = (await once(child, "message", { signal: AbortSignal.timeout(TIMEOUT) }))[0];
      if ("error" in reply) throw new Error(reply.error);
      return reply.answer;
    },
    stop: () => void child.kill(),
  };
}

/** Milliseconds. */
const TIMEOUT = 180_000;
