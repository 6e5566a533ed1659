import type { Options } from "./options.ts";

/** What the table of sub-commands knows of one before loading it. */
export interface CommandSpec<T extends Options = Options> {
  readonly name: string;
  /** What people type before the name; both are the same program. Default `padserve`, the server's. */
  readonly program?: "pad" | "padserve";
  readonly summary: string;
  /** The words after the name, as in a usage line: `[YourID] [server]`. `one|other` is a choice, and completed. */
  readonly words: string;
  readonly minWords: number;
  readonly maxWords: number;
  /** What keeps words from being missing: a shell takes an unquoted # for the beginning of a remark. */
  readonly quotes?: string;
  /** A command line of others' that may stand after `--`, as in a usage line: `COMMAND ARG…`. */
  readonly rest?: string;
  readonly options: T;
  /** Options of other commands that people try here, with what to write instead. */
  readonly hints?: Readonly<Record<string, string>>;
  /** Whole command lines with what they do. */
  readonly examples: readonly (readonly [command: string, does: string])[];
}

/** How people call `pad` where they run it as we run: from a checkout, whose sources these are, or installed. */
export function padCall(): string {
  return import.meta.url.endsWith(".ts") ? "npm run -s pad --" : "pad";
}

/** How people call the command: `pad send`. */
export function callOf({ program = "padserve", name }: CommandSpec): string {
  return `${program} ${name}`;
}
