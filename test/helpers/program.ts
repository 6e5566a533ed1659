import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

/** How a program ended, and all that it said. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Words in front of the command line, as `ip netns exec …`. */
  readonly through?: readonly string[];
}

/** For command lines that a shell reads. */
export const LAUNCHER = join(import.meta.dirname, "../../bin/launch.cjs");

/** A folder for one test, removed behind it. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "padserve-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs `padserve …` to its end. */
export function runPadserve(args: readonly string[], options: ProgramOptions = {}): Promise<Exit> {
  const program = startPadserve(args, options);
  program.endInput();
  return program.exited;
}

/** Starts `padserve …` as its users do, through the launcher; killed with the test if it still runs then. */
export function startPadserve(args: readonly string[], options: ProgramOptions = {}): Program {
  return startProgram([process.execPath, LAUNCHER, ...args], options);
}

export function startProgram(words: readonly string[], { env = {}, through = [] }: ProgramOptions = {}): Program {
  const [file = "", ...args] = [...through, ...words];
  // Nothing of this machine's user: neither PADSERVE_… nor a state folder nor options for Node. No agent is started unless the test is
  // about one, and says PAD_CLASSIC: "".
  const own = { PATH: process.env["PATH"], HOME: scratchFolder(), PAD_CLASSIC: "1" };
  const child = spawn(file, args, { env: { ...own, ...env } });
  const program = new Program(child);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await program.exited;
  });
  return program;
}

/** A running child, read line by line. */
export class Program {
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: string[] = [];
  #taken = 0;
  #stdout = "";
  #stderr = "";
  #over = false;
  #wake = Promise.withResolvers<void>();

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.stdin.on("error", ignore);
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#awaken();
    });
    createInterface(child.stdout).on("line", (line) => {
      this.#stdout += `${line}\n`;
      this.#lines.push(line);
      this.#awaken();
    });
    this.exited = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        this.#over = true;
        this.#awaken();
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The next line of its standard output. */
  line(): Promise<string> {
    return this.until(/(?:)/);
  }

  /** The next line of its standard output that matches; those before it are passed over. Rejects when it ends without. */
  async until(wanted: string | RegExp): Promise<string> {
    for (;;) {
      const line = this.#lines[this.#taken];
      if (line !== undefined) {
        this.#taken += 1;
        if (matches(line, wanted)) return line;
      } else {
        await this.#more(wanted);
      }
    }
  }

  /** Resolves when its standard error, from the start on, matches. */
  async complains(wanted: string | RegExp): Promise<void> {
    while (!matches(this.#stderr, wanted)) await this.#more(wanted);
  }

  type(line: string): void {
    this.write(`${line}\n`);
  }

  write(bytes: string | Uint8Array): void {
    this.#child.stdin.write(bytes);
  }

  endInput(): void {
    this.#child.stdin.end();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  #more(wanted: string | RegExp): Promise<void> {
    if (this.#over) throw new Error(`ended without saying ${wanted}:\n${this.#stdout}${this.#stderr}`);
    return this.#wake.promise;
  }

  #awaken(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }
}

function matches(text: string, wanted: string | RegExp): boolean {
  return typeof wanted === "string" ? text.includes(wanted) : wanted.test(text);
}

function ignore(): void {}
