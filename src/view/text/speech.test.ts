import { expect, test } from "vitest";
import { mentions, readSpeech } from "./speech.ts";

test.each([
  ["/me waves", { text: "waves", emote: true }],
  ["/me", { text: "/me", emote: false }],
  ["/mean", { text: "/mean", emote: false }],
  ["so /me waves", { text: "so /me waves", emote: false }],
])("VW-4 %j", (text, speech) => expect(readSpeech(text)).toEqual(speech));

test.each([
  ["alice: hi", true],
  ["hi ALICE", true],
  ["ask @alice.", true],
  ["alice's", true],
  ["malice", false],
  ["alice2", false],
  ["alice-nas is up", false],
  ["alice.smith", false],
  ["", false],
])("VW-4 %j names alice: %s", (text, named) => expect(mentions(text, "alice")).toBe(named));

test("VW-4 a name may have any character that a name may have", () => {
  expect(mentions("so a.b-c_d said", "a.b-c_d")).toBe(true);
  expect(mentions("so axb-c_d said", "a.b-c_d")).toBe(false);
});

test.each([
  ["mås", false],
  ["it's", false],
  ["it\u2019s", false],
  ["s's turn", true],
  ["'s' is a letter", true],
  ["the s, you know", true],
  ["\u0301s", false],
  ["世s界", false],
])("VW-4 a name is a word of its own in any script: %s", (text, mention) => {
  expect(mentions(text, "s")).toBe(mention);
});
