import type { ProcessContext } from "../../args/command.ts";
import type { Alert } from "../../view/chat/alerts.ts";
import { aboutMessage, runCommand } from "../run-command.ts";

/** Programs that run at once at most; a flood of messages is worth no more. */
const AT_ONCE = 4;

let running = 0;

/**
 * Runs the program of `/set notify` as `pad listen` runs its command. Gives null, or one line that says why it could not be
 * run. What still runs when the chat is over runs on.
 */
export async function runNotify(
  [program = "", ...words]: readonly string[],
  { text, ...about }: Alert,
  env: ProcessContext["env"],
): Promise<string | null> {
  if (running >= AT_ONCE) return null;
  running += 1;
  const end = await runCommand({
    words: [program, ...words],
    env: { ...env, ...aboutMessage(about) },
    input: `${text}\n`,
    output: "ignore",
    stop: null,
  });
  running -= 1;
  switch (end.kind) {
    case "not-started":
      return `${program} can't be run (${end.code}).`;
    case "killed":
      return `${program} was ended by ${end.signal}.`;
    case "exited":
      return end.code === 0 ? null : `${program} exited with ${end.code}.`;
  }
}
