import type { Option } from "../../args/options.ts";
import type { CommandSpec } from "../../args/spec.ts";

/** What may stand behind an option: nothing, one of these, a file or folder, or something that nobody can guess. */
export type Value =
  | { readonly kind: "none" }
  | { readonly kind: "choice"; readonly words: readonly string[] }
  | { readonly kind: "file" | "folder" | "any" };

export interface Suggestion {
  /** With its dashes. */
  readonly name: string;
  readonly help: string;
  readonly value: Value;
}

/** A sub-command's options, `--help` last. */
export function optionsOf({ options }: CommandSpec): readonly Suggestion[] {
  const own = Object.entries(options).map(([name, option]) => ({
    name: `--${name}`,
    help: option.help,
    value: valueOf(option),
  }));
  return [...own, { name: "--help", help: "how it is used", value: { kind: "none" } }];
}

/** What its first word can be, where it is a choice: `bash|zsh|fish`. */
export function firstWords({ words }: CommandSpec): readonly string[] {
  const [first = ""] = words.split(" ");
  const [, choice] = /^\[?([a-z]+(?:\|[a-z]+)+)\]?$/.exec(first) ?? [];
  return choice?.split("|") ?? [];
}

function valueOf(option: Option): Value {
  if (option.kind === "flag") return { kind: "none" };
  if (option.kind === "text" && option.oneOf !== undefined) return { kind: "choice", words: option.oneOf };
  switch (option.placeholder) {
    case "FILE":
    case "PATH":
      return { kind: "file" };
    case "FOLDER":
      return { kind: "folder" };
    default:
      return { kind: "any" };
  }
}
