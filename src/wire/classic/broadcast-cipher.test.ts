import { createCipheriv, randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { openBroadcast, openBroadcastField, sealBroadcast } from "./broadcast-cipher.ts";
import { sealPad } from "./pad.ts";

const key = Uint8Array.from({ length: 32 }, (_, i) => i);

const text = fc.string({ unit: "binary" });

/** Any bytes under the key, with the padding that they themselves bring when `padding` is false. */
function seal(plain: Uint8Array, padding = true): string {
  const iv = randomBytes(16);
  const cipher = createCipheriv("aes-256-cbc", key, iv).setAutoPadding(padding);
  return Buffer.concat([iv, cipher.update(plain), cipher.final()]).toString("hex");
}

test("CL-29 any text that is sealed opens again, under the same key", () => {
  fc.assert(
    fc.property(text, (plain) => {
      const payload = sealBroadcast(key, plain);
      expect(payload).toMatch(/^[0-9a-f]+$/);
      expect(openBroadcast(key, payload)).toEqual({ ok: true, text: plain });
    }),
  );
});

test("CL-29 hex of upper case opens too", () => {
  expect(openBroadcast(key, sealBroadcast(key, "héllo").toUpperCase())).toEqual({ ok: true, text: "héllo" });
});

test("CL-29 the same text is never sealed the same way twice", () => {
  expect(sealBroadcast(key, "hello")).not.toBe(sealBroadcast(key, "hello"));
});

test("CL-30 a payload that is not hex is invalid", () => {
  const payload = sealBroadcast(key, "hello");
  // `š` is U+0161, whose lower 8 bits are an `a`.
  for (const bad of [
    payload.slice(1),
    `${payload}0`,
    `${payload.slice(2)}zz`,
    `${payload.slice(2)}šš`,
    "hello!",
    "0x00",
    `${payload}|`,
  ]) {
    expect(openBroadcast(key, bad), bad).toEqual({ ok: false, error: "invalid-payload" });
  }
});

test("CL-31 the vector alone, less than it, and a length of no whole blocks do not decrypt", () => {
  const payload = sealBroadcast(key, "a text of several blocks, to cut at any byte");
  for (let digits = 0; digits < payload.length; digits += 2) {
    if (digits >= 64 && digits % 32 === 0) continue;
    expect(openBroadcast(key, payload.slice(0, digits)), String(digits)).toEqual({ ok: false, error: "undecryptable" });
  }
});

test("CL-31 wrong padding does not decrypt", () => {
  for (const tail of [[0], [17], [255], [1, 2], [3, 2, 3]]) {
    const plain = Uint8Array.from([...new Uint8Array(32 - tail.length).fill(97), ...tail]);
    expect(openBroadcast(key, seal(plain, false)), tail.join()).toEqual({ ok: false, error: "undecryptable" });
  }
});

test("CL-32 a plaintext that is no UTF-8 is invalid text, and a byte-order mark stays", () => {
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80]]) {
    expect(openBroadcast(key, seal(Uint8Array.from(bytes)))).toEqual({ ok: false, error: "invalid-text" });
  }
  expect(openBroadcast(key, seal(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)))).toEqual({ ok: true, text: "\ufeffa" });
});

test("CL-33 a payload that was tampered with, or anything else, never throws", () => {
  fc.assert(
    fc.property(text, fc.nat(), fc.integer({ min: 1, max: 255 }), (plain, where, flip) => {
      const bytes = Buffer.from(sealBroadcast(key, plain), "hex");
      bytes[where % bytes.length]! ^= flip;
      expect(openBroadcast(key, bytes.toString("hex"))).not.toEqual({ ok: true, text: plain });
    }),
  );
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-fA-F|]*$/)), (field) => {
      expect(openBroadcast(key, field).ok).toBeTypeOf("boolean");
      expect(openBroadcastField(key, field).ok).toBeTypeOf("boolean");
    }),
  );
});

test("CL-34 a client opens a broadcast in both forms: as a pad, and under its connection's key", () => {
  expect(openBroadcastField(key, sealPad("grüße"))).toEqual({ ok: true, text: "grüße" });
  expect(openBroadcastField(key, sealBroadcast(key, "grüße"))).toEqual({ ok: true, text: "grüße" });
  expect(openBroadcastField(key, "00|0")).toEqual({ ok: false, error: "invalid-payload" });
  expect(openBroadcastField(key, "00|ff")).toEqual({ ok: false, error: "invalid-text" });
  expect(openBroadcastField(key, "00ff")).toEqual({ ok: false, error: "undecryptable" });
});
