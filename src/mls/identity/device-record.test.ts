import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import * as v from "valibot";
import { expect, test } from "vitest";
import { concat, domain, withLength } from "./bytes.ts";
import { readRecord, readVerifiedRecord, RECORD_BYTES, signRecord } from "./device-record.ts";
import type { RecordFields } from "./device-record.ts";
import { newSigningKey, signBytes, signingKeyOf } from "./ed25519.ts";

const userKey = signingKeyOf(new Uint8Array(32).fill(1));
const device = signingKeyOf(new Uint8Array(32).fill(2));

const vectors = v.parse(
  v.object({
    userSeed: v.string(),
    deviceKey: v.string(),
    good: v.array(
      v.object({
        name: v.string(),
        server: v.string(),
        kind: v.picklist(["person", "machine", "address", "name"]),
        identity: v.string(),
        label: v.string(),
        deviceId: v.string(),
        deviceLabel: v.string(),
        node: v.string(),
        notAfter: v.string(),
        userKey: v.string(),
        record: v.string(),
      }),
    ),
    bad: v.array(v.object({ name: v.string(), record: v.string() })),
  }),
  JSON.parse(readFileSync(join(import.meta.dirname, "../../../test/vectors/device-record.json"), "utf8")),
);

const textOfBytes = (most: number, least = 0) =>
  fc
    .string({ unit: "grapheme", maxLength: most })
    .filter((text) => Buffer.byteLength(text) >= least && Buffer.byteLength(text) <= most);

const fields: fc.Arbitrary<RecordFields> = fc.record({
  server: fc.uint8Array({ minLength: 1, maxLength: 64 }),
  kind: fc.constantFrom("person", "machine", "address", "name"),
  identity: textOfBytes(256, 1),
  label: textOfBytes(256),
  deviceId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  deviceLabel: textOfBytes(64),
  node: textOfBytes(64),
  notAfter: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
});

const example: RecordFields = {
  server: new Uint8Array(16).fill(3),
  kind: "person",
  identity: "4711",
  label: "alice@example.com",
  deviceId: new Uint8Array(16).fill(4),
  deviceLabel: "laptop",
  node: "nABC123CNTRL",
  notAfter: 0n,
};

test("DI-1 a device's key is made once, by node:crypto, and its seed gives the same key again", () => {
  const key = newSigningKey();
  expect(key.seed.length).toBe(32);
  expect(signingKeyOf(key.seed)).toEqual(key);
  expect(newSigningKey().seed).not.toEqual(key.seed);
  expect(() => signingKeyOf(new Uint8Array(31))).toThrow(RangeError);
});

test("DI-1 the keys are RFC 8032's", () => {
  const seed = Buffer.from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "hex");
  const key = Buffer.from("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "hex");
  expect(Buffer.from(signingKeyOf(seed).publicKey)).toEqual(key);
});

test("DI-2 what is signed is read again, for any fields within their bounds", () => {
  fc.assert(
    fc.property(fields, (given) => {
      const bytes = signRecord(given, userKey, device.publicKey);
      expect(bytes.length).toBeLessThanOrEqual(RECORD_BYTES);
      const read = readRecord(bytes, device.publicKey);
      expect(read).toEqual({ ok: true, record: { ...given, userKey: userKey.publicKey } });
    }),
  );
});

test("DI-3 a field that is too short or too long isn't signed, and the error names it", () => {
  const wrong: readonly [string, Partial<RecordFields>][] = [
    ["server", { server: new Uint8Array() }],
    ["server", { server: new Uint8Array(65) }],
    ["identity", { identity: "" }],
    ["identity", { identity: "é".repeat(129) }],
    ["label", { label: "x".repeat(257) }],
    ["deviceId", { deviceId: new Uint8Array(15) }],
    ["deviceLabel", { deviceLabel: "x".repeat(65) }],
    ["node", { node: "x".repeat(65) }],
    ["notAfter", { notAfter: 1n << 64n }],
    ["notAfter", { notAfter: -1n }],
    ["identity", { identity: "\uD800" }],
  ];
  for (const [name, change] of wrong) {
    expect(() => signRecord({ ...example, ...change }, userKey, device.publicKey)).toThrow(name);
  }
});

