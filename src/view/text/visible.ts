/**
 * Others' text, safe for a terminal: control characters, escape sequences and invisible direction marks are shown, never
 * obeyed. A message of several lines stays one message: its further lines are indented.
 */
export function visible(text: string): string {
  return visibleLines(text).join("\n    ");
}

/** The same as the lines that it has, for who lays them out: one or more, without indentation. */
export function visibleLines(text: string): readonly string[] {
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll(/\u{1F3F4}[\u{E0030}-\u{E007A}]{3,6}\u{E007F}|[\p{Cc}\p{Cf}\u2028\u2029]/gu, shown)
    .split("\n");
}

/** A tab and a line break do no harm; joiners hold emoji together and make Persian's words. */
const HARMLESS = new Set(["\n", "\t", "\u200c", "\u200d"]);

function shown(character: string): string {
  // A flag such as Scotland's is spelled in characters that are invisible elsewhere.
  if (HARMLESS.has(character) || character.startsWith("\u{1F3F4}")) return character;
  const code = character.codePointAt(0) ?? 0;
  return code < 0x20 ? String.fromCodePoint(0x2400 + code) : `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
}
