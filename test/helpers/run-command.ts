import { PassThrough } from "node:stream";
import { onTestFinished } from "vitest";
import type { Command, ProcessContext } from "../../src/args/command.ts";
import type { Attach } from "../../src/cli/sealed/attach.ts";
import type { FakeSealedChat } from "./fake-sealed-world.ts";
import { scratchFolder } from "./program.ts";

/** A command that runs in this process. */
export interface Running {
  readonly ended: Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
  /** Resolves when its output, from the start on, has these words. */
  says(words: string): Promise<void>;
  complains(words: string): Promise<void>;
  stop(signal: "SIGINT" | "SIGTERM"): void;
}

/** Runs a command in a home of its own, with nothing piped in unless given. */
export function startCommand(
  command: Command,
  args: readonly string[],
  input = "",
  env: Record<string, string> = {},
): Running {
  const stop = new AbortController();
  const stdin = new PassThrough();
  const [stdout, stderr] = [new Heard(), new Heard()];
  stdin.end(input);
  const context: ProcessContext = {
    env: { HOME: scratchFolder(), PAD_SERVER: "127.0.0.1:1", ...env },
    stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    stop: stop.signal,
  };
  onTestFinished(() => stop.abort("SIGTERM"));
  const ended = command.start(args, context).then((code) => ({ code, stdout: stdout.text, stderr: stderr.text }));
  return {
    ended,
    says: (words) => stdout.until(words),
    complains: (words) => stderr.until(words),
    stop: (signal) => stop.abort(signal),
  };
}

/** One person's chat, to whatever asks for it. Closing it ends what the command has of it alone, so it can be asked for again. */
export function attachTo(chat: FakeSealedChat): Attach {
  const face = new Proxy(chat, {
    get: (target, key) => {
      const member: unknown = key === "close" ? stay : Reflect.get(target, key, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  return () => Promise.resolve({ kind: "sealed", chat: face });
}

function stay(): Promise<void> {
  return Promise.resolve();
}

class Heard {
  readonly stream = new PassThrough();
  text = "";
  #wake = Promise.withResolvers<void>();

  constructor() {
    this.stream.setEncoding("utf8").on("data", (text: string) => {
      this.text += text;
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    });
  }

  async until(words: string): Promise<void> {
    while (!this.text.includes(words)) await this.#wake.promise;
  }
}
