/**
 * `text`: the one place that makes others' text fit for a terminal, a log or a list. Everything that somebody else wrote (a
 * message, a name, a server's answer, a login, a file's content, the system's words) goes through here before it is printed.
 * All of it is linear.
 */

/**
 * Others' text, safe for a terminal: control characters, escape sequences and invisible direction marks are shown, never
 * obeyed. A message of several lines stays one message: its further lines are indented.
 */
export function visible(text: string): string {
  return visibleLines(text).join("\n    ");
}

/** The same as the lines that it has, for anyone who lays them out: one or more, without indentation. Tabs stay. */
export function visibleLines(text: string): readonly string[] {
  // Halves of pairs would become whole characters beside others' halves.
  return text.toWellFormed().replaceAll("\r\n", "\n").replaceAll(HARMFUL, shown).split("\n");
}

/**
 * The same as one line, whatever it holds: a blank stands for each line end and tab.
 * @param most UTF-16 units of the text that are shown; what is longer ends in `…`.
 */
export function visibleLine(text: string, most = Infinity): string {
  if (text.length <= most) return visibleLines(text).join(" ").replaceAll("\t", " ");
  // Never half of a character.
  const cut = text.slice(0, most).replace(/[\uD800-\uDBFF]$/, "");
  return `${visibleLine(cut)}…`;
}

/** UTF-16 units of a name that are shown; servers of ours take 32. */
const LONGEST_NAME = 64;

/**
 * A name as one line that can't be taken for another: servers of ours take ASCII alone, so a letter that only looks like one, and whatever
 * else isn't ASCII, is shown as its number.
 */
export function visibleName(name: string): string {
  const shownOf = name.slice(0, LONGEST_NAME).replaceAll(/[^\u0020-\u007e]/gu, numbered);
  return name.length > LONGEST_NAME ? `${shownOf}…` : shownOf;
}

/**
 * Others' text as one line that a program can turn back (`printf %b`), and that splits at no tab: backslashes, control
 * characters and invisible marks are written `\\`, `\n`, `\t`, `\u001b`, `\U000e0001`.
 */
export function escapedLine(text: string): string {
  return text.replaceAll(TO_ESCAPE, escaped);
}

/** A value as JSON of one line that steers no terminal either; for a program that reads it nothing changes. */
export function plainJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(TO_ESCAPE_IN_JSON, (found) => found.split("").map(unit).join(""));
}

/**
 * A flag such as Scotland's, which is spelled in characters that are invisible elsewhere; or a character that steers, hides, or looks like
 * nothing (the Hangul fillers); or a mark on so many others that terminals draw it over the rows around: no language heaps up a dozen.
 */
const HARMFUL =
  /\u{1F3F4}[\u{E0030}-\u{E007A}]{3,6}\u{E007F}|[\p{Cc}\p{Cf}\u2028\u2029\u115F\u1160\u3164\uFFA0]|(?<=\p{M}{12})\p{M}+/gu;
/** U+200D holds emoji together, and does no harm. */
const TO_ESCAPE = /[\\\u2028\u2029]|(?!\u200D)[\p{Cc}\p{Cf}]|(?<=\p{M}{12})\p{M}/gu;
const TO_ESCAPE_IN_JSON = /[\u2028\u2029]|(?!\u200D)[\p{Cc}\p{Cf}]|(?<=\p{M}{12})\p{M}/gu;

/** A tab and a line break do no harm. */
const HARMLESS = new Set(["\n", "\t"]);
/** They hold emoji together and make Persian's words; in a word of ASCII, or one after another, they only hide. */
const JOINERS = new Set(["\u200c", "\u200d"]);

function shown(character: string, at: number, text: string): string {
  if (HARMLESS.has(character) || character.startsWith("\u{1F3F4}")) return character;
  if (/^\p{M}/u.test(character)) return `<${character.length} more marks>`;
  const before = text[at - 1] ?? "";
  if (JOINERS.has(character) && before > "\u007f" && !JOINERS.has(before)) return character;
  const code = character.codePointAt(0) ?? 0;
  return code < 0x20 ? String.fromCodePoint(0x2400 + code) : numbered(character);
}

function numbered(character: string): string {
  return `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}>`;
}

const NAMED: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const named = NAMED[character];
  if (named !== undefined) return named;
  return code > 0xff_ff ? `\\U${code.toString(16).padStart(8, "0")}` : unit(character);
}

function unit(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
