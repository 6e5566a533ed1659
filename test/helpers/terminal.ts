import { execFile, execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { scratchFolder } from "./program.ts";
import { PATIENCE } from "./patience.ts";

/** Whether this machine has tmux, which is the terminal of these tests. */
export const HAS_TMUX = canRun("tmux", "-V");

export interface TerminalStart {
  readonly columns: number;
  readonly rows: number;
  /** A command line for a shell. */
  readonly command: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** What a person sees. */
export interface Screen {
  /** One string for each row, without blanks at its end. */
  readonly rows: readonly string[];
  readonly text: string;
  readonly cursor: { readonly x: number; readonly y: number };
}

/** A program in a real pseudo-terminal, of a size of its own; ended with the test. */
export async function startTerminal({ columns, rows, command, env = {} }: TerminalStart): Promise<TestTerminal> {
  const terminal = new TestTerminal(`padserve-${randomUUID()}`);
  onTestFinished(() => terminal.end());
  const settings = Object.entries({ HOME: scratchFolder(), PAD_CLASSIC: "1", ...env }).flatMap(([name, value]) => [
    "-e",
    `${name}=${value}`,
  ]);
  // What has ended stays to be read; escape sequences are passed on at once.
  await terminal.tmux("start-server", ";", "set", "-g", "remain-on-exit", "on", ";", "set", "-g", "escape-time", "0", ";",
    "new-session", "-d", "-x", String(columns), "-y", String(rows), ...settings, command); // prettier-ignore
  return terminal;
}

export class TestTerminal {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /** Types text as a keyboard does. */
  async type(text: string): Promise<void> {
    await this.tmux("send-keys", "-l", text);
  }

  /** Presses keys by tmux's names: `C-a`, `M-1`, `Enter`, `PageUp`. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.tmux("send-keys", ...keys);
  }

  /** Pastes with brackets about it, as terminals do. */
  async paste(text: string): Promise<void> {
    await this.tmux("set-buffer", text);
    await this.tmux("paste-buffer", "-p");
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  async screen(): Promise<Screen> {
    const [head = "", ...rows] = (
      await this.tmux("display", "-p", "#{cursor_x},#{cursor_y}", ";", "capture-pane", "-p")
    ).split("\n");
    const [x = -1, y = -1] = head.split(",").map(Number);
    return { rows: rows.slice(0, -1), text: rows.join("\n"), cursor: { x, y } };
  }

  /** The screen as soon as it is as wanted: a text or pattern in it, or whatever the function says. */
  async until(wanted: string | RegExp | ((screen: Screen) => boolean), timeout = PATIENCE): Promise<Screen> {
    const isThere =
      typeof wanted === "function"
        ? wanted
        : ({ text }: Screen): boolean => (typeof wanted === "string" ? text.includes(wanted) : wanted.test(text));
    const give = performance.now() + timeout;
    for (;;) {
      const screen = await this.screen();
      if (isThere(screen)) return screen;
      if (performance.now() > give) {
        throw new Error(
          `The screen never showed ${String(wanted)}, but (cursor ${screen.cursor.x},${screen.cursor.y}):\n${screen.text}`,
        );
      }
      await delay(20);
    }
  }

  /** tmux's own view of the terminal, as `#{alternate_on}`. */
  async state(format: string): Promise<string> {
    return (await this.tmux("display", "-p", format)).trim();
  }

  /** Sends a signal to the program in the foreground. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    // The last number of this line of /proc that concerns us: the terminal's foreground process group.
    const stat = readFileSync(`/proc/${await this.state("#{pane_pid}")}/stat`, "utf8");
    const [, , , , , , group] = stat.slice(stat.lastIndexOf(")")).split(" ");
    process.kill(-Number(group), signal);
  }

  /** The screen with the rows joined that the terminal has wrapped, as a selection has them. */
  async joined(): Promise<string> {
    return this.tmux("capture-pane", "-p", "-J");
  }

  /** Writes onto the terminal behind the program's back. */
  async litter(text: string): Promise<void> {
    await writeFile(await this.state("#{pane_tty}"), text);
  }

  async end(): Promise<void> {
    await this.tmux("kill-server").catch(() => {});
  }

  async tmux(...words: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)("tmux", ["-L", this.#name, "-f", "/dev/null", ...words]);
    return stdout;
  }
}

function canRun(program: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
