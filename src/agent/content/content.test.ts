import * as fc from "fast-check";
import { expect, test } from "vitest";
import { encodeContent, LONGEST_TEXT, MOST_BYTES, readContent } from "./content.ts";
import type { Content, MessageRef } from "./content.ts";
import { paddedLength } from "./padding.ts";

const id = fc.uint8Array({ minLength: 16, maxLength: 16 });
const ref: fc.Arbitrary<MessageRef> = fc.record({ device: id, messageId: id });
const text = fc.string({ minLength: 1, unit: "binary", maxLength: 300 });
const content: fc.Arbitrary<Content> = fc.oneof(
  fc.record({ kind: fc.constant("text" as const), text, replyTo: fc.option(ref) }),
  fc.record({ kind: fc.constant("edit" as const), of: ref, text }),
  fc.record({ kind: fc.constant("deletion" as const), of: ref }),
);

test("CN-1 what was written is read again, to the letter", () => {
  fc.assert(
    fc.property(content, (written) => {
      expect(readContent(encodeContent(written))).toEqual(written);
    }),
  );
  const emote = { kind: "text", text: "/me waves 👋\u0000\u001b[31m", replyTo: null } as const;
  expect(readContent(encodeContent(emote))).toEqual(emote);
});

test("CN-1 half a surrogate pair, which UTF-8 can't say, is written as U+FFFD", () => {
  expect(readContent(encodeContent({ kind: "text", text: "a\ud800b", replyTo: null }))).toMatchObject({
    text: "a\ufffdb",
  });
});

test("CN-2 the longest text fits into one message, and a longer or an empty one isn't written or read", () => {
  const longest = encodeContent({ kind: "edit", of: sample(), text: "x".repeat(LONGEST_TEXT) });
  expect(longest.length).toBeLessThanOrEqual(MOST_BYTES);
  expect(readContent(longest)).toMatchObject({ kind: "edit" });
  for (const wrong of ["", "x".repeat(LONGEST_TEXT + 1), "é".repeat(LONGEST_TEXT / 2 + 1)]) {
    expect(() => encodeContent({ kind: "text", text: wrong, replyTo: null })).toThrow(RangeError);
    expect(readContent(handmade(1, 1, [1, Buffer.from(wrong)]))).toEqual({ kind: "malformed" });
  }
  expect(readContent(new Uint8Array(MOST_BYTES + 1).fill(1))).toEqual({ kind: "malformed" });
});

test("CN-3 lengths are multiples of 64, and the padding is at most 12 % or 63 bytes", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: MOST_BYTES }), (length) => {
      const whole = paddedLength(length);
      expect(whole % 64).toBe(0);
      expect(whole - length).toBeGreaterThanOrEqual(0);
      expect(whole - length).toBeLessThanOrEqual(Math.max(63, length * 0.12));
      // A step's own length stays as it is.
      expect(paddedLength(whole)).toBe(whole);
    }),
  );
  expect([1, 64, 65, 1024, 1025, 3000, 33_000].map(paddedLength)).toEqual([64, 64, 128, 1024, 1088, 3072, 34_816]);
});

test("CN-4 no bytes end anything, whether cut short, changed or random", () => {
  const known = ["text", "edit", "deletion", "unknown", "malformed"];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      expect(known).toContain(readContent(bytes).kind);
    }),
  );
  fc.assert(
    fc.property(content, fc.nat(), fc.nat(255), (written, place, byte) => {
      const bytes = encodeContent(written);
      expect(known).toContain(readContent(bytes.subarray(0, place % bytes.length)).kind);
      expect(known).toContain(readContent(bytes.with(place % bytes.length, byte)).kind);
    }),
  );
});

test("CN-4 a field twice, one that is cut short, and a tail that isn't zero are malformed", () => {
  const said: Field = [1, Buffer.from("hi")];
  for (const bytes of [
    handmade(1, 1, said, said),
    Buffer.concat([handmade(1, 1, said), Uint8Array.of(1, 0, 0, 0, 9, 65)]),
    Buffer.concat([handmade(1, 1, said), Uint8Array.of(0, 0, 7)]),
    handmade(1, 1, said, [2, new Uint8Array(31)]),
    handmade(1, 1),
    handmade(1, 2, said),
    handmade(1, 3),
    handmade(1, 1, [1, Uint8Array.of(0xff, 0xfe)]),
  ]) {
    expect(readContent(bytes)).toEqual({ kind: "malformed" });
  }
});

test("CN-5 newer versions and kinds are told as unknown, and fields that aren't known are passed over", () => {
  expect(readContent(handmade(2, 1, [1, Buffer.from("hi")]))).toEqual({ kind: "unknown" });
  expect(readContent(handmade(1, 77, [9, Buffer.from("a poll")]))).toEqual({ kind: "unknown" });
  expect(readContent(handmade(1, 1, [200, Buffer.from("new")], [1, Buffer.from("hi")]))).toEqual({
    kind: "text",
    text: "hi",
    replyTo: null,
  });
});

type Field = readonly [tag: number, value: Uint8Array];

function handmade(version: number, kind: number, ...fields: readonly Field[]): Uint8Array {
  const parts = fields.flatMap(([tag, value]) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(value.length);
    return [Uint8Array.of(tag), length, value];
  });
  return Buffer.concat([Uint8Array.of(version, kind), ...parts]);
}

function sample(): MessageRef {
  return { device: new Uint8Array(16).fill(1), messageId: new Uint8Array(16).fill(2) };
}
