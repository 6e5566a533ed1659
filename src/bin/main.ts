/**
 * `bin`: Padserve's one executable, `padserve` and `pad`: a table of sub-commands (`table.ts`), each loaded when it is asked
 * for. Start reading here, then ARCHITECTURE.md.
 */

import type { ProcessContext } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import { table } from "../args/help.ts";
import { packageVersion } from "../disk/package-version.ts";
import { zoneOf } from "../args/time-zone.ts";
import { checkoutNames, listenTo, namesCommand } from "./names-in-checkout.ts";
import { watchNpm } from "./parent.ts";
import { COMMANDS } from "./table.ts";

/** Runs one command line and sets the process's exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  process.on("uncaughtException", endUnexpectedly);
  settleTimeZone();
  const around = context();
  const names = checkoutNames(process.env);
  const told = names === null ? null : listenTo(around.stderr);
  const code = await run(argv, around).catch(endUnexpectedly);
  process.exitCode = code;
  // What went wrong says which command to run next, more often than not.
  const isNamed = code !== EXIT.done && code !== EXIT.interrupted && told !== null && namesCommand(told());
  if (isNamed) around.stderr.write(`${names}\n`);
  // Output that nobody takes keeps the process; whoever stops it has waited long enough.
  if (around.stop.aborted) setTimeout(() => process.exit(code), OUTPUT_TIMEOUT).unref();
}

/** Before the first time of day is told. */
function settleTimeZone(): void {
  const zone = zoneOf(process.env["TZ"]);
  if (zone === null) delete process.env["TZ"];
  else if (zone !== undefined) process.env["TZ"] = zone;
}

/** Milliseconds, after a signal, for what was written last to be read. */
const OUTPUT_TIMEOUT = 1000;

/** At once: what the command has left open would keep the process for ever. */
function endUnexpectedly(error: unknown): never {
  process.stderr.write(`padserve: ${isFromWriting(error) ? unwritable(error) : unforeseen(error)}\n`);
  process.exit(EXIT.unexpected);
}

/** A full disk where the output goes is nobody's mistake here. */
function isFromWriting(error: unknown): error is Error {
  return error instanceof Error && "syscall" in error && error.syscall === "write";
}

function unwritable({ message }: Error): string {
  return `what it has to say can't be written: ${message}`;
}

function unforeseen(error: unknown): string {
  const details = error instanceof Error ? error.stack : String(error);
  return `something unexpected went wrong, which is a mistake in this program:\n${details}`;
}

async function run(argv: readonly string[], around: ProcessContext): Promise<ExitCode> {
  const [name, ...rest] = argv;
  if (name === "--version" || name === "-V") {
    around.stdout.write(`padserve ${packageVersion()}\n`);
    return EXIT.done;
  }
  const [about] = rest;
  if (name === "help" && about !== undefined) return await run([about, "--help"], around);
  if (name === "--help" || name === "-h" || name === "help") {
    around.stdout.write(overview());
    return EXIT.done;
  }
  const row = name === undefined || !Object.hasOwn(COMMANDS, name) ? undefined : COMMANDS[name];
  if (row === undefined) {
    around.stderr.write(name === undefined ? overview() : `padserve: there is no command "${name}"\n\n${overview()}`);
    return EXIT.wrongUse;
  }
  around.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (row.outlivesReader === true) return;
    // A reader that left (`pad … | head`) is no error, and nobody is there to be told; what went wrong before stays wrong.
    if (error.code !== "EPIPE") throw error;
    process.exit(process.exitCode ?? EXIT.done);
  });
  around.stderr.on("error", (error: NodeJS.ErrnoException) => {
    // Only the words are lost, and the exit code is still to tell what happened.
    if (error.code !== "EPIPE" && row.outlivesReader !== true) throw error;
  });
  const { command } = await row.load();
  return command.start(rest, around);
}

function overview(): string {
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary] as const);
  return [
    "Padserve: private chat for a tailnet.",
    "",
    "Usage: padserve COMMAND … (or pad COMMAND …, the same program)",
    "",
    ...table(rows),
    "",
    "padserve help COMMAND tells each command's options; padserve --version the version.",
    "",
  ].join("\n");
}

function context(): ProcessContext {
  const { env, stdin, stdout, stderr } = process;
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(signal === "SIGINT" ? EXIT.interrupted : EXIT.unexpected);
      stop.abort(signal);
    });
  }
  watchNpm(env, () => stop.abort("SIGTERM"));
  return { env, stdin, stdout, stderr, stop: stop.signal };
}
