/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** Reads hex of either case, as Go's hex.DecodeString does; null for an odd count of digits or any other character. */
export function openHex(hex: string): Buffer | null {
  return hex.length % 2 === 0 && isHex(hex) ? Buffer.from(hex, "hex") : null;
}

/** Whether every character is a hex digit; true for none. */
export function isHex(text: string): boolean {
  return HEX.test(text);
}

const HEX = /^[0-9a-fA-F]*$/;
