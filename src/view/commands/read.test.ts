import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readWritten } from "./read.ts";
import { SLASH_COMMANDS } from "./table.ts";

describe("what is written", () => {
  test.each([
    ["hello", { kind: "say", text: "hello" }],
    ["  indented  ", { kind: "say", text: "  indented" }],
    ["SEND bob hi there", { kind: "send", to: "bob", text: "hi there" }],
    ["SEND ALL hi  there", { kind: "send", to: "ALL", text: "hi  there" }],
    ["SEND bob", { kind: "say", text: "SEND bob" }],
    ["KICK bob", { kind: "kick", id: "bob", reason: "" }],
    ["/kick bob", { kind: "kick", id: "bob", reason: "" }],
    ["/ban bob too loud", { kind: "ban", id: "bob", reason: "too loud" }],
    ["UNBAN bob", { kind: "unban", id: "bob" }],
    ["LIST", { kind: "ask", question: "who" }],
    ["EXIT", { kind: "quit" }],
    [" \n", { kind: "nothing" }],
    ["/msg bob hi there", { kind: "send", to: "bob", text: "hi there" }],
    ["/MSG bob two\nlines", { kind: "send", to: "bob", text: "two\nlines" }],
    ["/to", { kind: "open", id: "ALL" }],
    ["/to bob", { kind: "open", id: "bob" }],
    ["/me waves", { kind: "say", text: "/me waves" }],
    ["/set bell off", { kind: "set", name: "bell", value: "off" }],
    ["/search  two words", { kind: "search", words: "two words" }],
    ["/create #ops", { kind: "create", name: "ops", access: "open" }],
    ["/create ops invite", { kind: "create", name: "ops", access: "invite" }],
    ["/leave", { kind: "leave", name: "" }],
    ["/join #Ops", { kind: "join", name: "Ops" }],
    ["/edit better so", { kind: "edit", back: 1, text: "better so" }],
    ["/edit ^2 better so", { kind: "edit", back: 2, text: "better so" }],
    ["/edit ^_^ indeed", { kind: "edit", back: 1, text: "^_^ indeed" }],
    ["/delete ^12", { kind: "delete", back: 12 }],
    ["/accept bob", { kind: "accept", person: "bob" }],
    ["//me too", { kind: "say", text: "/me too" }],
  ])("CM-1 %j", (text, intent) => expect(readWritten(text)).toEqual(intent));

  test.each(["KICK off at 5", "LIST of things", "list", "Kick bob", "EXIT now", "toString", "constructor", "SEND"])(
    "CM-1 %j is a sentence, not a command",
    (text) => expect(readWritten(text)).toEqual({ kind: "say", text }),
  );

  test.each([
    "/",
    "/join",
    "/join #a#b",
    "/create #ops secret",
    "/edit",
    "/edit ^2",
    "/delete me",
    "/shout",
    "/constructor",
    "/msg",
    "/msg bob",
    "/to bob and carol",
    "/quit now",
    "/me",
    "/kick",
  ])("CM-1 %j is refused, not said", (text) => expect(readWritten(text).kind).toBe("wrong"));

  test("CM-1 any text can be written, and one with two slashes is always said", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        readWritten(text);
        expect(readWritten(`//${text}`)).toEqual({ kind: "say", text: `/${text}` });
      }),
    );
  });

  test("CM-1 no two commands share a name", () => {
    expect(new Set(SLASH_COMMANDS.map(({ name }) => name)).size).toBe(SLASH_COMMANDS.length);
  });
});
