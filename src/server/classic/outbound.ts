import type { Answer, Tag } from "../../core/answers.ts";
import type { EndCause } from "../../core/events.ts";
import type { Notice } from "../../core/notices.ts";
import { helpLines } from "../../wire/classic/help.ts";
import { padLength, writePad } from "../../wire/classic/pad-writer.ts";
import { encodeServerLine, type ServerLine } from "../../wire/classic/server-lines.ts";
import { classicError } from "./refusal.ts";
import { ClassicTag } from "./tag.ts";

/** What a notice is in classic lines: ready-made bytes, or a broadcast, which each reader gets under a pad of its own. */
export type ClassicOutput =
  | { readonly kind: "lines"; readonly bytes: Buffer }
  | { readonly kind: "broadcast"; readonly lead: Buffer; readonly plain: Buffer };

/** What the answers to INFO and SERVERINFO tell of the server. */
export interface ServerFacts {
  readonly hostname: string;
  readonly addresses: readonly string[];
  readonly publicKeyHex: string;
}

/**
 * Turns notices into classic lines. The same notice asked for again at once, as in a fan-out, is encoded only once.
 * @param facts asked each time: addresses come and go.
 */
export function createClassicEncoder(facts: () => ServerFacts): (notice: Notice) => ClassicOutput {
  let last: { readonly notice: Notice; readonly output: ClassicOutput } | null = null;
  return (notice) => {
    if (last?.notice !== notice) last = { notice, output: encode(notice, facts) };
    return last.output;
  };
}

/** How many bytes an output takes on the wire. */
export function outputLength(output: ClassicOutput): number {
  return output.kind === "lines" ? output.bytes.length : output.lead.length + padLength(output.plain.length) + 1;
}

/** Writes an output into `target` at `at`, drawing a fresh pad for a broadcast; returns the offset after it. */
export function writeOutput(output: ClassicOutput, target: Buffer, at: number): number {
  if (output.kind === "lines") {
    target.set(output.bytes, at);
    return at + output.bytes.length;
  }
  target.set(output.lead, at);
  const end = writePad(target, at + output.lead.length, output.plain);
  target[end] = 0x0a;
  return end + 1;
}

/** Everybody's names, encoded once for as long as nobody comes or goes. */
const lists = new WeakMap<readonly string[], Buffer>();

function encodedClients(names: readonly string[]): Buffer {
  const known = lists.get(names);
  if (known !== undefined) return known;
  const made = encoded(clients(names));
  lists.set(names, made);
  return made;
}

function encode(notice: Notice, facts: () => ServerFacts): ClassicOutput {
  if (notice.kind === "broadcast") {
    return {
      kind: "broadcast",
      lead: Buffer.from(`BROADCAST from ${notice.from}: `),
      plain: Buffer.from(notice.text, "utf8"),
    };
  }
  if (notice.kind === "answer" && notice.answer.kind === "list") {
    const begin = encoded([
      { kind: "response-begin" },
      ...(askedBy(notice) === "info" ? whereLines("INFO", facts) : []),
    ]);
    return { kind: "lines", bytes: Buffer.concat([begin, encodedClients(notice.answer.names), RESPONSE_END]) };
  }
  if (notice.kind === "broadcast-sent") return BROADCAST_SENT;
  const lines = linesOf(notice, facts);
  return lines.length === 0 ? NOTHING : { kind: "lines", bytes: encoded(lines) };
}

function encoded(lines: readonly ServerLine[]): Buffer {
  let text = "";
  for (const line of lines) text += encodeServerLine(line);
  return Buffer.from(text);
}

const RESPONSE_END = encoded([{ kind: "response-end" }]);

/** What this protocol has no words for. */
export const NOTHING: ClassicOutput = { kind: "lines", bytes: Buffer.alloc(0) };

/** Each broadcast is acknowledged by the same line. */
const BROADCAST_SENT: ClassicOutput = { kind: "lines", bytes: encoded([{ kind: "broadcast-sent" }]) };

function linesOf(
  notice: Exclude<Notice, { kind: "broadcast" | "broadcast-sent" }>,
  facts: () => ServerFacts,
): ServerLine[] {
  switch (notice.kind) {
    case "registered":
      return [
        { kind: "registered", operator: notice.operator },
        { kind: "public-key-begin" },
        { kind: "hex", hex: facts().publicKeyHex },
        { kind: "public-key-end" },
      ];
    case "operator-changed":
      // The original knows how to say that the right came, not that it went.
      return notice.operator ? [{ kind: "registered", operator: true }] : [];
    case "refused":
      return [{ kind: "error", error: classicError(notice.refusal, askedBy(notice)) }];
    case "direct":
      return [{ kind: "message", from: notice.from, field: notice.body }];
    case "answer":
      return answerLines(notice.answer, askedBy(notice), facts);
    case "ended":
      return lastLines(notice.cause, askedBy(notice));
    case "direct-sent":
    case "came":
    case "went":
    case "sent-away":
    case "name-passed-on":
      return [];
  }
}

/** What a line asked for, see `ClassicTag`; null: what the core's words say. */
type Asked = ClassicTag["asked"] | null;

function askedBy({ tag }: { readonly tag?: Tag | undefined }): Asked {
  return tag instanceof ClassicTag ? tag.asked : null;
}

function answerLines(answer: Answer, asked: Asked, facts: () => ServerFacts): ServerLine[] {
  switch (answer.kind) {
    case "checked":
      return checkedLines(asked, answer.operator, facts);
    case "list":
      return response(clients(answer.names));
    case "bans":
      return response(
        answer.names.length === 0 ? [{ kind: "no-bans" }] : answer.names.map((id) => ({ kind: "banned", id })),
      );
    case "kicked":
      return [{ kind: "success", action: "kick", id: answer.target }];
    case "banned":
      return [{ kind: "success", action: "ban", id: answer.target }];
    case "unbanned":
      return [{ kind: "success", action: "unban", id: answer.target }];
  }
}

function checkedLines(asked: Asked, operator: boolean, facts: () => ServerFacts): ServerLine[] {
  switch (asked) {
    case "key":
      return [{ kind: "public-key-received" }];
    case "help":
      return response(helpLines(operator).map((text) => ({ kind: "text", text })));
    case "server-info":
      return whereLines("SERVERINFO", facts);
    case "info":
    case null:
      return [];
    default:
      // What could not be read is never found to be right.
      return [{ kind: "error", error: asked }];
  }
}

function whereLines(verb: "INFO" | "SERVERINFO", facts: () => ServerFacts): ServerLine[] {
  const { hostname, addresses } = facts();
  return [
    { kind: "host", verb, name: hostname },
    { kind: "addresses", verb, addresses },
  ];
}

function lastLines(cause: EndCause, asked: Asked): ServerLine[] {
  switch (cause.kind) {
    case "left":
      return [];
    case "kicked":
      return [{ kind: "you-were-kicked" }];
    case "banned":
      return [{ kind: "you-were-banned" }];
    case "refused":
      return [{ kind: "error", error: classicError(cause.refusal, asked) }];
  }
}

function clients(names: readonly string[]): ServerLine[] {
  return names.map((id) => ({ kind: "client", id }));
}

function response(lines: readonly ServerLine[]): ServerLine[] {
  return [{ kind: "response-begin" }, ...lines, { kind: "response-end" }];
}
