import type { ServerLine } from "../../wire/classic/server-lines.ts";
import type { Failure } from "../outcomes.ts";
import { refused, type ServerError } from "./refusals.ts";

/** What a line is to a command's answer: part of it, its end, or unrelated. */
export type Step<T> =
  | { readonly kind: "more" }
  | { readonly kind: "done"; readonly result: T | Failure }
  | { readonly kind: "foreign" };

/** Reads one answer, line by line; used once. The caller bounds how much it is given. */
export interface AnswerReader<T> {
  read(line: ServerLine): Step<T>;
  /** What is certain when the connection ends before the answer is complete. */
  atEnd?(): Failure | null;
}

interface BlockShape<T> {
  readonly isPart: (line: ServerLine) => boolean;
  /** What ends the answer of a server that doesn't mark begin and end (generation 1). */
  readonly unmarkedEnd: ServerLine["kind"];
  /** For a first line that is the whole answer. */
  readonly whole?: (line: ServerLine) => T | null;
  readonly finish: (lines: readonly ServerLine[], marked: boolean) => T | Failure;
}

/** An answer of several lines: between BEGIN_RESPONSE and END_RESPONSE, or up to a closing line of its own. */
export function readBlock<T>(shape: BlockShape<T>): AnswerReader<T> {
  let marked = false;
  const lines: ServerLine[] = [];

  function readFirst(line: ServerLine): Step<T> | null {
    const error = errorOf(line);
    if (error !== null) return { kind: "done", result: refused(error) };
    const whole = shape.whole?.(line) ?? null;
    if (whole !== null) return { kind: "done", result: whole };
    if (line.kind !== "response-begin") return null;
    marked = true;
    return { kind: "more" };
  }

  return {
    read(line) {
      const first = marked || lines.length > 0 ? null : readFirst(line);
      if (first !== null) return first;
      const end = marked ? "response-end" : shape.unmarkedEnd;
      if (line.kind === end) return { kind: "done", result: shape.finish(lines, marked) };
      if (!shape.isPart(line)) return { kind: "foreign" };
      lines.push(line);
      return { kind: "more" };
    },
  };
}

/** The error that a line is, if it is one. */
export function errorOf(line: ServerLine): ServerError | null {
  if (line.kind === "error") return line.error;
  return line.kind === "other-error" ? { reason: "other", text: line.text } : null;
}
