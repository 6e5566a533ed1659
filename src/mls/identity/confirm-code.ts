import { createHash, timingSafeEqual } from "node:crypto";
import { plainBase32, writeBase32 } from "./base32.ts";
import { withLength } from "./bytes.ts";
import { whoBytes } from "./who.ts";
import type { Who } from "./who.ts";

const CODE_BITS = 80;
const CODE_CHARACTERS = CODE_BITS / 5;

/**
 * What a new device shows and its person types on a confirmed one: 80 bits of a hash of the new device's key, so that a server
 * that puts its own key in between would have to find one with the same code. Sixteen characters, in fours.
 */
export function confirmCode(who: Who, deviceKey: Uint8Array): string {
  return (codeOf(who, deviceKey).match(/.{4}/g) ?? []).join("-");
}

/** Whether what was typed is that key's code; case, blanks and hyphens don't count, nor which of O and 0, I, L and 1 was meant. */
export function isConfirmCode(typed: string, who: Who, deviceKey: Uint8Array): boolean {
  // Whatever was pasted, only so much of it can be a code with blanks and hyphens.
  const plain = plainBase32(typed.slice(0, 4 * CODE_CHARACTERS).replaceAll(/\s/g, ""));
  const [given, expected] = [Buffer.from(plain), Buffer.from(codeOf(who, deviceKey))];
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function codeOf(who: Who, deviceKey: Uint8Array): string {
  const hash = createHash("sha256")
    .update(whoBytes("padserve confirm code v1", who))
    .update(withLength(deviceKey))
    .digest();
  return writeBase32(hash.subarray(0, CODE_BITS / 8));
}
