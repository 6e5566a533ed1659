import type { Option } from "./options.ts";
import { callOf, type CommandSpec } from "./spec.ts";

/** The `--help` of one sub-command. */
export function commandHelp(spec: CommandSpec): string {
  return [
    spec.summary,
    "",
    `Usage: ${usageOf(spec)}`,
    "",
    "Options:",
    ...table(optionRows(spec)),
    "",
    "Examples:",
    ...table(spec.examples),
    "",
  ].join("\n");
}

/** `pad send WHO TEXT [options]`. */
export function usageOf(spec: CommandSpec): string {
  const rest = spec.rest === undefined ? "" : `[-- ${spec.rest}]`;
  return [callOf(spec), spec.words, "[options]", rest].filter((part) => part !== "").join(" ");
}

/** Each option as it is written, `--as ID`, and what it does. */
export function optionRows(spec: CommandSpec): readonly (readonly [string, string])[] {
  const rows = Object.entries(spec.options).map(
    ([name, option]) => [`--${name}${argumentOf(option)}`, option.help] as const,
  );
  return [...rows, ["--help", "this text"]];
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