test("DI-3 no more than the most bytes, nothing behind the record, no other version or kind", () => {
  const bytes = signRecord(example, userKey, device.publicKey);
  const fault = (changed: Uint8Array) => {
    const read = readRecord(changed, device.publicKey);
    return read.ok ? null : read.fault;
  };
  expect(fault(new Uint8Array(RECORD_BYTES + 1))).toBe("length");
  expect(fault(Uint8Array.of(...bytes, 0))).toBe("tail");
  expect(fault(bytes.with(0, 2))).toBe("version");
  expect(fault(bytes.with(1, 0))).toBe("kind");
  expect(fault(bytes.with(1, 5))).toBe("kind");
  expect(fault(new Uint8Array())).toBe("version");
  // The first byte of the identity, behind 2 + 2 + 16 bytes and its own length.
  expect(fault(bytes.with(22, 0xff))).toBe("text");
  for (let length = 1; length < bytes.length; length += 1) {
    expect(fault(bytes.subarray(0, length))).toMatch(/length|kind/);
  }
});

test("DI-3 a record without one of its fields is none, however well it is signed", () => {
  // Lengths at which what follows a missing field fits into those before it.
  const whole = {
    server: new Uint8Array(16),
    identity: Buffer.alloc(65, "1"),
    label: new Uint8Array(),
    deviceId: new Uint8Array(16),
    deviceLabel: Buffer.from("laptop"),
    node: Buffer.from("n"),
    userKey: userKey.publicKey,
    notAfter: new Uint8Array(8),
  };
  const faultOf = (values: readonly Uint8Array[]) => {
    const unsigned = Uint8Array.of(1, 1, ...values.flatMap((value) => [...withLength(value)]));
    const signed = concat(domain("padserve device record v1"), unsigned, withLength(device.publicKey));
    const bytes = concat(unsigned, withLength(signBytes(userKey, signed)));
    return [readRecord(bytes, device.publicKey), readVerifiedRecord(bytes)].map((read) =>
      read.ok ? null : read.fault,
    );
  };
  expect(faultOf(Object.values(whole))).toEqual([null, null]);
  for (const left of Object.keys(whole)) {
    const values = Object.entries(whole).flatMap(([name, value]) => (name === left ? [] : [value]));
    expect(faultOf(values), left).toEqual(["length", "length"]);
  }
  for (const name of ["identity", "label", "deviceLabel", "node"])
    expect(faultOf(Object.values({ ...whole, [name]: Uint8Array.of(0xff) })), name).toEqual(["text", "text"]);
});

test("DI-1 a record is signed for a device key of 32 bytes alone", () => {
  for (const length of [0, 31, 33]) {
    expect(() => signRecord(example, userKey, new Uint8Array(length))).toThrow(RangeError);
  }
});

test("DI-4 any changed byte is refused, and so is another device's key or another user's", () => {
  const bytes = signRecord(example, userKey, device.publicKey);
  for (const [index, byte] of bytes.entries()) {
    expect(readRecord(bytes.with(index, byte ^ 1), device.publicKey).ok).toBe(false);
  }
  expect(readRecord(bytes, newSigningKey().publicKey)).toEqual({ ok: false, fault: "signature" });
  const another = signRecord(example, newSigningKey(), device.publicKey);
  const [body, signature] = [bytes.subarray(0, -64), another.subarray(-64)];
  expect(readRecord(Uint8Array.of(...body, ...signature), device.publicKey)).toEqual({ ok: false, fault: "signature" });
});

test("DI-4 arbitrary bytes never throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1000 }), fc.uint8Array({ maxLength: 40 }), (bytes, key) => {
      expect(readRecord(bytes, key).ok).toBe(false);
      expect(readRecord(Uint8Array.of(1, 1, ...bytes), key).ok).toBe(false);
    }),
  );
});

test("DI-2 the vectors that the engine's own reader is held against, too, are read and written alike", () => {
  const { userSeed, deviceKey, good } = vectors;
  expect(good.length).toBeGreaterThan(5);
  for (const { name, record, userKey: publicKey, ...given } of good) {
    const made: RecordFields = {
      ...given,
      server: bytesOf(given.server),
      deviceId: bytesOf(given.deviceId),
      notAfter: BigInt(given.notAfter),
    };
    expect(readRecord(bytesOf(record), bytesOf(deviceKey)), name).toEqual({
      ok: true,
      record: { ...made, userKey: bytesOf(publicKey) },
    });
    expect(signRecord(made, signingKeyOf(bytesOf(userSeed)), bytesOf(deviceKey)), name).toEqual(bytesOf(record));
  }
});

test("DI-3 each of the vectors that break one rule is refused", () => {
  for (const { name, record } of vectors.bad) {
    expect(readRecord(bytesOf(record), bytesOf(vectors.deviceKey)).ok, name).toBe(false);
  }
});

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}
