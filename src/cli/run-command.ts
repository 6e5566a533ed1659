import { spawn, type ChildProcess } from "node:child_process";
import { escapedLine } from "../text/visible.ts";

/** How a command ended: with a code, by a signal, or before it began. */
export type CommandEnd =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "killed"; readonly signal: string }
  | { readonly kind: "not-started"; readonly code: string };

export interface Run {
  /** The command and its arguments, as they are: no shell reads them. */
  readonly words: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For its standard input. */
  readonly input: string;
  /** Where what it says goes: where ours goes, or nowhere. */
  readonly output: "inherit" | "ignore";
  /** Its reason, SIGINT or SIGTERM, is passed on. Null: it may run on when this program has ended. */
  readonly stop: AbortSignal | null;
}

/** Runs a command to its end. Never rejects. */
export async function runCommand(run: Run): Promise<CommandEnd> {
  const { promise, resolve } = Promise.withResolvers<CommandEnd>();
  try {
    const child = start(run);
    child.on("error", (error) => {
      // A signal that can't be sent is an error, too; the command's end is still to come then.
      if (child.pid === undefined) resolve(notStarted(error));
    });
    child.on("exit", (code, signal) =>
      resolve(code === null ? { kind: "killed", signal: signal ?? "a signal" } : { kind: "exited", code }),
    );
    return await untilStopped(promise, child, run.stop);
  } catch (error) {
    // Not all failures are events: an environment that is too large, for one, and others' names are in ours.
    return notStarted(error);
  }
}

/** What a command that is run for a message finds in its environment, which holds no NUL, as an old server's names may. */
export function aboutMessage({ from, to }: { readonly from: string; readonly to: string }) {
  return { PAD_FROM: escapedLine(from), PAD_TO: escapedLine(to) };
}

function start({ words: [file, ...args], env, input, output, stop }: Run): ChildProcess {
  const child = spawn(file, args, { env, stdio: ["pipe", output, output] });
  // It need not read what it is given.
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  if (stop === null) child.unref();
  return child;
}

async function untilStopped<T>(end: Promise<T>, child: ChildProcess, stop: AbortSignal | null): Promise<T> {
  const passOn = () => child.kill(stop?.reason === "SIGINT" ? "SIGINT" : "SIGTERM");
  stop?.addEventListener("abort", passOn, { once: true });
  const ended = await end;
  stop?.removeEventListener("abort", passOn);
  return ended;
}

function notStarted(error: unknown): CommandEnd {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return { kind: "not-started", code };
}
