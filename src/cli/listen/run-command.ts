import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** How a command ended: with a code, by a signal, or before it began. */
export type CommandEnd =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "killed"; readonly signal: string }
  | { readonly kind: "not-started"; readonly code: string };

export interface Run {
  /** The command and its arguments, as they are: no shell reads them. */
  readonly words: readonly [string, ...string[]];
  readonly env: Environment;
  /** For its standard input; its output goes where ours goes. */
  readonly input: string;
  /** Its reason, SIGINT or SIGTERM, is passed on. */
  readonly stop: AbortSignal;
}

/** Runs a command to its end. */
export function runCommand({ words: [file, ...args], env, input, stop }: Run): Promise<CommandEnd> {
  const { promise, resolve } = Promise.withResolvers<CommandEnd>();
  const child = spawn(file, args, { env, stdio: ["pipe", "inherit", "inherit"] });
  const passOn = () => child.kill(stop.reason === "SIGINT" ? "SIGINT" : "SIGTERM");
  stop.addEventListener("abort", passOn, { once: true });
  child.on("error", (error: NodeJS.ErrnoException) => {
    // A signal that can't be sent is an error, too; the command's end is still to come then.
    if (child.pid === undefined) resolve({ kind: "not-started", code: error.code ?? error.name });
  });
  child.on("exit", (code, signal) =>
    resolve(code === null ? { kind: "killed", signal: signal ?? "a signal" } : { kind: "exited", code }),
  );
  // It need not read what it is given.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return promise.finally(() => stop.removeEventListener("abort", passOn));
}

/** Whether there is such a command: asked before anything is listened to, so that a slip is not found by the first message. */
export function isRunnable(file: string, env: Environment): boolean {
  if (process.platform === "win32") return true;
  const folders = file.includes("/") ? [""] : (env["PATH"] ?? "").split(delimiter);
  return folders.some((folder) => {
    try {
      accessSync(join(folder, file), constants.X_OK);
      return statSync(join(folder, file)).isFile();
    } catch {
      return false;
    }
  });
}
