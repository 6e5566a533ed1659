import { createHash } from "node:crypto";
import type { LogEntry } from "./ports.ts";

/** The hash of a log without entries. */
export const EMPTY_LOG = new Uint8Array(32);

/**
 * The log's hash up to and with this entry, so that nobody can change, drop or reorder what was read: SHA-256 over ten lines of
 * ASCII, as the delivery service makes it (`chainedHash` in src/groups).
 */
export function chainHash(before: Uint8Array, entry: LogEntry): Uint8Array {
  const { number, at, kind, device, epoch, counter, messageId, bytes } = entry;
  const message = kind === "message" ? base64url(messageId) : "-";
  const content = createHash("sha256").update(bytes).digest("base64url");
  const lines = [
    "padserve log v1",
    base64url(before),
    number,
    at,
    kind,
    base64url(device),
    epoch,
    counter,
    message,
    content,
  ];
  return Uint8Array.from(createHash("sha256").update(lines.join("\n")).digest());
}

/** What a message carries in the clear, bound to it: its number and id. So the server can't put it under another. */
export function authenticatedData(counter: number, messageId: Uint8Array): Uint8Array {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(counter));
  return Buffer.concat([number, messageId]);
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
