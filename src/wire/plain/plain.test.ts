import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodePlainLine } from "./lines.ts";
import { messageLine } from "./outgoing.ts";
import { takeTelnetLine, TELNET_START, type TelnetState } from "./telnet.ts";

const LIMIT = 16_384;

/** Takes lines one after another; gives the whole ones. */
function take(lines: readonly Buffer[]): string[] {
  let state: TelnetState = TELNET_START;
  return lines.flatMap((bytes) => {
    const taken = takeTelnetLine(state, bytes, LIMIT);
    state = taken.state;
    return taken.line === null ? [] : [taken.line.toString("latin1")];
  });
}

function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

test("PD-5 commands of every kind are taken out, a line feed within one too", () => {
  expect(take([latin1("a\xff\xf1b"), latin1("\xff\xfb\x01c"), latin1("d\xff\xff")])).toEqual(["ab", "c", "d"]);
  expect(take([latin1("x\xff\xfa\x1f\0"), latin1("\0\x18\xff\xf0y"), latin1("z")])).toEqual(["xy", "z"]);
  expect(take([latin1("x\xff\xfd"), latin1("\x01y")])).toEqual(["xy"]);
  const { reply } = takeTelnetLine(TELNET_START, latin1("\xff\xfd\x01\xff\xfb\x03\xff\xfe\x01\xff\xfc\x03"), LIMIT);
  expect(reply).toEqual(latin1("\xff\xfc\x01\xff\xfe\x03"));
});

test("PD-5 what has no command in it is the line, whatever it is", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (given) => {
      const text = Buffer.from(given.filter((byte) => byte !== 0xff));
      expect(takeTelnetLine(TELNET_START, text, LIMIT).line).toEqual(text);
    }),
  );
});

test("PD-7 no bytes make a reader of plain lines throw, and what goes on is bounded", () => {
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(0xff, 0xfa, 0xf0, 0xfb, 0x2f, 0x20));
  fc.assert(
    fc.property(fc.array(fc.array(byte, { maxLength: 60 }), { maxLength: 20 }), (lines) => {
      let state: TelnetState = TELNET_START;
      for (const line of lines) {
        const taken = takeTelnetLine(state, Buffer.from(line), 50);
        state = taken.state;
        expect(state.text.length).toBeLessThanOrEqual(50);
        if (taken.line !== null) decodePlainLine(taken.line);
      }
    }),
  );
});

test("PD-3 lines that are no text are read all the same", () => {
  expect(decodePlainLine(Buffer.from([0xc3, 0x28, 0x0d]))).toEqual({ kind: "say", text: "\ufffd(" });
  expect(decodePlainLine(Buffer.from("  \t\r"))).toEqual({ kind: "nothing" });
  expect(decodePlainLine(Buffer.from("/MSG bob  a  b "))).toEqual({ kind: "direct", to: "bob", text: "a  b" });
  for (const wrong of ["/msg", "/msg bob", "/msg bob  ", "/me", "/me "]) {
    expect(decodePlainLine(Buffer.from(wrong)).kind).toBe("wrong-use");
  }
});

test("PD-4 whatever anybody writes, only its first line begins at the margin", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.boolean(), (text, direct) => {
      const lines = messageLine({ at: 0, from: "bob", text, direct }).split("\n");
      expect(lines[0]).toMatch(/^\d\d:\d\d /);
      for (const line of lines.slice(1)) expect(line).toMatch(/^ {4}/);
      // oxlint-disable-next-line no-control-regex
      expect(lines.join("")).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
    }),
  );
});

test("PD-7 long and adversarial lines are read and written at once", () => {
  for (const text of ["/".repeat(16_000), " ".repeat(16_000), `/msg ${" ".repeat(16_000)}`, "\u001b".repeat(16_000)]) {
    decodePlainLine(Buffer.from(text));
    messageLine({ at: 0, from: "bob", text, direct: false });
  }
  takeTelnetLine(TELNET_START, Buffer.alloc(16_000, 0xff), LIMIT);
});
