import { trimBlanks } from "./blanks.ts";
import { errorText, parseError } from "./errors.ts";
import { isHex } from "./encodings.ts";
import { FIXED_LINES } from "./server-vocabulary.ts";
import type { FixedKind, InfoVerb, ServerLine } from "./server-vocabulary.ts";

export type { ServerLine } from "./server-vocabulary.ts";

/** A server's line with `\n`. The fields must be what the protocol makes them: words, and no line breaks. */
export function encodeServerLine(line: ServerLine): string {
  return `${lineText(line)}\n`;
}

/** Reads a server's line; outer blanks and line end are trimmed. Never throws; what it doesn't know is `text`. */
export function decodeServerLine(text: string): ServerLine {
  const line = trimBlanks(text);
  return (
    FIXED_BY_TEXT.get(line) ?? decodeByVerb(line) ?? decodeHex(line) ?? decodeHelp(line) ?? { kind: "text", text: line }
  );
}

function lineText(line: ServerLine): string {
  switch (line.kind) {
    case "registered":
      return line.operator ? "REGISTERED as operator" : "REGISTERED";
    case "hex":
      return line.hex;
    case "broadcast":
      return `BROADCAST from ${line.from}: ${line.field}`;
    case "message":
      return `MESSAGE from ${line.from}: ${line.field}`;
    case "client":
      return `CLIENT ${line.id}`;
    case "banned":
      return `BANNED ${line.id}`;
    case "help-heading":
      return line.operator ? "Operator commands:" : "Available server commands:";
    case "help-entry":
      return `${line.usage} - ${line.text}`;
    case "host":
      return `${line.verb} Server: ${line.name}`;
    case "addresses":
      return `${line.verb} ${addressesText(line.addresses)}`;
    case "info-address":
      return `INFO Tailscale IP: ${line.address}`;
    case "success":
      return `SUCCESS ${DONE[line.action]} client ${line.id}`;
    case "error":
      return `ERROR ${errorText(line.error)}`;
    case "other-error":
      return `ERROR ${line.text}`;
    case "text":
      return line.text;
    default:
      return FIXED_LINES[line.kind];
  }
}

const ADDRESSES = "Tailscale IP(s): ";
const DONE = { kick: "Kicked", ban: "Banned", unban: "Unbanned" } as const;

function addressesText(addresses: readonly string[]): string {
  return addresses.length === 0 ? "No Tailscale IP" : `${ADDRESSES}${addresses.join(", ")}`;
}

/** The lines that need no reading: equal text, equal value. */
const FIXED_BY_TEXT: ReadonlyMap<string, ServerLine> = new Map(
  [
    ...Object.keys(FIXED_LINES)
      .filter(isFixedKind)
      .map((kind): ServerLine => ({ kind })),
    ...[false, true].map((operator) => ({ kind: "registered", operator }) as const),
    ...[false, true].map((operator) => ({ kind: "help-heading", operator }) as const),
  ].map((line) => [lineText(line), line]),
);

function isFixedKind(kind: string): kind is FixedKind {
  return Object.hasOwn(FIXED_LINES, kind);
}

function decodeByVerb(line: string): ServerLine | null {
  const space = line.indexOf(" ");
  const rest = line.slice(space + 1);
  switch (line.slice(0, Math.max(space, 0))) {
    case "BROADCAST":
      return decodeMessage("broadcast", rest);
    case "MESSAGE":
      return decodeMessage("message", rest);
    case "CLIENT":
      return isId(rest) ? { kind: "client", id: rest } : null;
    case "BANNED":
      return isId(rest) ? { kind: "banned", id: rest } : null;
    case "INFO":
      return decodeInfo("INFO", rest);
    case "SERVERINFO":
      return decodeInfo("SERVERINFO", rest);
    case "SUCCESS":
      return decodeSuccess(rest);
    case "ERROR":
      return decodeError(rest);
    default:
      return null;
  }
}

/** Old servers take any word for an id, but a line-long one is nobody's. */
const LONGEST_ID = 1024;

function isId(text: string): boolean {
  return text.length <= LONGEST_ID && !text.includes(" ");
}

/** Old servers let ids such as `x:` in. Neither id nor field holds a space, so the colon with one after it ends the id. */
function decodeMessage(kind: "broadcast" | "message", rest: string): ServerLine | null {
  const colon = rest.indexOf(": ");
  if (!rest.startsWith("from ") || colon <= "from ".length) return null;
  const from = rest.slice("from ".length, colon);
  const field = rest.slice(colon + 2);
  return !isId(from) || field.includes(" ") ? null : { kind, from, field };
}

function decodeInfo(verb: InfoVerb, rest: string): ServerLine | null {
  if (rest === "No Tailscale IP") return { kind: "addresses", verb, addresses: [] };
  if (rest.startsWith(ADDRESSES))
    return { kind: "addresses", verb, addresses: rest.slice(ADDRESSES.length).split(", ") };
  const [, label, value] = /^(Server|Tailscale IP): (.+)$/u.exec(rest) ?? [];
  if (value === undefined) return null;
  if (label === "Server") return { kind: "host", verb, name: value };
  return verb === "INFO" ? { kind: "info-address", address: value } : null;
}

function decodeSuccess(rest: string): ServerLine | null {
  const [, done, id] = /^(Kicked|Banned|Unbanned) client ([^ ]+)$/.exec(rest) ?? [];
  if (id === undefined) return null;
  const action = done === "Kicked" ? "kick" : done === "Banned" ? "ban" : "unban";
  return { kind: "success", action, id };
}

function decodeError(text: string): ServerLine {
  const error = parseError(text);
  return error === null ? { kind: "other-error", text } : { kind: "error", error };
}

function decodeHex(line: string): ServerLine | null {
  return line !== "" && isHex(line) ? { kind: "hex", hex: line } : null;
}

/** `NAME - text` or `NAME <argument> - text`. */
function decodeHelp(line: string): ServerLine | null {
  const [, usage, text] = /^([A-Z]+(?: <[A-Za-z]+>)?) - (.+)$/u.exec(line) ?? [];
  return usage === undefined || text === undefined ? null : { kind: "help-entry", usage, text };
}
