import type { Entry } from "../../wire/frames/groups.ts";
import type { LogEntry } from "../group-sessions/ports.ts";
import { toBytes } from "./base64url.ts";

/** A log's entry as a group session has it. A commit has no number of its device and no message id. */
export function logEntryOf(entry: Entry): LogEntry {
  const { kind, number, at, epoch, bytes } = entry;
  const message =
    entry.kind === "message"
      ? { counter: entry.counter, messageId: toBytes(entry.message) }
      : { counter: 0, messageId: new Uint8Array(16) };
  return { kind, number, at, epoch, bytes, device: toBytes(entry.device), hash: toBytes(entry.hash), ...message };
}
