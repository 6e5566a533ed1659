import * as fc from "fast-check";
import { expect, test } from "vitest";
import { pieces } from "../../../test/helpers/composer.ts";
import { clean } from "./clean.ts";
import { decodeHistory, encodeHistory, type Histories } from "./history-file.ts";
import { remember } from "./history.ts";

const conversations = fc.constantFrom("all", "bob", "ann", "__proto__");
const texts = pieces.map(clean).filter((text) => text.trim() !== "");
const entries = fc.array(fc.tuple(conversations, texts), { maxLength: 20 });

test("CP-15 what was appended line by line is read as it was remembered", () => {
  fc.assert(
    fc.property(entries, (written) => {
      const file = written.map(([conversation, text]) => encodeHistory(new Map([[conversation, [text]]]))).join("");
      const wanted = new Map<string, readonly string[]>();
      for (const [conversation, text] of written) {
        wanted.set(conversation, remember(wanted.get(conversation) ?? [], text));
      }
      expect(decodeHistory(file)).toEqual(wanted);
      expect(decodeHistory(encodeHistory(wanted))).toEqual(wanted);
    }),
  );
});

test("CP-15 an entry is one line, and a name counts in any case", () => {
  const histories: Histories = new Map([["Bob", ["two\nlines"]]]);
  expect(encodeHistory(histories)).toBe('{"conversation":"Bob","text":"two\\nlines"}\n');
  expect(decodeHistory(encodeHistory(histories))).toEqual(new Map([["bob", ["two\nlines"]]]));
});

test("CP-14 of a longer file the newest thousand lines of each conversation are read", () => {
  const lines = Array.from({ length: 1500 }, (_, i) => `line ${i}`);
  const read = decodeHistory(
    encodeHistory(
      new Map([
        ["all", lines],
        ["bob", ["hi", "hi", " "]],
      ]),
    ),
  );
  expect(read).toEqual(
    new Map([
      ["all", lines.slice(500)],
      ["bob", ["hi"]],
    ]),
  );
});

test("CP-15 damaged lines are passed over, the others are read", () => {
  const good = '{"conversation":"bob","text":"hi"}';
  const bad = ['{"conversation":"bob","te', "null", "[]", "7", '{"text":"x"}', '{"conversation":"bob","text":7}', ""];
  expect(decodeHistory([...bad, good, ...bad].join("\n"))).toEqual(new Map([["bob", ["hi"]]]));
});

test("CP-15 no text whatever makes it throw, and none gets a control character in", () => {
  const line = fc.oneof(
    fc.json(),
    fc.string({ unit: "binary" }),
    fc
      .record({ conversation: fc.oneof(conversations, fc.anything()), text: fc.string({ unit: "binary" }) })
      .map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      for (const history of decodeHistory(lines.join("\n")).values()) {
        for (const text of history) expect(text).toBe(clean(text));
      }
    }),
  );
});
