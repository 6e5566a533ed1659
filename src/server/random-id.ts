import { randomBytes } from "node:crypto";

/** So many random bytes, base64url: an id, or the nonce of one connection. */
export function randomId(bytes: number): string {
  return randomBytes(bytes).toString("base64url");
}
