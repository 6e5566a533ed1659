import { foldAscii } from "./identity.ts";

/** The open room's address; no session may bear it as a name. */
const ALL = "ALL";

const NAME = /^[A-Za-z0-9._-]{1,32}$/;

/** Whether a word can be a name: 1 to 32 of `A-Z a-z 0-9 . _ -`, and not `ALL` in any case. */
export function isName(word: string): boolean {
  return NAME.test(word) && foldName(word) !== foldName(ALL);
}

/** Names are unique without regard to case; this is the form to compare and to index by. */
export function foldName(name: string): string {
  return foldAscii(name);
}
