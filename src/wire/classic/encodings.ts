/** The two encodings of the classic protocol's texts, as strict as the first server's: hex and UTF-8. */

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** Reads hex of either case, as Go's hex.DecodeString does; null for an odd count of digits or any other character. */
export function openHex(hex: string): Buffer | null {
  // Node cuts characters to 8 bits before it looks (`š`, U+0161, reads as `a`), so only ASCII may come that far.
  if (hex.length % 2 !== 0 || Buffer.byteLength(hex, "utf8") !== hex.length) return null;
  const bytes = Buffer.from(hex, "hex");
  // And it stops at the first other character without a word.
  return 2 * bytes.length === hex.length ? bytes : null;
}

/** Whether every character is a hex digit; true for none. */
export function isHex(text: string): boolean {
  return /^[0-9a-fA-F]*$/.test(text);
}

// A BOM is text like any other: taking it away would change what was said.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes as text, or null when they are not UTF-8. Keeps a BOM. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}
