import { createHash, timingSafeEqual } from "node:crypto";
import { withLength } from "./bytes.ts";
import { whoBytes } from "./who.ts";
import type { Who } from "./who.ts";

/** Letters and digits that nobody mistakes for one another (Crockford's base 32). */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
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
  const plain = typed
    .slice(0, 4 * CODE_CHARACTERS)
    .toUpperCase()
    .replaceAll(/[\s-]/g, "")
    .replaceAll("O", "0")
    .replaceAll(/[IL]/g, "1");
  const [given, expected] = [Buffer.from(plain), Buffer.from(codeOf(who, deviceKey))];
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function codeOf(who: Who, deviceKey: Uint8Array): string {
  const hash = createHash("sha256")
    .update(whoBytes("padserve confirm code v1", who))
    .update(withLength(deviceKey))
    .digest();
  let bits = BigInt(`0x${hash.subarray(0, CODE_BITS / 8).toString("hex")}`);
  let code = "";
  for (let index = 0; index < CODE_CHARACTERS; index += 1) {
    code = (ALPHABET[Number(bits & 31n)] ?? "") + code;
    bits >>= 5n;
  }
  return code;
}
