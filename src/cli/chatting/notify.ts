import { spawn } from "node:child_process";
import type { Alert } from "../../view/chat/alerts.ts";
import { visible } from "../../view/text/visible.ts";

/** Programs that run at once at most; a flood of messages is worth no more. */
const AT_ONCE = 4;

let running = 0;

/**
 * Runs the program of `/set notify`: never through a shell, the message's text on its input, `PAD_FROM` and `PAD_TO` in its
 * environment. Gives null, or one line that says why it could not be run. It is not waited for when it runs on.
 */
export async function runNotify(
  [program = "", ...words]: readonly string[],
  { from, to, text }: Alert,
  env: NodeJS.ProcessEnv,
): Promise<string | null> {
  if (running >= AT_ONCE) return null;
  running += 1;
  const child = spawn(program, words, {
    // A name is a word, but a server may write anything.
    env: { ...env, PAD_FROM: visible(from), PAD_TO: visible(to) },
    stdio: ["pipe", "ignore", "ignore"],
  });
  // It need not read.
  child.stdin.on("error", () => {}).end(text);
  const { promise, resolve } = Promise.withResolvers<string | null>();
  child.on("error", (error) => resolve(`${program} can't be run: ${error.message}`));
  child.on("close", (code) => resolve(code === 0 ? null : `${program} ended with ${code ?? "a signal"}.`));
  const trouble = await promise;
  running -= 1;
  return trouble;
}
