/** The code that a device which waits shows, as people type it to say which one they mean. Whose device it is a hash says, elsewhere. */

/** Characters from which a beginning of a code means a device: fewer are as likely a label. */
const SHORTEST = 4;
/** No code has as many, with whatever stands between them. */
const MOST = 64;

/** Whether what was typed is the whole code; case, blanks and hyphens don't count, nor which of O and 0, I, L and 1 was meant. */
export function isWholeCode(typed: string, code: string | null): boolean {
  return code !== null && plain(typed) === plain(code) && plain(code) !== "";
}

/** The same for its beginning, of four characters or more. */
export function beginsCode(typed: string, code: string | null): boolean {
  return code !== null && plain(typed).length >= SHORTEST && plain(code).startsWith(plain(typed));
}

function plain(text: string): string {
  return text.slice(0, MOST).toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
}
