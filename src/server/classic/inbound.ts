/**
 * `server/classic`: the classic protocol on a session: its lines become commands (`inbound`), notices become its lines
 * (`outbound`). Limits are not here but in `session/`.
 */

import { openBroadcast } from "../../wire/classic/broadcast-cipher.ts";
import type { ClientValue } from "../../wire/classic/client-lines.ts";
import { VERBS } from "../../wire/classic/verbs.ts";
import { isPadField } from "../../wire/classic/pad.ts";
import type { Command, Needs } from "../../core/commands.ts";
import type { SessionId } from "../../core/events.ts";
import type { ClassicError } from "../../wire/classic/errors.ts";
import { ClassicTag } from "./tag.ts";

/** What a client says, less what concerns the connection itself. */
export type SpokenValue = Exclude<ClientValue, { kind: "public-key" | "invalid-key" | "exit" }>;

/**
 * A classic value as a command of the core; broadcasts are opened on the way.
 * @param key the connection's AES key, null before the key exchange.
 */
export function toCommand(session: SessionId, value: SpokenValue, key: Uint8Array | null): Command {
  switch (value.kind) {
    case "register":
      return { kind: "register", session, name: value.id };
    case "broadcast":
      return openedBroadcast(session, value.payload, key);
    case "direct":
      return isPadField(value.body)
        ? { kind: "direct", session, to: value.to, body: value.body }
        : invalid(session, { reason: "invalid-payload" }, "registration");
    case "kick":
    case "ban":
    case "unban": {
      const [target, ...more] = value.words;
      return target === undefined || more.length > 0
        ? invalid(session, { reason: "one-target-expected", verb: VERBS[value.kind] }, "operator")
        : { kind: value.kind, session, target };
    }
    case "malformed":
      return invalid(session, { reason: "malformed", verb: value.verb }, "nothing");
    case "unknown":
      return invalid(session, { reason: "unknown-command", line: value.line }, "nothing");
    case "invalid-text":
      return invalid(session, { reason: "invalid-text" }, "nothing");
    case "list":
    case "list-bans":
      return { kind: value.kind, session };
    case "info":
      return { kind: "list", session, tag: new ClassicTag("info") };
    case "help":
      return { kind: "check", needs: "nothing", session, tag: new ClassicTag("help") };
    case "server-info":
      return { kind: "check", needs: "operator", session, tag: new ClassicTag("server-info") };
  }
}

/** A line that could not be read, or asks for what this protocol has no place for now; told in its turn. */
function invalid(session: SessionId, error: ClassicError, needs: Needs): Command {
  return { kind: "invalid", session, refusal: { reason: "invalid-request" }, needs, tag: new ClassicTag(error) };
}

/** Ends a session for what only this protocol knows to be wrong. */
export function ending(session: SessionId, error: ClassicError): Command {
  return { kind: "end", session, refusal: { reason: "invalid-request" }, tag: new ClassicTag(error) };
}

function openedBroadcast(session: SessionId, payload: string, key: Uint8Array | null): Command {
  if (key === null) return invalid(session, { reason: "no-shared-secret" }, "registration");
  const opened = openBroadcast(key, payload);
  return opened.ok
    ? { kind: "broadcast", session, text: opened.text }
    : invalid(session, { reason: opened.error }, "registration");
}
