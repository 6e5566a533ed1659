import type { Options } from "./options.ts";

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
