import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapedLine, plainJson } from "../../text/visible.ts";
import { asJson, asLine, isWanted } from "./message.ts";

const anyText = fc.string({ unit: "binary" });
// oxlint-disable-next-line no-control-regex
const STEERING = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/;

describe("a message as one line", () => {
  test.each([
    ["hello there", "hello there"],
    ["two\r\nlines", String.raw`two\r\nlines`],
    ["tab\tand \\n", String.raw`tab\tand \\n`],
    ["\u001b[2J\u0000", String.raw`\u001b[2J\u0000`],
    ["\u202e\u{e0001}", String.raw`\u202e\U000e0001`],
    ["Grüße 世界 👩‍👩‍👧", "Grüße 世界 👩‍👩‍👧"],
  ])("CM-11 %j is written %s", (text, line) => expect(escapedLine(text)).toBe(line));

  test("CM-11 whatever is said, it is one line of three fields and steers nothing", () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (from, to, text) => {
        const line = asLine({ at: new Date(0), from, to, text });
        expect(line.endsWith("\n")).toBe(true);
        const fields = line.slice(0, -1).split("\t");
        expect(fields).toHaveLength(3);
        for (const field of fields) expect(field).not.toMatch(STEERING);
      }),
    );
  });

  test("CM-11 no two texts look the same", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(unescape(escapedLine(text))).toBe(text);
      }),
    );
  });

  test("CM-11 bash's printf %b gives the text back", () => {
    const texts = ["two\nlines", "a\tb\\n", "\u001b[2J", "\u009b", "\u202ex", "\u{e0001}y", "ünïcode 👩‍👩‍👧", "%s $x `y`"];
    const back = texts.map((text) =>
      execFileSync("bash", ["--norc", "-c", `printf %b "$1"`, "-", escapedLine(text)], {
        env: { LC_ALL: "C.UTF-8" },
      }).toString(),
    );
    expect(back).toEqual(texts);
  });
});

describe("a message as JSON", () => {
  test("CM-11 it is one line that steers nothing, and its text is exact", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const line = asJson({ at: new Date(0), from: "bob", to: "ALL", text });
        expect(line.slice(0, -1)).not.toMatch(STEERING);
        expect(JSON.parse(line)).toEqual({ at: "1970-01-01T00:00:00.000Z", from: "bob", to: "ALL", text });
      }),
    );
  });

  test("CM-11 a joiner stays, and a tag of two units is written as two", () => {
    expect(plainJson(["👩‍👧", "\u{e0001}"])).toBe(String.raw`["👩‍👧","\udb40\udc01"]`);
  });
});

describe("which messages are wanted", () => {
  const message = { kind: "message", from: "Bob", to: "ALL", text: "" } as const;

  test.each([
    [undefined, undefined, true],
    [["carol", "bOB"], undefined, true],
    [["bobby"], undefined, false],
    [undefined, "ALL", true],
    [undefined, "me", false],
    [["bob"], "me", false],
  ])("CM-12 from %j to %j: %j", (senders, recipient, wanted) => {
    expect(isWanted(message, senders, recipient)).toBe(wanted);
  });

  test("CM-12 what has our own name on it is to me", () => {
    expect(isWanted({ ...message, to: "nas" }, undefined, "me")).toBe(true);
    expect(isWanted({ ...message, to: "nas" }, undefined, "ALL")).toBe(false);
  });
});

/** What `printf %b` does with these escapes. */
function unescape(line: string): string {
  return line.replaceAll(/\\(?:u(\p{AHex}{4})|U(\p{AHex}{8})|(.))/gu, (_, short, long, named: string) => {
    if (named !== undefined) return { n: "\n", r: "\r", t: "\t", "\\": "\\" }[named] ?? "?";
    return String.fromCodePoint(Number.parseInt(short ?? long, 16));
  });
}
