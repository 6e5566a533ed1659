import { openBroadcastField } from "../../wire/classic/broadcast-cipher.ts";
import { openPad } from "../../wire/classic/pad.ts";
import type { ServerLine } from "../../wire/classic/server-lines.ts";
import type { SessionEvent } from "./events.ts";
import type { ServerError } from "./refusals.ts";

type MessageLine = Extract<ServerLine, { kind: "broadcast" | "message" }>;

/** The event that a message line is. `key` is null before the key exchange: old servers deliver that early. */
export function messageEvent(line: MessageLine, ownId: string, key: Uint8Array | null): SessionEvent {
  const to = line.kind === "broadcast" ? "ALL" : ownId;
  const text = line.kind === "broadcast" && key !== null ? openBroadcast(key, line.field) : openPad(line.field);
  return text === null ? { kind: "unreadable", from: line.from, to } : { kind: "message", from: line.from, to, text };
}

/** Errors behind which a server closes, whatever was asked (PROTOCOL.md, "then close"): they answer no command. */
export function isFarewell(error: ServerError): boolean {
  switch (error.reason) {
    case "you-are-banned":
    case "invalid-key":
    case "no-open-room":
    case "timed-out":
    case "server-full":
    case "not-a-member":
    case "identity-unavailable":
      return true;
    case "not-registered":
    case "already-registered":
    case "invalid-name":
    case "name-taken":
    case "name-has-key":
    case "too-many-names":
    case "no-shared-secret":
    case "invalid-payload":
    case "undecryptable":
    case "invalid-text":
    case "recipient-not-found":
    case "too-many-messages":
    case "not-operator":
    case "line-too-long":
    case "storage-failed":
    case "unknown-command":
    case "malformed":
    case "one-target-expected":
    case "operator-immune":
    case "target-not-found":
    case "not-banned":
    case "other":
      return false;
  }
}

function openBroadcast(key: Uint8Array, field: string): string | null {
  const opened = openBroadcastField(key, field);
  return opened.ok ? opened.text : null;
}
