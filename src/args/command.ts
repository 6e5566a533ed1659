/**
 * `args`: options and sub-commands as tables, from which parsing, help and exit codes come. It prints nothing and ends no
 * process itself.
 */

import type { Readable, Writable } from "node:stream";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { commandHelp } from "./help.ts";
import type { Options, Values } from "./options.ts";
import { parseCommandLine } from "./parse.ts";
import { callOf, type CommandSpec } from "./spec.ts";

/** The world around a command, so that a test can be one. */
export interface ProcessContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** `columns`: cells of a row, where it is a terminal that says so. */
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  /** Aborted by the first SIGINT or SIGTERM; the reason is the signal's name. A second one ends the process at once. */
  readonly stop: AbortSignal;
}

export interface Invocation<T extends Options> {
  readonly words: readonly string[];
  /** What stands after `--`, for a command that takes it; null: nothing does. */
  readonly rest: readonly string[] | null;
  readonly values: Values<T>;
  readonly context: ProcessContext;
}

/** A sub-command as the table knows it: give it the words after its name. */
export interface Command {
  readonly spec: CommandSpec;
  readonly start: (argv: readonly string[], context: ProcessContext) => Promise<ExitCode>;
}

/** Joins a command's table with what it does: reads the words, answers `--help` and wrong use, else runs. */
export function defineCommand<T extends Options>(
  spec: CommandSpec<T>,
  run: (invocation: Invocation<T>) => Promise<ExitCode>,
): Command {
  return {
    spec,
    start: async (argv, context) => {
      const parsed = parseCommandLine(spec, argv);
      switch (parsed.kind) {
        case "help":
          context.stdout.write(commandHelp(spec));
          return EXIT.done;
        case "wrong":
          context.stderr.write(`${callOf(spec)}: ${parsed.message}\n`);
          return EXIT.wrongUse;
        case "run":
          return run({ words: parsed.words, rest: parsed.rest, values: parsed.values, context });
      }
    },
  };
}
