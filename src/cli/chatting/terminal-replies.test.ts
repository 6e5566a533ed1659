import * as fc from "fast-check";
import { expect, test } from "vitest";
import { withoutReplies } from "./terminal-replies.ts";

function typed(...chunks: readonly string[]): string {
  const strip = withoutReplies();
  return chunks.map((chunk) => strip(Buffer.from(chunk)).toString()).join("");
}

test.each([
  ["a colour, ended by BEL", ["he\u001b]11;rgb:1e1e/1e1e/1e1e\u0007llo"], "hello"],
  ["a colour, ended by ESC \\", ["he\u001b]11;rgb:1e1e/1e1e/1e1e\u001b\\llo"], "hello"],
  ["a version (DCS)", ["\u001bP>|xterm(390)\u001b\\hi"], "hi"],
  ["one in pieces", ["he\u001b]11;rg", "b:1e", "\u0007llo"], "hello"],
  ["one without an end, before Enter", ["\u001b]11;rgb\rhello\r"], "\rhello\r"],
  ["one without an end, before Ctrl-C", ["\u001b]11;rgb\u0003"], "\u0003"],
])("CM-26 a terminal's reply is not typed: %s", (_, chunks, expected) => {
  expect(typed(...chunks)).toBe(expected);
});

test("CM-26 keys are as they were, Esc and those that begin with it too", () => {
  const keys = ["\u001b", "\u001b[A", "\u001bOP", "\u001b[200~a\r\nb\u001b[201~", "\u001bd", "é", "\u0003"];
  expect(typed(...keys)).toBe(keys.join(""));
});

test("CM-26 a reply whose end never comes gives the keyboard back", () => {
  const text = `\u001b]11;${"x".repeat(5000)}`;
  expect(typed(text).length).toBeGreaterThan(0);
  expect(typed(text).length).toBeLessThan(1000);
});

test("CM-26 what holds no Esc passes, however it is cut", () => {
  const bytes = fc.uint8Array().map((all) => all.map((byte) => (byte === 0x1b ? 0x20 : byte)));
  fc.assert(
    fc.property(fc.array(bytes), (chunks) => {
      const strip = withoutReplies();
      expect(Buffer.concat(chunks.map((chunk) => strip(chunk)))).toEqual(Buffer.concat(chunks));
    }),
  );
});
