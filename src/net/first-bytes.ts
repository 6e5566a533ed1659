/** What a connection speaks, told by its first bytes. */
export type Speech = "http" | "tls" | "lines";

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"].map((method) =>
  Buffer.from(`${method} `, "latin1"),
);

/** TLS record header: content type handshake, then the major version that every TLS has (RFC 8446, section 5.1). */
const TLS = Buffer.from([0x16, 0x03]);

/**
 * Tells HTTP and TLS from lines. `undecided` only while the bytes are a proper prefix of a method and its space, or of a
 * TLS hello; never for longer than 7 bytes, and more bytes never change a decision.
 */
export function classify(bytes: Uint8Array): Speech | "undecided" {
  if (begins(bytes, TLS)) return bytes.length < TLS.length ? "undecided" : "tls";
  for (const method of METHODS) {
    if (begins(bytes, method)) return bytes.length < method.length ? "undecided" : "http";
  }
  return "lines";
}

/** Whether two byte strings agree as far as the shorter one goes. */
function begins(bytes: Uint8Array, word: Uint8Array): boolean {
  const length = Math.min(bytes.length, word.length);
  for (let at = 0; at < length; at++) {
    if (bytes[at] !== word[at]) return false;
  }
  return true;
}
