import type { CommandSpec } from "../../args/spec.ts";
import { firstWords, optionsOf, type Suggestion } from "./suggestions.ts";

/** For fish: one line for each sub-command, option and choice, for both programs. */
export function fishCompletion(specs: readonly CommandSpec[]): string {
  const lines = specs.flatMap((spec) => {
    const behind = `-n 'contains -- ${spec.name} (commandline -opc)[2]'`;
    const behindDashes = `-n 'contains -- ${spec.name} (commandline -opc)[2]; and contains -- -- (commandline -opc)'`;
    const words = firstWords(spec);
    return [
      `complete -c $program -n 'test (count (commandline -opc)) -eq 1' -a ${spec.name} -d ${quoted(spec.summary)}`,
      ...optionsOf(spec).map((option) => `complete -c $program ${behind} ${optionWords(option)}`),
      ...(words.length === 0 ? [] : [`complete -c $program ${behind} -a ${quoted(words.join(" "))}`]),
      ...(spec.rest === undefined ? [] : [`complete -c $program ${behindDashes} -F`]),
    ];
  });
  return `# fish completion for pad and padserve
for program in pad padserve
    complete -c $program -f
${lines.map((line) => `    ${line}`).join("\n")}
end
`;
}

function optionWords({ name, help, value }: Suggestion): string {
  const option = `-l ${name.slice(2)} -d ${quoted(help)}`;
  switch (value.kind) {
    case "none":
      return option;
    case "choice":
      return `${option} -x -a ${quoted(value.words.join(" "))}`;
    case "file":
      return `${option} -r -F`;
    case "folder":
      return `${option} -x -a '(__fish_complete_directories)'`;
    case "any":
      return `${option} -x`;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}
