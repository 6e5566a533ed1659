import { randomBytes } from "node:crypto";

/** 32 random bytes, base64url: for one connection. */
export function newNonce(): string {
  return randomBytes(32).toString("base64url");
}
