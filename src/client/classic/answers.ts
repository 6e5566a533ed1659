/**
 * What each command's answer looks like, in all three generations. A server answers in the order in which it was asked,
 * so the oldest command without its full answer is the only one that a line can belong to.
 */
import type { ServerLine } from "../../wire/classic/server-lines.ts";
import { errorOf, readBlock } from "./blocks.ts";
import type { AnswerReader } from "./blocks.ts";
import { refused } from "./refusals.ts";
import type { Answered, HelpEntry, PublicInfo, ServerInfo, Taken } from "../outcomes.ts";

/** `SEND ALL`. */
export function broadcastAnswer(): AnswerReader<Taken> {
  return single((line) => (line.kind === "broadcast-sent" ? { kind: "taken" } : null));
}

export function orderAnswer(action: "kick" | "ban" | "unban"): AnswerReader<Taken> {
  return single((line) => (line.kind === "success" && line.action === action ? { kind: "taken" } : null));
}

/** Generation 1 ends its list with LISTED. */
export function listAnswer(): AnswerReader<Answered<readonly string[]>> {
  return readBlock({
    isPart: (line) => line.kind === "client",
    unmarkedEnd: "list-end",
    finish: (lines) => ({ kind: "answered", value: clientIds(lines) }),
  });
}

/** Ours is a block; generation 2 says one line and no more, generation 1 adds clients and help and ends with INFO LISTED. */
export function infoAnswer(): AnswerReader<Answered<PublicInfo>> {
  return readBlock<Answered<PublicInfo>>({
    isPart: (line) => line.kind === "client" || line.kind === "info-address" || isVerb(line, "INFO") || isHelp(line),
    unmarkedEnd: "info-end",
    whole: (line) =>
      line.kind === "addresses" && line.verb === "INFO"
        ? { kind: "answered", value: { host: null, addresses: line.addresses, ids: null } }
        : null,
    finish: (lines) => ({
      kind: "answered",
      value: { host: hostOf(lines), addresses: addressesOf(lines), ids: clientIds(lines) },
    }),
  });
}

export function helpAnswer(): AnswerReader<Answered<readonly HelpEntry[]>> {
  return readBlock({
    isPart: (line) => isHelp(line) || line.kind === "help-end",
    unmarkedEnd: "help-listed",
    finish: (lines) => ({ kind: "answered", value: helpEntries(lines) }),
  });
}

/** Two lines without markers; the addresses come last. */
export function serverInfoAnswer(): AnswerReader<Answered<ServerInfo>> {
  let host: string | null = null;
  return {
    read(line) {
      const error = host === null ? errorOf(line) : null;
      if (error !== null) return { kind: "done", result: refused(error) };
      if (!isVerb(line, "SERVERINFO")) return { kind: "foreign" };
      if (line.kind === "host") {
        host = line.name;
        return { kind: "more" };
      }
      return { kind: "done", result: { kind: "answered", value: { host: host ?? "", addresses: line.addresses } } };
    },
  };
}

/** Generation 1 knows no bans, and takes LISTBANS for LIST because it begins like it. */
export function bansAnswer(): AnswerReader<Answered<readonly string[]>> {
  return readBlock<Answered<readonly string[]>>({
    isPart: (line) => line.kind === "banned" || line.kind === "no-bans" || line.kind === "client",
    unmarkedEnd: "list-end",
    finish: (lines, marked) =>
      marked
        ? { kind: "answered", value: lines.flatMap((line) => (line.kind === "banned" ? [line.id] : [])) }
        : refused({ reason: "unknown-command", line: "LISTBANS" }),
  });
}

function single<T>(whole: (line: ServerLine) => T | null): AnswerReader<T> {
  return {
    read(line) {
      const error = errorOf(line);
      if (error !== null) return { kind: "done", result: refused(error) };
      const result = whole(line);
      return result === null ? { kind: "foreign" } : { kind: "done", result };
    },
  };
}

type InfoLine = Extract<ServerLine, { kind: "host" | "addresses" }>;

function isVerb(line: ServerLine, verb: InfoLine["verb"]): line is InfoLine {
  return (line.kind === "host" || line.kind === "addresses") && line.verb === verb;
}

function isHelp(line: ServerLine): boolean {
  return line.kind === "help-heading" || line.kind === "help-entry";
}

function clientIds(lines: readonly ServerLine[]): readonly string[] {
  return lines.flatMap((line) => (line.kind === "client" ? [line.id] : []));
}

function hostOf(lines: readonly ServerLine[]): string | null {
  return lines.find((line) => line.kind === "host")?.name ?? null;
}

function addressesOf(lines: readonly ServerLine[]): readonly string[] {
  return lines.flatMap((line) =>
    line.kind === "addresses" ? line.addresses : line.kind === "info-address" ? [line.address] : [],
  );
}

/** An entry is the operator's when it stands after the operator's heading. */
function helpEntries(lines: readonly ServerLine[]): readonly HelpEntry[] {
  const heading = lines.findIndex((line) => line.kind === "help-heading" && line.operator);
  return lines.flatMap((line, index) =>
    line.kind === "help-entry"
      ? [{ usage: line.usage, text: line.text, operator: heading !== -1 && index > heading }]
      : [],
  );
}
