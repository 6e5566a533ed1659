/**
 * `wire/classic`: the classic protocol: bytes of a line ↔ values, both directions, with its ciphers. No sockets and no state,
 * save a pool of fresh keys.
 */

/**
 * A line's outer blanks are what Go's strings.TrimSpace takes: Unicode White_Space. JavaScript's trim differs (it
 * takes U+FEFF and leaves U+0085). A loop and no expression, because `\s+$` needs quadratic time on a line of blanks.
 */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/** Whether a text arrives as one word of a line: not empty, no space, no line break, no blank at its ends to be trimmed. */
export function isWord(text: string): boolean {
  return text !== "" && !/[ \n]/.test(text) && trimBlanks(text) === text;
}

function isBlank(code: number): boolean {
  if (code <= 0x20) return code === 0x20 || (code >= 0x09 && code <= 0x0d);
  return code >= 0x85 && WIDE_BLANKS.has(code);
}

const WIDE_BLANKS: ReadonlySet<number> = new Set([
  0x85, 0xa0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x2028,
  0x2029, 0x202f, 0x205f, 0x3000,
]);
