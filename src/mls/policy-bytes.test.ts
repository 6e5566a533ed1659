import * as fc from "fast-check";
import { expect, test } from "vitest";
import { EngineError } from "./engine-error.ts";
import { Reply } from "./module/reply.ts";
import { decodePolicy, encodePolicy } from "./policy-bytes.ts";
import type { RoomPolicy } from "./room-policy.ts";

const people = fc.array(
  fc.record({
    kind: fc.constantFrom("person", "machine", "address", "name"),
    identity: fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
      .filter((text) => Buffer.byteLength(text) <= 256),
  }),
  { maxLength: 5 },
);

const policies = fc.record({
  access: fc.constantFrom("open", "invite", "listed"),
  add: fc.constantFrom("members", "moderators"),
  remove: fc.constantFrom("members", "moderators"),
  moderators: people,
  listed: people,
});

test("EN-34 a policy is decoded as it was encoded", () => {
  fc.assert(
    fc.property(policies, (policy) => {
      expect(decodePolicy(encodePolicy(policy))).toEqual(policy);
    }),
  );
});

test("EN-34 other bytes are no policy, by an error of the list", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        expect(Buffer.from(encodePolicy(decodePolicy(bytes)))).toEqual(Buffer.from(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(EngineError);
      }
    }),
  );
});

const least: RoomPolicy = { access: "open", add: "members", remove: "members", moderators: [], listed: [] };
const somebody = (bytes: number) =>
  ({ kind: "person", identity: "é".repeat(bytes / 2) + "x".repeat(bytes % 2) }) as const;

function someOf(count: number) {
  return Array.from({ length: count }, () => somebody(1));
}

test("EN-34 a policy of another version, with an unknown word, cut short or with a tail is malformed", () => {
  const bytes = encodePolicy({ ...least, listed: [somebody(3)] });
  // Version, access, who adds, who removes; then, behind the number of moderators and of the listed, somebody's kind.
  for (const at of [0, 1, 2, 3, 8])
    for (const word of [0, 9]) expect(() => decodePolicy(bytes.with(at, word)), `${at}`).toThrow("malformed");
  for (let length = 0; length < bytes.length; length += 1)
    expect(() => decodePolicy(bytes.subarray(0, length))).toThrow("malformed");
  expect(() => decodePolicy(Uint8Array.of(...bytes, 0))).toThrow("malformed");
});

test("EN-34 a policy names 128 people in each list, by 1 to 256 bytes, and is neither written nor read with more", () => {
  for (const list of ["moderators", "listed"] as const) {
    const most = { ...least, [list]: someOf(128) };
    expect(decodePolicy(encodePolicy(most))).toEqual(most);
    expect(() => encodePolicy({ ...least, [list]: someOf(129) })).toThrow("too-large");
  }
  // As an encoder without that bound would write it.
  const each = encodePolicy({ ...least, listed: someOf(1) }).subarray(8);
  const many = Uint8Array.of(1, 1, 1, 1, 0, 0, 0, 129, ...Buffer.concat(Array.from({ length: 129 }, () => each)));
  expect(() => decodePolicy(many)).toThrow("too-large");
  for (const length of [1, 256])
    expect(encodePolicy({ ...least, listed: [somebody(length)] })).toHaveLength(11 + length);
  for (const length of [0, 257])
    expect(() => encodePolicy({ ...least, listed: [somebody(length)] })).toThrow("malformed");
});

test("EN-34 a reply's numbers are ones that JavaScript has exactly, and nothing is read behind its end", () => {
  const largest = Buffer.alloc(8);
  largest.writeBigUInt64BE(BigInt(Number.MAX_SAFE_INTEGER));
  expect(new Reply(largest).u64()).toBe(Number.MAX_SAFE_INTEGER);
  largest.writeBigUInt64BE(BigInt(Number.MAX_SAFE_INTEGER) + 1n);
  expect(() => new Reply(largest).u64()).toThrow("malformed");
  // A field and byte strings that say that they are longer than what is there, and lists of more.
  expect(new Reply(Uint8Array.of(0, 1, 7)).field()).toEqual(Uint8Array.of(7));
  expect(() => new Reply(Uint8Array.of(0, 2, 7)).field()).toThrow("malformed");
  expect(new Reply(Uint8Array.of(0, 0, 0, 1, 7)).bytes()).toEqual(Uint8Array.of(7));
  expect(() => new Reply(Uint8Array.of(0, 0, 0, 2, 7)).bytes()).toThrow("malformed");
  expect(() => new Reply(Uint8Array.of(0, 0, 0, 2, 7)).list((item) => item.u8())).toThrow("malformed");
  expect([new Reply(Uint8Array.of(0)).maybe(), new Reply(Uint8Array.of(1, 0, 0, 0, 0)).maybe()]).toEqual([
    null,
    new Uint8Array(),
  ]);
});
