import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeClientLine, encodeClientLine } from "./client-lines.ts";
import type { ClientCommand, ClientValue, KeyReading } from "./client-lines.ts";

/** What one line outside a key block says. */
function said(line: string): ClientValue | null {
  return decodeClientLine(null, Buffer.from(line)).value;
}

/** What a client's lines say, one after another, block or not. */
function read(lines: readonly Uint8Array[]): (ClientValue | null)[] {
  let reading: KeyReading | null = null;
  return lines.map((line) => {
    const step = decodeClientLine(reading, line);
    reading = step.reading;
    return step.value;
  });
}

function readText(text: string): (ClientValue | null)[] {
  return read(text.split("\n").map((line) => Buffer.from(line)));
}

describe("lines", () => {
  test("CL-1 outer blanks and a carriage return are trimmed as the original trims them", () => {
    for (const line of [
      "LIST\r",
      "  LIST  ",
      "\tLIST\v\f",
      "\u0085LIST\u00a0",
      "\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000LIST",
    ]) {
      expect(said(line), JSON.stringify(line)).toEqual({ kind: "list" });
    }
    expect(said(" REGISTER alice \r")).toEqual({ kind: "register", id: "alice" });
    expect(said("\u200bLIST")).toEqual({ kind: "unknown", line: "\u200bLIST" });
  });

  test("CL-2 a line that is no UTF-8 is invalid text", () => {
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [...Buffer.from("LIST"), 0x80]]) {
      expect(decodeClientLine(null, Uint8Array.from(bytes))).toEqual({
        reading: null,
        value: { kind: "invalid-text" },
      });
    }
  });

  test("CL-2 a byte-order mark is text like any other and stays", () => {
    expect(said("\ufeffLIST")).toEqual({ kind: "unknown", line: "\ufeffLIST" });
    expect(said("LIST \ufeff")).toEqual({ kind: "list" });
  });
});

describe("commands", () => {
  test("CL-3 REGISTER takes exactly one word", () => {
    expect(said("REGISTER alice")).toEqual({ kind: "register", id: "alice" });
    expect(said("REGISTER x:")).toEqual({ kind: "register", id: "x:" });
    for (const line of ["REGISTER", "REGISTER ", "REGISTER alice bob", "REGISTER  alice"]) {
      expect(said(line), line).toEqual({ kind: "malformed", verb: "REGISTER" });
    }
  });

  test("CL-4 SEND takes exactly two words, and only ALL is everybody", () => {
    expect(said("SEND ALL 00ff")).toEqual({ kind: "broadcast", payload: "00ff" });
    expect(said("SEND all 00ff")).toEqual({ kind: "direct", to: "all", body: "00ff" });
    expect(said("SEND bob 4f|27")).toEqual({ kind: "direct", to: "bob", body: "4f|27" });
    expect(said("SEND bob ZZ")).toEqual({ kind: "direct", to: "bob", body: "ZZ" });
    for (const line of ["SEND", "SEND ALL", "SEND ALL ", "SEND bob a b", "SEND  bob x", "SEND bob  x"]) {
      expect(said(line), line).toEqual({ kind: "malformed", verb: "SEND" });
    }
  });

  test("CL-4 two spaces behind SEND make an empty recipient, as in the original", () => {
    expect(said("SEND  x")).toEqual({ kind: "direct", to: "", body: "x" });
  });

  test("CL-5 KICK, BAN and UNBAN need a word, and keep all that they are given", () => {
    for (const [verb, kind] of [
      ["KICK", "kick"],
      ["BAN", "ban"],
      ["UNBAN", "unban"],
    ] as const) {
      expect(said(`${verb} bob`)).toEqual({ kind, words: ["bob"] });
      expect(said(`${verb} bob eve`)).toEqual({ kind, words: ["bob", "eve"] });
      expect(said(`${verb}  bob`)).toEqual({ kind, words: ["", "bob"] });
      expect(said(`${verb} `)).toEqual({ kind: "malformed", verb });
    }
  });

  test("CL-6 commands without arguments ignore further words", () => {
    for (const [verb, kind] of [
      ["LIST", "list"],
      ["INFO", "info"],
      ["SERVERHELP", "help"],
      ["SERVERINFO", "server-info"],
      ["LISTBANS", "list-bans"],
    ] as const) {
      expect(said(verb)).toEqual({ kind });
      expect(said(`${verb} and more`)).toEqual({ kind });
    }
  });

  test("CL-7 EXIT leaves only when it stands alone", () => {
    expect(said("EXIT")).toEqual({ kind: "exit" });
    expect(said("EXIT now")).toEqual({ kind: "unknown", line: "EXIT now" });
  });

  test("CL-8 anything else is an unknown command, with its line", () => {
    for (const line of [
      "list",
      "Register alice",
      "LISTS",
      "LIST\tx",
      "PUBLICKEY",
      "END CLIENTPUBKEY",
      "hello there",
      "",
    ]) {
      expect(said(line), line).toEqual({ kind: "unknown", line });
    }
    expect(said("   ")).toEqual({ kind: "unknown", line: "" });
  });
});

