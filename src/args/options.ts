/** The options of one sub-command as a table: the parser, `--help`, the environment and the configuration file all read it. */
export type Option =
  | { readonly kind: "flag"; readonly help: string }
  | { readonly kind: "text"; readonly placeholder: string; readonly help: string; readonly oneOf?: readonly string[] }
  | { readonly kind: "texts"; readonly placeholder: string; readonly help: string }
  | {
      readonly kind: "number";
      readonly placeholder: string;
      readonly help: string;
      readonly min: number;
      readonly max: number;
      /** Whole numbers only, unless fractions mean something (seconds). */
      readonly fractions?: boolean;
    };

export type Options = Readonly<Record<string, Option>>;

type ValueOf<O extends Option> = O extends { readonly kind: "flag" }
  ? boolean
  : O extends { readonly kind: "number" }
    ? number
    : O extends { readonly kind: "texts" }
      ? readonly string[]
      : string;

/** What was given, by option name; what wasn't is absent. */
export type Values<T extends Options> = { readonly [N in keyof T]?: ValueOf<T[N]> };

/** A value, or one line that says what is wrong with it. */
export type Checked = { readonly value: boolean | number | string | readonly string[] } | { readonly wrong: string };

/**
 * Checks what somebody wrote for an option, on the command line or in the environment (text), or in a file (JSON).
 * @param label what to call the option in the message, e.g. `--port` or `PADSERVE_PORT`.
 */
export function checkOption(option: Option, label: string, given: unknown): Checked {
  switch (option.kind) {
    case "flag":
      return checkFlag(label, given);
    case "number":
      return checkNumber(option, label, given);
    case "text":
      return checkText(option, label, given);
    case "texts":
      return checkTexts(label, given);
  }
}

function checkFlag(label: string, given: unknown): Checked {
  if (given === true || given === "true" || given === "1") return { value: true };
  if (given === false || given === "false" || given === "0" || given === "") return { value: false };
  return { wrong: `${label} is true or false, not ${show(given)}` };
}

function checkNumber(option: Extract<Option, { kind: "number" }>, label: string, given: unknown): Checked {
  const value = typeof given === "string" && /^\d+(\.\d+)?$/.test(given) ? Number(given) : given;
  const whole = option.fractions === true ? "a number" : "a whole number";
  if (
    typeof value !== "number" ||
    !(option.fractions === true ? Number.isFinite(value) : Number.isSafeInteger(value)) ||
    value < option.min ||
    value > option.max
  ) {
    return { wrong: `${label} takes ${whole} from ${option.min} to ${option.max}, not ${show(given)}` };
  }
  return { value };
}

function checkText(option: Extract<Option, { kind: "text" }>, label: string, given: unknown): Checked {
  if (typeof given !== "string" || given === "")
    return { wrong: `${label} takes ${option.placeholder}, not ${show(given)}` };
  if (option.oneOf !== undefined && !option.oneOf.includes(given)) {
    return { wrong: `${label} is one of ${option.oneOf.join(", ")}, not ${show(given)}` };
  }
  return { value: given };
}

/** Several: an array, or text with commas between. */
function checkTexts(label: string, given: unknown): Checked {
  const items = typeof given === "string" ? given.split(",") : Array.isArray(given) ? given : [given];
  const texts = items.map((item: unknown) => (typeof item === "string" ? item.trim() : ""));
  if (texts.some((text) => text === "")) return { wrong: `${label} takes one or more words, not ${show(given)}` };
  return { value: texts.flatMap((text) => text.split(",")) };
}

function show(given: unknown): string {
  return given === undefined ? "nothing" : JSON.stringify(given);
}
