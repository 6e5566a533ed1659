import { openBroadcastField } from "../wire/classic/broadcast-cipher.ts";
import { openPad } from "../wire/classic/pad.ts";
import type { ServerLine } from "../wire/classic/server-lines.ts";
import type { SessionEvent } from "./events.ts";
import type { ServerError } from "./outcomes.ts";

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
    case "timed-out":
    case "server-full":
    case "not-a-member":
    case "identity-unavailable":
      return true;
    default:
      return false;
  }
}

function openBroadcast(key: Uint8Array, field: string): string | null {
  const opened = openBroadcastField(key, field);
  return opened.ok ? opened.text : null;
}
