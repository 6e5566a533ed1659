/** Lower case, two digits a byte: what bytes are called as keys of maps and in JSON. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
