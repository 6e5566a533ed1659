/** `bin/completion`: completion scripts for shells, made from the same tables as the commands themselves. */

import type { CommandSpec } from "../../args/spec.ts";
import { firstWords, optionsOf, type Value } from "./suggestions.ts";

/**
 * For bash, also 3.2 as macOS has it, and without the package bash-completion. Behind `--` a command line of others' is
 * completed as files are.
 */
export function bashCompletion(specs: readonly CommandSpec[]): string {
  return `# bash completion for pad and padserve
_padserve_paths() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen "$@" -- "$word"))
  compopt -o filenames 2> /dev/null
}
_padserve() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} i
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${["--help", "--version", ...specs.map(({ name }) => name)].join(" ")}" -- "$word"))
    return
  fi
  for ((i = 2; i < COMP_CWORD; i++)); do
    if [ "\${COMP_WORDS[i]}" = -- ]; then
      _padserve_paths -c -f
      return
    fi
  done
  case "\${COMP_WORDS[1]} $before" in
${specs.flatMap(valueCases).join("\n")}
  esac
  case "\${COMP_WORDS[1]} $word" in
${specs.map(optionCase).join("\n")}
  esac
  if [ "$COMP_CWORD" -eq 2 ]; then
    case "\${COMP_WORDS[1]}" in
${specs.flatMap(wordCase).join("\n")}
    esac
  fi
}
complete -F _padserve pad padserve
`;
}

function valueCases(spec: CommandSpec): readonly string[] {
  return optionsOf(spec).flatMap(({ name, value }) =>
    value.kind === "none" ? [] : [`    "${spec.name} ${name}") ${compgen(value)}return ;;`],
  );
}

function compgen(value: Exclude<Value, { kind: "none" }>): string {
  switch (value.kind) {
    case "choice":
      return `COMPREPLY=($(compgen -W "${value.words.join(" ")}" -- "$word")); `;
    case "file":
      return "_padserve_paths -f; ";
    case "folder":
      return "_padserve_paths -d; ";
    case "any":
      return "";
  }
}

function optionCase(spec: CommandSpec): string {
  const names = optionsOf(spec).map(({ name }) => name);
  return `    "${spec.name} -"*) COMPREPLY=($(compgen -W "${names.join(" ")}" -- "$word")); return ;;`;
}

function wordCase(spec: CommandSpec): readonly string[] {
  const words = firstWords(spec);
  return words.length === 0 ? [] : [`      ${spec.name}) COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$word")) ;;`];
}
