import type { Key } from "ink";
import type { KeyName } from "../../view/keys/table.ts";

/** What the keyboard says: a key by its name, or text that was typed. */
export type Stroke =
  | { readonly kind: "key"; readonly name: KeyName }
  | { readonly kind: "text"; readonly text: string };

/**
 * The strokes in one event of Ink's. Fast typing, an input method or a paste without brackets give many in one: what was
 * typed behind an Enter must not be lost, and neither must the Enter.
 */
export function strokesOf(input: string, key: Key): readonly Stroke[] {
  if (key.eventType === "release") return [];
  const named = NAMED.find(([flag]) => key[flag]);
  // Two Escs at once look like Alt-Esc, which nobody means.
  if (named?.[1] === "escape") return Array.from({ length: key.meta ? 2 : 1 }, () => stroke("escape"));
  if (named !== undefined) return [stroke(modifiers(key) + named[1])];
  if (key.ctrl || key.meta) return input === "" ? [] : [stroke(modified(input, key))];
  return (input.match(/\p{Cc}|\P{Cc}+/gu) ?? []).map((piece) => {
    const control = /^\p{Cc}$/u.test(piece);
    return control ? stroke(nameOfControl(piece)) : { kind: "text", text: piece };
  });
}

const NAMED = [
  ["upArrow", "up"],
  ["downArrow", "down"],
  ["leftArrow", "left"],
  ["rightArrow", "right"],
  ["pageUp", "pageup"],
  ["pageDown", "pagedown"],
  ["home", "home"],
  ["end", "end"],
  ["return", "enter"],
  ["escape", "escape"],
  ["tab", "tab"],
  ["backspace", "backspace"],
  ["delete", "delete"],
] as const satisfies readonly (readonly [keyof Key, KeyName])[];

function stroke(name: KeyName): Stroke {
  return { kind: "key", name };
}

function modifiers({ ctrl, meta, shift }: Key): string {
  return `${ctrl ? "ctrl-" : ""}${meta ? "alt-" : ""}${shift ? "shift-" : ""}`;
}

/** A letter's own case says whether Shift was held; with Ctrl or Alt, keys don't differ by it. */
function modified(input: string, { ctrl, meta }: Key): KeyName {
  const name = input === " " ? "space" : input.toLowerCase();
  return `${ctrl ? "ctrl-" : ""}${meta ? "alt-" : ""}${name}`;
}

/** The key that sends a control character, as terminals have it: `\u0001` is Ctrl-A. */
function nameOfControl(character: string): KeyName {
  if (character === "\r") return "enter";
  if (character === "\t") return "tab";
  const code = character.codePointAt(0) ?? 0;
  return `ctrl-${String.fromCodePoint(code <= 26 ? code + 0x60 : code + 0x40)}`;
}
