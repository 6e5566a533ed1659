/**
 * `agent/delivery`: the delivery service that group sessions are handed, spoken over frames. It turns values into frames and
 * answers into values; it decides nothing and keeps nothing.
 */

/** Frames carry ids and hashes as base64url without padding; the agent has them as bytes. */
export function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}

export function toBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64url"));
}
