/** Bytes of a line without its end that a server of any generation reads, unless it was told otherwise (PROTOCOL.md). */
const LINE_LIMIT = 64 * 1024 - 1;
/** AES-CBC: an IV of one block in front, and at least one byte of padding behind (PROTOCOL.md, encryption). */
const BLOCK = 16;

/** How many bytes of UTF-8 a message to `to` can have, `ALL` or a client, before its line is too long for the server. */
export function longestText(to: string): number {
  const room = LINE_LIMIT - `SEND ${to} `.length;
  // A pad is the text twice, in hex, with a bar between.
  return to === "ALL" ? (Math.floor(room / 2 / BLOCK) - 1) * BLOCK - 1 : Math.floor((room - 1) / 4);
}
