import * as fc from "fast-check";
import { type Composer, newComposer } from "../../src/view/composer/composer.ts";
import type { Effect, Input, PressContext } from "../../src/view/composer/input.ts";
import { press } from "../../src/view/composer/press.ts";
import { actionOf, KEY_TABLE, type KeyName } from "../../src/view/keys/table.ts";

/** A composer with a text in which `|` is the cursor. */
export function written(drawn: string, history: readonly string[] = []): Composer {
  const text = drawn.replace("|", "");
  return { ...newComposer(history), text, cursor: drawn.includes("|") ? drawn.indexOf("|") : text.length };
}

/** The same the other way round. */
export function picture({ text, cursor }: Composer): string {
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
}

export function type(text: string): Input {
  return { kind: "type", text };
}

export function paste(text: string): Input {
  return { kind: "paste", text };
}

/** Nothing to complete; pastes of several lines ask. */
export const context: PressContext = { complete: () => ({ length: 0, candidates: [] }), askPaste: true };

/** The composer after keys by their names, texts and pastes. */
export function after(start: Composer, ...inputs: readonly (KeyName | Input)[]): Composer {
  return inputs.reduce<Composer>((composer, input) => press(composer, inputOf(input), context).composer, start);
}

/** What the last of these inputs asks of the face. */
export function effectOf(start: Composer, ...inputs: readonly (KeyName | Input)[]): Effect | null {
  const last = inputs.at(-1);
  if (last === undefined) throw new Error("nothing was pressed");
  return press(after(start, ...inputs.slice(0, -1)), inputOf(last), context).effect;
}

function inputOf(input: KeyName | Input): Input {
  const found = typeof input === "string" ? actionOf(input) : input;
  if (found === null) throw new Error(`no such key: ${JSON.stringify(input)}`);
  return found;
}

// Code points that flow together into one character, in pieces and whole; words and blanks in several scripts; harm.
const PIECES = [
  ["a", "b", " ", "_", "-", "\n", "世", "界", "word", "Word "],
  ["e\u0301", "\u0301", "क्षि", "👩‍👩‍👧", "👩", "\u200d", "👧🏽", "🇩🇪", "🇩", "🇪"],
  ["\t", "\r\n", "\r", "\u001b[2J", "\u009b", "\u202e", "\u2028", "\ud83d", "\ude00"],
].flat();

/** Text as people and terminals send it, the strangest included. */
export const pieces: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 5 })
  .map((some) => some.join(""));

/** Any key of the table, any text typed, any paste. */
export const inputs: fc.Arbitrary<Input> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...KEY_TABLE.map(({ does }) => does)) },
  { weight: 3, arbitrary: pieces.map(type) },
  { weight: 1, arbitrary: pieces.map(paste) },
);
