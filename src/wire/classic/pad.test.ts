import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPadField, openPad, sealPad } from "./pad.ts";

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
