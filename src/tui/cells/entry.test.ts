import * as fc from "fast-check";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, test, vi } from "vitest";
import type { Delivery, Entry, Message } from "../../view/chat/snapshot.ts";
import { entryRows, paintedEntry } from "./entry.ts";
import { rowWidth } from "./style.ts";

const LOOK = { width: 40, times: false, colours: "dark", me: "alice", showsReaders: false, waiting: " …" } as const;

describe("an entry's rows", () => {
  test("TU-7 whatever others send, the rows have no control characters and fit", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.string({ unit: "binary", maxLength: 8 }),
        fc.integer({ min: 1, max: 100 }),
        (text, from, width) => {
          const rows = entryRows(said({ from, text }), { ...LOOK, width, times: true });
          expect(rows.filter((row) => rowWidth(row) > width)).toEqual([]);
          expect(rows.flatMap((row) => row.map((one) => one.text)).join("")).not.toMatch(
            /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/u,
          );
        },
      ),
    );
  });

  test("TU-7 what is painted has no escape sequence but our own colours and links", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const painted = paintedEntry(said({ text: `https://example.org/${text}` }), LOOK).join("");
        // oxlint-disable-next-line no-control-regex
        const rest = painted.replaceAll(/\u001b\[\d+m|\u001b\]8;;[!-~]*\u0007/g, "");
        expect(rest).not.toMatch(/\p{Cc}/u);
      }),
    );
  });

  test("TU-7 further lines of a message begin where no name does", () => {
    expect(shown(said({ text: "one\nbob: two" }))).toEqual(["bob: one", "  bob: two"]);
    expect(shown(said({ text: "waves\nat all", emote: true }))).toEqual(["* bob waves", "  at all"]);
  });

  test("TU-13 own messages say what became of them", () => {
    expect(shown(own({ kind: "taken" }))).toEqual(["alice: hi"]);
    expect(shown(own({ kind: "sending" }))).toEqual(["alice: hi …"]);
    expect(shown(own({ kind: "unknown" }))).toEqual(["alice: hi (? may not have arrived)"]);
    expect(shown(own({ kind: "refused", why: "There is no bob." }))).toEqual([
      "alice: hi",
      "  not sent: There is no bob.",
    ]);
  });

  test("TU-13 notes have a mark of their own, and keep their lines", () => {
    expect(shown({ key: 1, place: 0, at: 0, kind: "note", tone: "plain", text: "Here:\nalice" })).toEqual([
      "-- Here:",
      "  alice",
    ]);
  });

  test("TU-14 a wrapped address is a link to the whole in each of its rows", () => {
    const address = `https://example.org/${"a".repeat(60)}`;
    const links = entryRows(said({ text: `(see ${address}).` }), LOOK).flatMap((row) =>
      row.map(({ text, style }) => [text, style.link]),
    );
    expect(
      links
        .filter(([, link]) => link === address)
        .map(([text]) => text)
        .join(""),
    ).toBe(address);
    expect(
      links
        .filter(([, link]) => link === undefined)
        .map(([text]) => text)
        .join(""),
    ).toBe("bob: (see       ).");
  });

  test("TU-14 a person has one colour in any spelling, and none where colours are off", () => {
    const [dark, other] = [said({ from: "Bob" }), said({ from: "bob" })].map((entry) => paintedEntry(entry, LOOK)[0]);
    expect(dark?.toLowerCase()).toBe(other);
    // oxlint-disable-next-line no-control-regex
    expect(paintedEntry(said({}), { ...LOOK, colours: "none" })[0]).not.toMatch(/\u001b\[[39]\d/);
  });

  test("TU-14 rows are made once for each look", () => {
    const entry = said({});
    expect(paintedEntry(entry, LOOK)).toBe(paintedEntry(entry, { ...LOOK }));
    expect(paintedEntry(entry, { ...LOOK, width: 10 })).not.toBe(paintedEntry(entry, LOOK));
  });
});

function own(delivery: Delivery): Entry {
  return said({ from: "alice", own: true, text: "hi", delivery });
}

function said(changes: Partial<Message>): Entry {
  return {
    key: 1,
    place: 0,
    at: 0,
    kind: "message",
    from: "bob",
    text: "hello",
    own: false,
    emote: false,
    mention: false,
    delivery: { kind: "taken" },
    ...changes,
  };
}

function shown(entry: Entry): readonly string[] {
  return paintedEntry(entry, LOOK).map((row) => stripVTControlCharacters(row));
}

test("TU-7 marks heaped upon a letter are cut off, and an endless address is no link", () => {
  const heaped = paintedEntry(said({ text: `a${"\u0301".repeat(1000)}` }), LOOK).join("\n");
  expect(heaped.length).toBeLessThan(200);
  const endless = paintedEntry(said({ text: `https://example.org/${"a".repeat(3000)}` }), LOOK).join("\n");
  expect(endless).not.toContain("\u001b]8");
});

test.each([
  ["alice", "bob", "carol"],
  ["dave", "erin", "frank"],
  ["anna", "Anne", "annie"],
  ["nas", "backup", "ci"],
])("TU-14 three people have three colours on any background: %s, %s, %s", async (...names) => {
  vi.resetModules();
  const { paint, span, toneOfName } = await import("./style.ts");
  for (const colours of ["dark", "light"] as const) {
    const painted = names.map((name) => paint([span("x", { tone: toneOfName(name) })], colours));
    expect(new Set(painted).size).toBe(3);
  }
});
