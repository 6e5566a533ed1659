import type { CommandSpec } from "./spec.ts";
import type { Option } from "./options.ts";

/** The `--help` of one sub-command. */
export function commandHelp(spec: CommandSpec): string {
  const usage = ["padserve", spec.name, spec.words, "[options]"].filter((part) => part !== "").join(" ");
  const rows = Object.entries(spec.options).map(
    ([name, option]) => [`--${name}${argumentOf(option)}`, option.help] as const,
  );
  return [
    spec.summary,
    "",
    `Usage: ${usage}`,
    "",
    "Options:",
    ...table([...rows, ["--help", "this text"]]),
    "",
    "Examples:",
    ...table(spec.examples),
    "",
  ].join("\n");
}

/** Two columns, indented; a left side that is too wide gets a line of its own. */
export function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(38, Math.max(...rows.map(([left]) => left.length)));
  return rows.flatMap(([left, right]) =>
    left.length > width ? [`  ${left}`, `  ${" ".repeat(width)}  ${right}`] : [`  ${left.padEnd(width)}  ${right}`],
  );
}

function argumentOf(option: Option): string {
  return option.kind === "flag" ? "" : ` ${option.placeholder}`;
}
