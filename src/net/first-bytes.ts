/** What a connection speaks, told by its first bytes. `plain`: a person at a terminal who has nothing but `nc` or telnet. */
export type Speech = "http" | "tls" | "plain" | "lines";

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"].map((method) =>
  Buffer.from(`${method} `, "latin1"),
);

/** TLS record header: content type handshake, then the major version that every TLS has (RFC 8446, section 5.1). */
const TLS = Buffer.from([0x16, 0x03]);

/** An empty line: somebody pressed Enter; telnet may send it as CR NUL (RFC 854). No program of the classic protocol begins so. */
const ENTER = [Buffer.from("\n"), Buffer.from("\r\n"), Buffer.from("\r\0")];

/** Telnet's "interpret as command" (RFC 854), with which it begins to negotiate. No text in UTF-8 has this byte. */
const TELNET = Buffer.from([0xff]);

/**
 * Tells HTTP, TLS and the plain door from lines. `undecided` only while the bytes are a proper prefix of a method and its space, of a
 * TLS hello or of an empty line; never for longer than 7 bytes, and more bytes never change a decision.
 */
export function classify(bytes: Uint8Array): Speech | "undecided" {
  if (begins(bytes, TLS)) return bytes.length < TLS.length ? "undecided" : "tls";
  if (bytes.length > 0 && begins(bytes, TELNET)) return "plain";
  for (const enter of ENTER) {
    if (begins(bytes, enter)) return bytes.length < enter.length ? "undecided" : "plain";
  }
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
