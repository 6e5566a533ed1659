import type { CommandSpec } from "../../args/spec.ts";
import { firstWords, optionsOf, type Suggestion, type Value } from "./suggestions.ts";

/** For zsh: a function `_pad` for a folder of `fpath`. */
export function zshCompletion(specs: readonly CommandSpec[]): string {
  return `#compdef pad padserve
# zsh completion for pad and padserve
local -a commands
commands=(
${specs.map(({ name, summary }) => `  ${quoted(`${name}:${summary.replaceAll(":", "\\:")}`)}`).join("\n")}
)
if (( CURRENT == 2 )); then
  _describe -t commands command commands
  return
fi
local command=$words[2]
shift words
(( CURRENT-- ))
case $command in
${specs.map(commandCase).join("\n")}
esac
`;
}

function commandCase(spec: CommandSpec): string {
  const specs = [...optionsOf(spec).map(argument), ...wordArguments(spec)].map((line) => `      ${line} \\`);
  return [`  ${spec.name})`, "    _arguments -S \\", ...specs, "      && return", "    ;;"].join("\n");
}

/** `--name[help]:what:action`, as _arguments has it. */
function argument({ name, help, value }: Suggestion): string {
  const told = help.replaceAll(/[\\[\]:]/g, "\\$&");
  return quoted(`${name}[${told}]${action(name, value)}`);
}

function action(name: string, value: Value): string {
  const what = name.slice(2);
  switch (value.kind) {
    case "none":
      return "";
    case "choice":
      return `:${what}:(${value.words.join(" ")})`;
    case "file":
      return `:${what}:_files`;
    case "folder":
      return `:${what}:_files -/`;
    case "any":
      return `:${what}: `;
  }
}

function wordArguments(spec: CommandSpec): readonly string[] {
  const words = firstWords(spec);
  if (words.length > 0) return [quoted(`1:word:(${words.join(" ")})`)];
  return spec.rest === undefined ? [] : [quoted("*::command:_normal")];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
