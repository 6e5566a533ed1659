import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keyBytes, MOST_KEY_BYTES, takeKey } from "./key-pool.ts";
import { isPadField, openPad, padLength, sealPad, writePad } from "./pad.ts";

/** Opens a pad with Node's own hex, to hold ours against. */
function openBytes(pad: string): { key: Buffer; plain: Buffer } {
  const [key = "", sealed = ""] = pad.split("|").map((hex) => Buffer.from(hex, "hex").toString("latin1"));
  const plain = Buffer.from(key, "latin1").map((byte, i) => byte ^ sealed.charCodeAt(i));
  return { key: Buffer.from(key, "latin1"), plain: Buffer.from(plain) };
}

describe("fields", () => {
  test("CL-35 any text that is sealed opens again, and its field is a pad", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const field = sealPad(text);
        expect(field).toMatch(/^[0-9a-f]*\|[0-9a-f]*$/);
        expect(isPadField(field)).toBe(true);
        expect(openPad(field)).toBe(text);
        expect(openPad(field.toUpperCase())).toBe(text);
      }),
    );
  });

  test("CL-36 a pad is two hex fields of equal length, of whole bytes, joined by one bar", () => {
    for (const field of ["|", "00|ff", "aB|Cd", "0011|2233"]) expect(isPadField(field), field).toBe(true);
    for (const field of [
      "",
      "0|0",
      "000|000",
      "00|",
      "|00",
      "00|0011",
      "0000",
      "00||00",
      "00|0g",
      "g0|00",
      "0 |00",
      "00|00|",
      "šš|00",
      "00|šš",
      "00|00\n",
    ]) {
      expect(isPadField(field), field).toBe(false);
      expect(openPad(field), field).toBeNull();
    }
  });

  test("CL-36 the check agrees with the rule on any field", () => {
    const field = fc.oneof(
      fc.string({ unit: fc.constantFrom("0", "9", "a", "F", "|", "g", "š"), maxLength: 12 }),
      fc.tuple(fc.nat(6), fc.nat(6)).map(([left, right]) => `${"a".repeat(left)}|${"b".repeat(right)}`),
    );
    fc.assert(
      fc.property(field, (text) => {
        const [key, sealed, ...more] = text.split("|");
        const isPad =
          more.length === 0 && key?.length === sealed?.length && /^([0-9a-fA-F]{2})*\|([0-9a-fA-F]{2})*$/.test(text);
        expect(isPadField(text)).toBe(isPad);
      }),
    );
  });

  test("CL-37 a pad whose bytes are no UTF-8 doesn't open, and a byte-order mark stays", () => {
    expect(isPadField("00|ff")).toBe(true);
    expect(openPad("00|ff")).toBeNull();
    expect(openPad("00000000|efbbbf61")).toBe("\ufeffa");
  });
});

describe("writing", () => {
  test("CL-38 a pad of any length lands at any offset, in its own bytes only", () => {
    // Around the changes of method: words, the wide table, the parts that a long text is cut into.
    const length = fc.oneof(
      fc.nat(20),
      fc.integer({ min: 505, max: 520 }),
      fc.integer({ min: 8185, max: 8200 }),
      fc.nat(30_000),
    );
    fc.assert(
      fc.property(length, fc.nat(9), fc.nat(3), fc.nat(255), (bytes, at, offset, seed) => {
        const plain = Uint8Array.from({ length: bytes }, (_, i) => (i * 31 + seed) & 0xff);
        const target = Buffer.alloc(offset + at + padLength(bytes) + 5, ".").subarray(offset);
        const end = writePad(target, at, plain);
        expect(end).toBe(at + 4 * bytes + 1);
        expect(target.toString("latin1", 0, at)).toBe(".".repeat(at));
        expect(target.toString("latin1", end)).toBe(".....");
        const pad = target.toString("latin1", at, end);
        expect(isPadField(pad)).toBe(true);
        expect(openBytes(pad).plain.equals(plain)).toBe(true);
      }),
    );
  });

  test("CL-38 pads follow one another in one buffer, and in two by turns", () => {
    const plain = Buffer.from("hello");
    const targets = [Buffer.alloc(42), Buffer.alloc(42)];
    for (const at of [0, 21]) for (const target of targets) expect(writePad(target, at, plain)).toBe(at + 21);
    for (const target of targets) {
      expect(openPad(target.toString("latin1", 0, 21))).toBe("hello");
      expect(openPad(target.toString("latin1", 21))).toBe("hello");
    }
  });

  test("CL-38 a pad that doesn't fit is refused before a byte is written", () => {
    const target = Buffer.alloc(20, ".");
    expect(() => writePad(target, 0, Buffer.from("hello"))).toThrow(RangeError);
    expect(() => writePad(target, 20, Buffer.alloc(0))).toThrow(RangeError);
    expect(() => writePad(target, -1, Buffer.alloc(1))).toThrow(RangeError);
    expect(target.toString()).toBe(".".repeat(20));
  });

  test("CL-39 the key's bytes leave the pool when they are used", () => {
    for (const bytes of [1, 3, 4, 7, 64, 513, 8192]) {
      const target = Buffer.alloc(padLength(bytes));
      const before = roomInPool();
      const waiting = keyBytes.slice(before, before + bytes);
      writePad(target, 0, new Uint8Array(bytes));
      expect(openBytes(target.toString("latin1")).key.equals(waiting)).toBe(true);
      expect(keyBytes.subarray(before, before + bytes).every((byte) => byte === 0)).toBe(true);
    }
  });

  test("CL-39 no key byte is used twice, also when the pool is filled again and again", () => {
    const seen = new Set<string>();
    const lengths = [16, 64, 100, 1000, 8192];
    let keys = 0;
    for (let round = 0; round < 40; round++) {
      for (const bytes of lengths) {
        const target = Buffer.alloc(padLength(bytes));
        writePad(target, 0, new Uint8Array(bytes));
        const key = target.toString("latin1", 0, 2 * bytes);
        for (let at = 0; at + 32 <= key.length; at += 32) {
          seen.add(key.slice(at, at + 32));
          keys++;
        }
      }
    }
    expect(seen.size).toBe(keys);
  });
});

/** Where the next key will be taken, with the pool filled anew and room for the longest. */
function roomInPool(): number {
  while (takeKey(MOST_KEY_BYTES) !== 0);
  return MOST_KEY_BYTES;
}
