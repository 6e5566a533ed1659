import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readTyped } from "./words.ts";

describe("typed lines", () => {
  test.each([
    ["hello", { kind: "say", text: "hello" }],
    ["  hello there ", { kind: "say", text: "hello there" }],
    ["SEND bob hi there", { kind: "send", to: "bob", text: "hi there" }],
    ["SEND ALL hi  there", { kind: "say", text: "hi  there" }],
    ["SEND bob", { kind: "say", text: "SEND bob" }],
    ["KICK bob", { kind: "kick", id: "bob" }],
    ["BAN bob", { kind: "ban", id: "bob" }],
    ["UNBAN bob", { kind: "unban", id: "bob" }],
    ["LIST", { kind: "list" }],
    ["EXIT", { kind: "exit" }],
    ["", { kind: "nothing" }],
  ])("CM-1 %j", (line, typed) => expect(readTyped(line)).toEqual(typed));

  test.each(["KICK off at 5", "LIST of things", "list", "Kick bob", "EXIT now", "toString", "constructor", "SEND"])(
    "CM-1 %j is a sentence, not a command",
    (line) => expect(readTyped(line)).toEqual({ kind: "say", text: line }),
  );

  test("CM-1 any line can be typed", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (line) => void readTyped(line)));
  });
});
