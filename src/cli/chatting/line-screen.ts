import { clearScreenDown, createInterface, cursorTo, moveCursor } from "node:readline";
import { ReadStream } from "node:tty";
import type { ProcessContext } from "../../args/command.ts";

/** Lines in, lines out: what others say goes to standard output, all else to standard error. */
export interface Screen {
  said(line: string): void;
  note(line: string): void;
  /** What stands before the line being typed, from the next prompt on. */
  setPrompt(prompt: string): void;
  /** What is typed or piped in, until it ends or `stop` aborts. */
  lines(stop: AbortSignal): AsyncIterable<string>;
  close(): void;
}

/** Milliseconds of running after which a suspended chat has been let go on. */
const SUSPENDED = 200;

/** What can stand for the end of a line, and that end; readline's own shape. */
export type Complete = (line: string) => [candidates: string[], end: string];

/** On a terminal the line being typed stays below what comes in; in a pipe there is nothing but lines. */
export function createScreen({ env, stdin, stdout, stderr }: ProcessContext, complete?: Complete): Screen {
  const onTerminal = stdin.isTTY === true && stdout.isTTY === true;
  // A dumb terminal edits its line itself, and would show what moves a cursor.
  const movesCursor = onTerminal && env["TERM"] !== "dumb";
  const reader = createInterface({
    input: stdin,
    terminal: movesCursor,
    ...(onTerminal ? { output: stdout } : {}),
    prompt: "> ",
    ...(complete === undefined ? {} : { completer: complete }),
  });
  if (onTerminal) reader.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  if (movesCursor) reader.on("SIGTSTP", suspend);
  // At once: what is piped in may all have come, and ended, before there is a connection to say it on.
  const typed = reader[Symbol.asyncIterator]();
  let typing = false;
  let open = true;
  reader.on("close", () => {
    // What is told next has a line of its own.
    if (typing) stdout.write("\n");
    open = false;
    typing = false;
  });

  /** Readline would stop this process alone, without npm or the script before it, and not listen when it goes on. */
  function suspend(): void {
    const setRawMode = stdin instanceof ReadStream ? stdin.setRawMode.bind(stdin) : () => {};
    setRawMode(false);
    process.kill(0, "SIGTSTP");
    // A stopped process runs no timer, so this is when the shell lets us go on, or when nobody could have stopped us.
    setTimeout(() => {
      setRawMode(true);
      if (open) reader.prompt(true);
    }, SUSPENDED);
  }

  function above(stream: ProcessContext["stdout"], line: string): void {
    if (!typing) {
      stream.write(`${line}\n`);
      return;
    }
    if (movesCursor) wipeInput(stdout, reader.getCursorPos().rows);
    else stdout.write("\n");
    stream.write(`${line}\n`);
    // Else readline would go up over the line just written, by the rows that the one being typed had.
    Object.assign(reader, { prevRows: 0 });
    reader.prompt(true);
  }

  return {
    said: (line) => above(stdout, `${onTerminal ? `${clock()} ` : ""}${line}`),
    note: (line) => above(stderr, onTerminal ? `-- ${line}` : line),
    lines: async function* lines(stop) {
      stop.addEventListener("abort", () => reader.close(), { once: true });
      typing = onTerminal && open;
      if (typing) reader.prompt();
      for await (const line of typed) {
        yield line;
        if (typing) reader.prompt();
      }
    },
    setPrompt: (prompt) => reader.setPrompt(prompt),
    close: () => reader.close(),
  };
}

function wipeInput(stdout: ProcessContext["stdout"], rowsAbove: number): void {
  moveCursor(stdout, 0, -rowsAbove);
  cursorTo(stdout, 0);
  clearScreenDown(stdout);
}

function clock(): string {
  return new Date().toTimeString().slice(0, 5);
}
