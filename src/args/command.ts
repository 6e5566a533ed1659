import type { Readable, Writable } from "node:stream";
import type { ExitCode } from "./exit-codes.ts";
import type { Options, Values } from "./options.ts";

/** The world around a command, so that a test can be one. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  /** Aborted by the first SIGINT or SIGTERM; the reason is the signal's name. A second one ends the process at once. */
  readonly stop: AbortSignal;
}

/** What the table of sub-commands knows of one before loading it. */
export interface CommandSpec<T extends Options = Options> {
  readonly name: string;
  readonly summary: string;
  /** The words behind the name, as in a usage line: `[YourID] [server]`. */
  readonly words: string;
  readonly minWords: number;
  readonly maxWords: number;
  readonly options: T;
  /** Whole command lines with what they do. */
  readonly examples: readonly (readonly [command: string, does: string])[];
}

export interface Invocation<T extends Options> {
  readonly words: readonly string[];
  readonly values: Values<T>;
  readonly surroundings: Surroundings;
}

/** A sub-command, ready to run. */
export interface CommandModule<T extends Options = Options> {
  readonly spec: CommandSpec<T>;
  readonly run: (invocation: Invocation<T>) => Promise<ExitCode>;
}
