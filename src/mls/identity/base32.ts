/**
 * `mls/identity`: who a device says it is: records that user keys sign, pins, and the codes that people compare. Pure
 * functions over bytes.
 */

/** Letters and digits that nobody mistakes for one another (Crockford's base 32). */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** These bytes as one number, in the fewest characters that hold any of their length. */
export function writeBase32(bytes: Uint8Array): string {
  let bits = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
  let text = "";
  for (let left = charactersOf(bytes.length); left > 0; left -= 1) {
    text = (ALPHABET[Number(bits & 31n)] ?? "") + text;
    bits >>= 5n;
  }
  return text;
}

/** What people may have typed, in the characters of the alphabet: case and hyphens don't count, nor which of O and 0, I, L and 1 was meant. */
export function plainBase32(typed: string): string {
  return typed.toUpperCase().replaceAll("-", "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
}

/** Null for another character, and for what isn't so many bytes. */
export function readBase32(plain: string, bytes: number): Uint8Array | null {
  if (plain.length !== charactersOf(bytes)) return null;
  let bits = 0n;
  for (const character of plain) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return null;
    bits = (bits << 5n) | BigInt(value);
  }
  if (bits >> BigInt(8 * bytes) !== 0n) return null;
  return Uint8Array.from(Buffer.from(bits.toString(16).padStart(2 * bytes, "0"), "hex"));
}

function charactersOf(bytes: number): number {
  return Math.ceil((8 * bytes) / 5);
}
