import { visibleLine } from "../text/visible.ts";
import { worst, type Finding, type Level } from "./findings.ts";

export interface Look {
  /** Marks and colours of a terminal; else words that any place can hold. */
  readonly fancy: boolean;
  /** Columns. */
  readonly width: number;
}

/** The findings as one screen: a line for each, and under what is not well its cause and what to do. */
export function screen(findings: readonly Finding[], look: Look): string {
  const areas = findings.map(({ area }) => area);
  const column = Math.max(...areas.map((area) => area.length));
  return `${[...findings.flatMap((finding) => row(finding, column, look)), "", summary(findings)].join("\n")}\n`;
}

const PLAIN: Readonly<Record<Level, string>> = { ok: "ok", note: "- ", warning: "! ", error: "x " };
/** Green, blue, yellow and red of the terminal's own (ECMA-48 SGR). */
const FANCY: Readonly<Record<Level, string>> = {
  ok: "\u001B[32m✓\u001B[0m ",
  note: "\u001B[34m·\u001B[0m ",
  warning: "\u001B[33m!\u001B[0m ",
  error: "\u001B[31m✗\u001B[0m ",
};

function row(finding: Finding, column: number, { fancy, width }: Look): readonly string[] {
  const mark = (fancy ? FANCY : PLAIN)[finding.level];
  const indent = " ".repeat(column + 5);
  const room = Math.max(40, width - indent.length);
  // Logins, names and addresses in it are others' words, and so are the system's.
  const text = finding.level === "ok" ? finding.what : `${finding.what} ${finding.cause}`;
  const [first = "", ...rest] = wrap(visibleLine(text), room);
  const next = finding.level === "ok" ? [] : wrap(visibleLine(`-> ${finding.next}`), room);
  return [`${mark} ${finding.area.padEnd(column)}  ${first}`, ...[...rest, ...next].map((line) => `${indent}${line}`)];
}

/** Broken between words, at blanks of any kind; a word that is too long stays whole, since it may have to be copied. */
function wrap(text: string, room: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s/)) {
    if (line !== "" && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function summary(findings: readonly Finding[]): string {
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  if (worst(findings) === "ok") return "All is well.";
  return [plural(count("error"), "error"), plural(count("warning"), "warning"), plural(count("note"), "note")]
    .filter((part) => part !== "")
    .join(", ")
    .concat(".");
}

function plural(count: number, word: string): string {
  return count === 0 ? "" : `${count} ${word}${count === 1 ? "" : "s"}`;
}
