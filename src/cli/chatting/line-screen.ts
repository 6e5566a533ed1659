import { clearScreenDown, createInterface, cursorTo, moveCursor } from "node:readline";
import type { Transform } from "node:stream";
import { ReadStream } from "node:tty";
import type { ProcessContext } from "../../args/command.ts";
import { BoundedOutput } from "../bounded-output.ts";
import { replyFilter } from "./terminal-replies.ts";
import { TypedLineReader, type TypedLines } from "./typed-lines.ts";
import { wrapLine } from "./wrap-line.ts";

/** Lines in, lines out: what others say goes to standard output, all else to standard error. */
export interface Screen {
  /** @param at milliseconds since 1970; absent: now */
  said(line: string, at?: number): void;
  note(line: string): void;
  /** What stands before the line being typed, from the next prompt on. */
  setPrompt(prompt: string): void;
  /** What is typed, pasted or piped in, until it ends or `stop` aborts. */
  lines(stop: AbortSignal): AsyncIterable<TypedLines>;
  close(): void;
}

/** Milliseconds of running after which a suspended chat has been let go on. */
const SUSPENDED = 200;

/** Cells of a terminal that doesn't say how wide it is. */
const DEFAULT_COLUMNS = 80;

/** What can stand for the end of a line, and that end; readline's own shape. */
export type Complete = (line: string) => [candidates: string[], end: string];

/** On a terminal the line being typed stays below what comes in; in a pipe there is nothing but lines. */
export function createScreen({ env, stdin, stdout, stderr }: ProcessContext, complete?: Complete): Screen {
  const onTerminal = stdin.isTTY === true && stdout.isTTY === true;
  // A dumb terminal edits its line itself, and would show what moves a cursor.
  const movesCursor = onTerminal && env["TERM"] !== "dumb";
  const input = movesCursor ? keyboard(stdin) : stdin;
  const reader = createInterface({
    input,
    terminal: movesCursor,
    ...(onTerminal ? { output: stdout } : {}),
    prompt: "> ",
    ...(complete === undefined ? {} : { completer: complete }),
  });
  if (onTerminal) reader.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  if (movesCursor) reader.on("SIGTSTP", suspend);
  // At once: what is piped in may all have come, and ended, before there is a connection to say it on.
  const typed = onTerminal ? new TypedLineReader(reader, input) : lineByLine(reader[Symbol.asyncIterator]());
  const [outward, aside] = [new BoundedOutput(stdout), new BoundedOutput(stderr)];
  let typing = false;
  let open = true;
  let marked = false;
  reader.on("close", () => {
    // What is told next has a line of its own.
    if (typing) stdout.write("\n");
    open = false;
    typing = false;
    markPastes(false);
    if (input !== stdin) stdin.unpipe().pause();
  });

  /** Asks the terminal for brackets around what is pasted, or no more. */
  function markPastes(wanted: boolean): void {
    if (movesCursor && wanted !== marked) stdout.write(`\u001b[?2004${wanted ? "h" : "l"}`);
    marked = wanted;
  }

  /** Readline would stop this process alone, without npm or the script before it, and not listen when it goes on. */
  function suspend(): void {
    const setRawMode = stdin instanceof ReadStream ? stdin.setRawMode.bind(stdin) : () => {};
    markPastes(false);
    setRawMode(false);
    process.kill(0, "SIGTSTP");
    // A stopped process runs no timer, so this is when the shell lets us go on, or when nobody could have stopped us.
    setTimeout(() => {
      setRawMode(true);
      if (!open) return;
      markPastes(true);
      reader.prompt(true);
    }, SUSPENDED);
  }

  function above(output: BoundedOutput, line: string): void {
    const rows = onTerminal ? wrapLine(line, stdout.columns ?? DEFAULT_COLUMNS) : line;
    if (!typing) {
      output.write(`${rows}\n`);
      return;
    }
    if (movesCursor) wipeInput(stdout, reader.getCursorPos().rows);
    else stdout.write("\n");
    output.write(`${rows}\n`);
    // Else readline would go up over the line just written, by the rows that the one being typed had.
    Object.assign(reader, { prevRows: 0 });
    reader.prompt(true);
  }

  return {
    said: (line, at) => above(outward, `${onTerminal ? `${clock(at)} ` : ""}${line}`),
    note: (line) => above(aside, onTerminal ? `-- ${line}` : line),
    lines: async function* read(stop) {
      stop.addEventListener("abort", () => reader.close(), { once: true });
      typing = onTerminal && open;
      if (typing) {
        markPastes(true);
        reader.prompt();
      }
      for await (const lines of typed) {
        yield lines;
        if (typing) reader.prompt();
      }
    },
    setPrompt: (prompt) => reader.setPrompt(prompt),
    close: () => reader.close(),
  };
}

/** A terminal's keyboard without what the terminal itself answers to others. */
function keyboard(stdin: ProcessContext["stdin"]): Transform {
  const filter = replyFilter();
  // What readline asks of a terminal's input.
  if (stdin instanceof ReadStream) Object.assign(filter, { isTTY: true, setRawMode: stdin.setRawMode.bind(stdin) });
  stdin.pipe(filter);
  return filter;
}

async function* lineByLine(lines: AsyncIterable<string>): AsyncGenerator<TypedLines> {
  for await (const line of lines) yield [line];
}

function wipeInput(stdout: ProcessContext["stdout"], rowsAbove: number): void {
  moveCursor(stdout, 0, -rowsAbove);
  cursorTo(stdout, 0);
  clearScreenDown(stdout);
}

/** What was said on another day has its date. */
function clock(at = Date.now()): string {
  const then = new Date(at);
  if (Number.isNaN(then.getTime())) return "--:--";
  const time = then.toTimeString().slice(0, 5);
  return then.toDateString() === new Date().toDateString() ? time : `${then.toISOString().slice(0, 10)} ${time}`;
}
