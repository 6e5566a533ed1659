import { graphemesOf } from "./graphemes.ts";

/** Where the line that `at` is in begins. */
export function lineStart(text: string, at: number): number {
  return at === 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
}

/** Where the line that `at` is in ends: at its `\n`, or at the text's end. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

/** The start of the word before `at`, as readline has it: over what is no word, then over the word. */
export function wordStart(text: string, at: number): number {
  return back(text, at, isWord);
}

/** The end of the word after `at`, the same way. */
export function wordEnd(text: string, at: number): number {
  let to = at;
  let inWord = false;
  for (const character of graphemesOf(text.slice(at))) {
    if (inWord && !isWord(character)) break;
    inWord ||= isWord(character);
    to += character.length;
  }
  return to;
}

/** The start of what stands between blanks before `at`. */
export function blankBefore(text: string, at: number): number {
  return back(text, at, (character) => !/\s/.test(character));
}

function back(text: string, at: number, isPart: (character: string) => boolean): number {
  let to = at;
  let inside = false;
  for (const character of graphemesOf(text.slice(0, at)).toReversed()) {
    if (inside && !isPart(character)) break;
    inside ||= isPart(character);
    to -= character.length;
  }
  return to;
}

/** Emoji count as words: one who goes back a word over them wants to stop there. */
function isWord(character: string): boolean {
  return /[\p{L}\p{N}_\p{Extended_Pictographic}\p{RI}]/u.test(character);
}
