import { once } from "node:events";
import type { Surroundings } from "../../args/command.ts";
import { oneLine } from "../one-line.ts";
import type { Heard } from "./message.ts";
import { runCommand } from "./run-command.ts";

/** What is done with a message; one at a time, and never rejects. */
export type Handler = (heard: Heard) => Promise<void>;

/** Prints it, no faster than it is read. */
export function printer(format: (heard: Heard) => string, { stdout }: Surroundings): Handler {
  return async (heard) => {
    if (!stdout.write(format(heard))) await once(stdout, "drain");
  };
}

/**
 * Runs a command for it: the text and a line end on its input, `PAD_FROM`, `PAD_TO` and `PAD_SERVER` in its environment.
 * @param cannotRun called when it could not even be started, as it was the first time.
 */
export function runner(
  words: readonly [string, ...string[]],
  server: string,
  { env, stop }: Surroundings,
  note: (line: string) => void,
  cannotRun: () => void,
): Handler {
  return async ({ from, to, text }) => {
    // No environment holds a NUL, and an old server's names may.
    const about = { PAD_FROM: oneLine(from), PAD_TO: oneLine(to), PAD_SERVER: server };
    const end = await runCommand({ words, env: { ...env, ...about }, input: `${text}\n`, stop });
    if (end.kind === "not-started") {
      note(`${words[0]} could not be started (${end.code}).`);
      cannotRun();
    } else if (end.kind === "killed") {
      note(`${words[0]} was ended by ${end.signal}.`);
    } else if (end.code !== 0) {
      note(`${words[0]} exited with ${end.code}.`);
    }
  };
}
