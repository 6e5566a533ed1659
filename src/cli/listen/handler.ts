import { once } from "node:events";
import type { ProcessContext } from "../../args/command.ts";
import { aboutMessage, runCommand } from "../run-command.ts";
import type { Heard } from "./message.ts";

/** What is done with a message; one at a time, and never rejects. */
export type Handler = (heard: Heard) => Promise<void>;

/** Prints it, no faster than it is read; a reader that reads no more does not keep us when we are stopped. */
export function printer(format: (heard: Heard) => string, { stdout, stop }: ProcessContext): Handler {
  return async (heard) => {
    if (stdout.write(format(heard))) return;
    await once(stdout, "drain", { signal: stop }).catch((error: unknown) => {
      if (!stop.aborted) throw error;
    });
  };
}

/** Failures to start that are this moment's, or this message's: a name that is longer than an environment can hold. */
const PASSING: ReadonlySet<string> = new Set(["E2BIG", "EAGAIN", "EMFILE", "ENFILE", "ENOMEM"]);

/**
 * Runs a command for it: the text and a line end on its input, `PAD_FROM`, `PAD_TO` and `PAD_SERVER` in its environment.
 * @param cannotRun called when it could not even be started, and the next time will be no better.
 */
export function runner(
  words: readonly [string, ...string[]],
  server: string,
  { env, stop }: ProcessContext,
  note: (line: string) => void,
  cannotRun: () => void,
): Handler {
  return async ({ text, ...about }) => {
    const own = { ...env, ...aboutMessage(about), PAD_SERVER: server };
    const end = await runCommand({ words, env: own, input: `${text}\n`, output: "inherit", stop });
    if (end.kind === "not-started") {
      note(`${words[0]} could not be started (${end.code}).`);
      if (!PASSING.has(end.code)) cannotRun();
    } else if (end.kind === "killed") {
      note(`${words[0]} was ended by ${end.signal}.`);
    } else if (end.code !== 0) {
      note(`${words[0]} exited with ${end.code}.`);
    }
  };
}
