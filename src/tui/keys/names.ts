import type { KeyName } from "../../view/keys/table.ts";

/** The key that sends a control character, as terminals have it: `\u0001` is Ctrl-A. */
export function keyOfControl(character: string): KeyName {
  switch (character) {
    case "\r":
      return "enter";
    case "\t":
      return "tab";
    case "\b":
    case "\u007f":
      return "backspace";
    default: {
      const code = character.charCodeAt(0);
      return `ctrl-${String.fromCodePoint(code <= 26 && code > 0 ? code + 0x60 : code + 0x40)}`;
    }
  }
}

/** The key that sends Esc and a character: Alt and that key. */
export function keyOfEscaped(character: string): KeyName {
  if (character < " " || character === "\u007f") {
    const name = keyOfControl(character);
    return name.startsWith("ctrl-") ? `ctrl-alt-${name.slice("ctrl-".length)}` : `alt-${name}`;
  }
  // A letter's own case says whether Shift was held; with Alt, keys don't differ by it.
  return `alt-${character === " " ? "space" : character.toLowerCase()}`;
}

/** The key of `ESC [ parameters final`; null: none of ours, or a report of the terminal's. */
export function keyOfCsi(parameters: string, final: string, alt: boolean): KeyName | null {
  // With a mark in front it is an answer or a mouse.
  if (!/^[\d;:]*$/.test(parameters)) return null;
  const [first = [], second = []] = parameters.split(";").map((one) => one.split(":").map(Number));
  const [code = 0] = first;
  const [modifier = 1, event = 1] = second;
  // Where releases are told, too, one press is one key.
  if (event === 3) return null;
  if (final === "u") return modified(modifier, alt, nameOfCode(code));
  if (final === "~" && code === 27) {
    // xterm's modifyOtherKeys.
    return modified(modifier, alt, nameOfCode(Number(parameters.split(";")[2])));
  }
  if (/^[\^$@]$/.test(final)) return modified(RXVT_MODIFIERS[final] ?? 1, alt, BY_NUMBER.get(code) ?? null);
  if (final === "~") return modified(modifier, alt, BY_NUMBER.get(code) ?? null);
  if (/^[a-d]$/.test(final)) return modified(2, alt, BY_LETTER.get(final.toUpperCase()) ?? null);
  if (final === "Z") return modified(2, alt, "tab");
  return modified(modifier, alt, BY_LETTER.get(final) ?? null);
}

/** The key of `ESC O parameters final`: application mode, and rxvt's Ctrl with arrows. */
export function keyOfSs3(parameters: string, final: string, alt: boolean): KeyName | null {
  if (final === "M") return modified(1, alt, "enter");
  if (/^[a-d]$/.test(final)) return modified(5, alt, BY_LETTER.get(final.toUpperCase()) ?? null);
  const modifier = Number(parameters.split(";").at(-1) ?? "") || 1;
  return modified(modifier, alt, BY_LETTER.get(final) ?? null);
}

const RXVT_MODIFIERS: Readonly<Record<string, number>> = { $: 2, "^": 5, "@": 6 };

const BY_LETTER: ReadonlyMap<string, KeyName> = new Map([
  ["A", "up"],
  ["B", "down"],
  ["C", "right"],
  ["D", "left"],
  ["H", "home"],
  ["F", "end"],
]);

const BY_NUMBER: ReadonlyMap<number, KeyName> = new Map([
  [1, "home"],
  [3, "delete"],
  [4, "end"],
  [5, "pageup"],
  [6, "pagedown"],
  [7, "home"],
  [8, "end"],
]);

/** xterm's modifiers: 1, and 1 for Shift, 2 for Alt, 4 for Ctrl, 32 for Meta. */
function modified(modifier: number, alt: boolean, name: KeyName | null): KeyName | null {
  if (name === null) return null;
  const bits = modifier - 1;
  const withAlt = alt || (bits & 2) !== 0 || (bits & 32) !== 0;
  // Letters come as themselves where nothing is held.
  return `${(bits & 4) === 0 ? "" : "ctrl-"}${withAlt ? "alt-" : ""}${(bits & 1) === 0 ? "" : "shift-"}${name}`;
}

/** A key by its code point (CSI u). */
function nameOfCode(code: number): KeyName | null {
  if (!Number.isInteger(code) || code <= 0 || code > 0x10_ff_ff) return null;
  if (code === 27) return "escape";
  const character = String.fromCodePoint(code);
  if (code < 32 || code === 127) return keyOfControl(character);
  return code === 32 ? "space" : character.toLowerCase();
}