describe("key blocks", () => {
  const key = Uint8Array.from({ length: 65 }, (_, i) => (i * 37) & 0xff);
  const hex = Buffer.from(key).toString("hex");

  test("CL-9 a public key is gathered from one line or several, in either case of hex", () => {
    const expected = [{ kind: "public-key", key: Buffer.from(key) }];
    for (const body of [hex, hex.toUpperCase(), `${hex.slice(0, 3)}\n  ${hex.slice(3, 100)}\r\n\n${hex.slice(100)}`]) {
      const values = readText(`CLIENTPUBKEY\n${body}\n END CLIENTPUBKEY\r`);
      expect(values.filter((value) => value !== null)).toEqual(expected);
    }
  });

  test("CL-9 words behind CLIENTPUBKEY are ignored, and the block begins", () => {
    expect(readText(`CLIENTPUBKEY now\n${hex}\nEND CLIENTPUBKEY`).at(-1)).toEqual({
      kind: "public-key",
      key: Buffer.from(key),
    });
  });

  test("CL-9 inside a block nothing is a command, and after it everything is again", () => {
    expect(readText("CLIENTPUBKEY\nLIST\nCLIENTPUBKEY\nEND CLIENTPUBKEY\nLIST")).toEqual([
      null,
      null,
      null,
      { kind: "invalid-key" },
      { kind: "list" },
    ]);
  });

  test("CL-10 what is not hex of 65 bytes is an invalid key", () => {
    for (const body of [
      "",
      hex.slice(2),
      `${hex}00`,
      hex.slice(1),
      `zz${hex.slice(2)}`,
      `${hex.slice(0, 128)} 0`,
      `šš${hex.slice(2)}`,
    ]) {
      expect(readText(`CLIENTPUBKEY\n${body}\nEND CLIENTPUBKEY`).at(-1), body).toEqual({ kind: "invalid-key" });
    }
  });

  test("CL-10 a line that is no UTF-8 spoils the key of its block, not the block", () => {
    const lines = [Buffer.from("CLIENTPUBKEY"), Uint8Array.of(0xff), Buffer.from(hex), Buffer.from("END CLIENTPUBKEY")];
    expect(read(lines)).toEqual([null, null, null, { kind: "invalid-key" }]);
  });

  test("CL-11 a block keeps at most a key's 130 digits, however long it is", () => {
    let reading: KeyReading | null = { hex: "" };
    for (let i = 0; i < 1000; i++) {
      reading = decodeClientLine(reading, Buffer.from("ab".repeat(1 + (i % 40)))).reading;
      expect(reading?.hex?.length ?? 0).toBeLessThanOrEqual(130);
    }
    expect(reading).toEqual({ hex: null });
    expect(decodeClientLine(reading, Buffer.from("END CLIENTPUBKEY")).value).toEqual({ kind: "invalid-key" });
  });
});

const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }).filter((text) => !/[\s\u0085]/u.test(text));

const command: fc.Arbitrary<ClientCommand> = fc.oneof(
  fc.record({ kind: fc.constant("register" as const), id: word }),
  fc.record({
    kind: fc.constant("public-key" as const),
    key: fc.uint8Array({ minLength: 65, maxLength: 65 }).map((key) => Buffer.from(key)),
  }),
  fc.record({ kind: fc.constant("broadcast" as const), payload: word }),
  fc.record({ kind: fc.constant("direct" as const), to: word.filter((to) => to !== "ALL"), body: word }),
  fc.record({ kind: fc.constantFrom("list" as const, "info", "help", "server-info", "list-bans", "exit") }),
  fc.record({
    kind: fc.constantFrom("kick" as const, "ban", "unban"),
    words: fc.array(word, { minLength: 1, maxLength: 3 }),
  }),
);

/** Lines that are nearly right find more than random bytes do. */
const nearlyLine = fc
  .array(
    fc.constantFrom(
      "SEND",
      "ALL",
      "REGISTER",
      "KICK",
      "CLIENTPUBKEY",
      "END",
      "EXIT",
      " ",
      "  ",
      "\r",
      "\t",
      "00",
      "|",
      "é",
      "\ufeff",
      "\u0000",
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.from(parts.join("")));

describe("properties", () => {
  test("CL-12 no bytes make the decoder throw, inside a block or outside", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.uint8Array({ maxLength: 200 }), nearlyLine), { maxLength: 10 }), (lines) => {
        expect(read(lines)).toHaveLength(lines.length);
      }),
    );
  });

  test("CL-13 what our client encodes, a server decodes to the same value", () => {
    fc.assert(
      fc.property(command, (value) => {
        const text = encodeClientLine(value);
        expect(text.endsWith("\n")).toBe(true);
        expect(readText(text.slice(0, -1)).filter((answer) => answer !== null)).toEqual([value]);
      }),
    );
  });

  test("CL-14 a field that would not arrive as its one word is refused before it is sent", () => {
    for (const bad of ["", "a b", "a\nKICK bob", "a\r", "\ta", "a\u00a0"]) {
      expect(() => encodeClientLine({ kind: "register", id: bad }), bad).toThrow(RangeError);
      expect(() => encodeClientLine({ kind: "direct", to: bad, body: "00|00" }), bad).toThrow(RangeError);
      expect(() => encodeClientLine({ kind: "direct", to: "bob", body: bad }), bad).toThrow(RangeError);
      expect(() => encodeClientLine({ kind: "broadcast", payload: bad }), bad).toThrow(RangeError);
    }
    for (const words of [[], [""], ["a\nEXIT"], ["a", ""], ["", "a"], ["a b"]]) {
      expect(() => encodeClientLine({ kind: "kick", words })).toThrow(RangeError);
    }
    expect(() => encodeClientLine({ kind: "direct", to: "ALL", body: "00" })).toThrow(RangeError);
  });
});
