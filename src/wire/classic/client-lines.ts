import { isWord, trimBlanks } from "./blanks.ts";
import { decodeUtf8, openHex, toHex } from "./encodings.ts";
import { VERBS, type ShapedVerb } from "./verbs.ts";

/** What a client can ask for. `payload` and `body` are the fields as typed, `key` the 65 bytes sent (not yet checked to be on the curve). */
export type ClientCommand =
  | { readonly kind: "register"; readonly id: string }
  | { readonly kind: "public-key"; readonly key: Uint8Array }
  | { readonly kind: "broadcast"; readonly payload: string }
  | { readonly kind: "direct"; readonly to: string; readonly body: string }
  | { readonly kind: "list" }
  | { readonly kind: "info" }
  | { readonly kind: "help" }
  | { readonly kind: "server-info" }
  | { readonly kind: "list-bans" }
  | { readonly kind: TargetKind; readonly words: readonly string[] }
  | { readonly kind: "exit" };

/** What a line can be instead of a command. */
type ClientFault =
  | { readonly kind: "malformed"; readonly verb: ShapedVerb }
  | { readonly kind: "unknown"; readonly line: string }
  | { readonly kind: "invalid-text" }
  | { readonly kind: "invalid-key" };

export type ClientValue = ClientCommand | ClientFault;

type TargetKind = "kick" | "ban" | "unban";

/** The hex gathered so far between CLIENTPUBKEY and END CLIENTPUBKEY; null once it can no longer become a key. */
export interface KeyReading {
  readonly hex: string | null;
}

/**
 * Reads one line of a client: its bytes without `\n`. `reading` is null outside a key block; pass back what the last
 * call returned. `value` is null for a line that only belongs to a block. Never throws, whatever the bytes.
 */
export function decodeClientLine(
  reading: KeyReading | null,
  line: Uint8Array,
): { reading: KeyReading | null; value: ClientValue | null } {
  const text = decodeUtf8(line);
  const trimmed = text === null ? null : trimBlanks(text);
  if (reading !== null) return readKeyLine(reading, trimmed);
  if (trimmed === null) return { reading: null, value: { kind: "invalid-text" } };
  // As in the original, words after the verb are ignored here.
  if (trimmed === BEGIN_KEY || trimmed.startsWith(`${BEGIN_KEY} `)) return { reading: { hex: "" }, value: null };
  return { reading: null, value: decodeCommand(trimmed) };
}

/**
 * A command as a client sends it, with `\n`; a public key takes three lines. Throws a RangeError when a field would
 * not arrive as the one word it is (see `isWord`): what callers pass on from people must not become another command.
 */
export function encodeClientLine(command: ClientCommand): string {
  switch (command.kind) {
    case "register":
      return `${VERBS.register} ${word(command.id)}\n`;
    case "public-key":
      return `${BEGIN_KEY}\n${toHex(command.key)}\n${END_KEY}\n`;
    case "broadcast":
      return `${VERBS.send} ALL ${word(command.payload)}\n`;
    case "direct":
      return `${VERBS.send} ${recipient(command.to)} ${word(command.body)}\n`;
    case "kick":
    case "ban":
    case "unban":
      return `${VERBS[command.kind]} ${targets(command.words)}\n`;
    case "list":
    case "info":
    case "help":
    case "server-info":
    case "list-bans":
    case "exit":
      return `${VERBS[command.kind]}\n`;
  }
}

const BEGIN_KEY = "CLIENTPUBKEY";
const END_KEY = "END CLIENTPUBKEY";
const KEY_BYTES = 65;

function readKeyLine(
  { hex }: KeyReading,
  line: string | null,
): { reading: KeyReading | null; value: ClientValue | null } {
  if (line === END_KEY) return { reading: null, value: decodeKey(hex) };
  // What a peer sends in a block is kept only while it can still be a key.
  const fits = hex !== null && line !== null && hex.length + line.length <= 2 * KEY_BYTES;
  return { reading: { hex: fits ? hex + line : null }, value: null };
}

function decodeKey(hex: string | null): ClientValue {
  const key = hex === null ? null : openHex(hex);
  return key?.length === KEY_BYTES ? { kind: "public-key", key } : { kind: "invalid-key" };
}

/** The original cuts at every single space and looks at the first piece: two spaces make an empty word between them. */
function decodeCommand(line: string): ClientValue {
  const words = line.split(" ");
  const verb = words.shift();
  switch (verb) {
    case VERBS.send:
      return decodeSend(words);
    case VERBS.register: {
      const [id] = words;
      return words.length === 1 && id !== undefined ? { kind: "register", id } : { kind: "malformed", verb };
    }
    case VERBS.kick:
      return words.length === 0 ? { kind: "malformed", verb } : { kind: "kick", words };
    case VERBS.ban:
      return words.length === 0 ? { kind: "malformed", verb } : { kind: "ban", words };
    case VERBS.unban:
      return words.length === 0 ? { kind: "malformed", verb } : { kind: "unban", words };
    case VERBS.list:
      return { kind: "list" };
    case VERBS.info:
      return { kind: "info" };
    case VERBS.help:
      return { kind: "help" };
    case VERBS["server-info"]:
      return { kind: "server-info" };
    case VERBS["list-bans"]:
      return { kind: "list-bans" };
    case VERBS.exit:
      return words.length === 0 ? { kind: "exit" } : { kind: "unknown", line };
    default:
      return { kind: "unknown", line };
  }
}

function decodeSend(words: readonly string[]): ClientValue {
  const [to, field] = words;
  if (words.length !== 2 || to === undefined || field === undefined) return { kind: "malformed", verb: VERBS.send };
  return to === "ALL" ? { kind: "broadcast", payload: field } : { kind: "direct", to, body: field };
}

function recipient(to: string): string {
  if (to === "ALL") throw new RangeError("ALL is the open room, not a client's id");
  return word(to);
}

function targets(words: readonly string[]): string {
  if (words.length === 0) throw new RangeError("no word");
  return words.map(word).join(" ");
}

function word(text: string): string {
  if (!isWord(text)) throw new RangeError("not one word of a line");
  return text;
}
