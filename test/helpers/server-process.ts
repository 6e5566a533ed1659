import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Config } from "../../src/config/config.ts";
import type { Measures } from "./measured-server.ts";

/** The real server in a process of its own: what is measured there is only the server's. */
export interface ServerProcess extends AsyncDisposable {
  readonly port: number;
  readonly child: ChildProcess;
  /** After a collection of garbage. */
  measure(): Promise<Measures>;
  /** The first measures that satisfy: closing takes the server a moment that nothing else tells. */
  measureUntil(satisfies: (measures: Measures) => boolean): Promise<Measures>;
}

export async function startServerProcess(config: Partial<Config> = {}): Promise<ServerProcess> {
  const child = fork(new URL("measured-server.ts", import.meta.url), [JSON.stringify(config)], {
    execArgv: ["--expose-gc", "--disable-warning=ExperimentalWarning"],
  });
  const port: number = await answer(child);

  async function measure(): Promise<Measures> {
    child.send("measure");
    return answer(child);
  }

  return {
    port,
    child,
    measure,
    async measureUntil(satisfies) {
      for (;;) {
        const measures = await measure();
        if (satisfies(measures)) return measures;
      }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

/** The child's next message. Rejects when it ends instead. */
async function answer<T>(child: ChildProcess): Promise<T> {
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(`the server's process ended: ${code ?? signal}`);
  });
  const [message]: T[] = await Promise.race([once(child, "message"), ended]);
  if (message === undefined) throw new Error("the server's process said nothing");
  return message;
}
