import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync, rmSync, watch } from "node:fs";
import { dirname } from "node:path";

export interface DaemonOptions {
  readonly words: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where its log goes, behind that of an earlier start. */
  readonly log: string;
  /** The unix socket that it makes when it is ready. */
  readonly socket: string;
}

/** A program in the background that can be stopped and started again. */
export class Daemon {
  readonly #options: DaemonOptions;
  #child: ChildProcess | null = null;

  constructor(options: DaemonOptions) {
    this.#options = options;
  }

  /** Resolves when its socket is there; rejects with the end of its log when it ends instead. */
  async start(): Promise<void> {
    const { words, env = {}, log, socket } = this.#options;
    // One that was killed leaves it.
    rmSync(socket, { force: true });
    const [file = "", ...args] = words;
    const output = openSync(log, "a");
    // A process group of its own: what a terminal sends to all with Ctrl-C must not come to it before its time.
    const child = spawn(file, args, {
      env: { PATH: process.env["PATH"], ...env },
      stdio: ["ignore", output, output],
      detached: true,
    });
    closeSync(output);
    this.#child = child;
    const waiting = new AbortController();
    const ended = once(child, "exit", { signal: waiting.signal }).then(() => {
      throw new Error(`${words.join(" ")} has ended:\n${readFileSync(log, "utf8").slice(-2000)}`);
    });
    await Promise.race([appears(socket, waiting.signal), ended]).finally(() => {
      ended.catch(() => {});
      waiting.abort();
    });
  }

  send(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Resolves when it has ended. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
}

function appears(file: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (existsSync(file)) resolve();
    };
    watch(dirname(file), { signal }, look);
    look();
  });
}
