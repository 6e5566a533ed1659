import { parseArgs } from "node:util";
import { checkOption, type Options, type Values } from "./options.ts";
import { callOf, type CommandSpec } from "./spec.ts";

export type Parsed<T extends Options> =
  | {
      readonly kind: "run";
      readonly words: readonly string[];
      /** Behind `--`, for a command that takes it; null: nothing is there. */
      readonly rest: readonly string[] | null;
      readonly values: Values<T>;
    }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string };

/** Reads the words behind a sub-command's name. `--help` or `-h` wins over whatever else is there, right or wrong. */
export function parseCommandLine<T extends Options>(spec: CommandSpec<T>, argv: readonly string[]): Parsed<T> {
  const dashes = argv.includes("--") ? argv.indexOf("--") : argv.length;
  const ours = argv.slice(0, dashes);
  if (ours.includes("--help") || ours.includes("-h")) return { kind: "help" };
  const rest = spec.rest === undefined || dashes === argv.length ? null : argv.slice(dashes + 1);
  if (rest?.length === 0) return wrong(spec, `something is missing: -- ${spec.rest}`);
  const read = readWords(spec, rest === null ? argv : ours);
  if ("message" in read) return wrong(spec, read.message);
  const values: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(read.values)) {
    const option = spec.options[name];
    if (option === undefined || given === undefined) continue;
    const checked = checkOption(option, `--${name}`, given);
    if ("wrong" in checked) return wrong(spec, checked.wrong);
    values[name] = checked.value;
  }
  const count = read.positionals.length;
  if (count > spec.maxWords) return wrong(spec, `too many words: ${read.positionals.slice(spec.maxWords).join(" ")}`);
  const quotes = count === 0 && spec.quotes !== undefined ? ` (${spec.quotes})` : "";
  if (count < spec.minWords) return wrong(spec, `something is missing: ${spec.words}${quotes}`);
  // Each value was checked against the very option that gives its type.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { kind: "run", words: read.positionals, rest, values: values as Values<T> };
}

function readWords(spec: CommandSpec, argv: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries(spec.options).map(([name, { kind }]) => [
      name,
      { type: kind === "flag" ? ("boolean" as const) : ("string" as const), multiple: kind === "texts" },
    ]),
  );
  const negative = negativeNumber(spec, argv);
  if (negative !== null) return { message: negative };
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    return { message: error instanceof Error ? shortened(error.message, spec) : String(error) };
  }
}

/** `--limit -1` is ambiguous to node:util; to a person it is a number that is too small. */
function negativeNumber(spec: CommandSpec, argv: readonly string[]): string | null {
  for (const [nth, word] of argv.entries()) {
    if (word === "--") return null;
    const value = argv[nth + 1];
    const option = word.startsWith("--") ? spec.options[word.slice(2)] : undefined;
    if (option?.kind !== "number" || value === undefined || !/^-[0-9.]+$/.test(value)) continue;
    const checked = checkOption(option, word, value);
    if ("wrong" in checked) return checked.wrong;
  }
  return null;
}

/** node:util explains a dash at length; its first sentence says what is wrong. */
function shortened(message: string, spec: CommandSpec): string {
  const [sentence = message] = message.split(/\. |\n/);
  const [, unknown = ""] = /^Unknown option '--([^']*)'/.exec(sentence) ?? [];
  if (spec.hints !== undefined && Object.hasOwn(spec.hints, unknown))
    return `There is no --${unknown} here: ${spec.hints[unknown]}`;
  const [, missing = ""] = /^Option '(?:-\w, )?--([^ ']*).*' argument (?:missing|is ambiguous)/.exec(sentence) ?? [];
  const option = Object.hasOwn(spec.options, missing) ? spec.options[missing] : undefined;
  if (option !== undefined && "placeholder" in option)
    return `--${missing} takes ${option.placeholder}, and none is given`;
  return sentence.startsWith("Unknown option '-") && !sentence.startsWith("Unknown option '--")
    ? `${sentence}; put words that begin with a dash after --`
    : sentence;
}

function wrong(spec: CommandSpec, message: string): { readonly kind: "wrong"; readonly message: string } {
  return { kind: "wrong", message: `${message}\nTry: ${callOf(spec)} --help` };
}
