import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Who } from "../../mls/identity/who.ts";
import { askProof, confirmProof, isAskProof, isSameSecret, readToken, tokenKey, writeToken } from "./token.ts";

const secrets = fc.uint8Array({ minLength: 16, maxLength: 16 });
const alice: Who = { server: new Uint8Array(16).fill(1), kind: "person", identity: "1001" };

test("DI-17 a token is read as it was written, also as people copy it", () => {
  fc.assert(
    fc.property(secrets, (secret) => {
      const token = writeToken(secret);
      expect(token).toMatch(/^pdt1-(?:[0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{2}$/);
      for (const copied of [
        token,
        ` ${token.toLowerCase()}\n`,
        `pdt1-${token.slice(5).replaceAll("0", "O").replaceAll("1", "l")}`,
      ]) {
        expect(readToken(copied)).toEqual(secret);
      }
    }),
  );
});

test("DI-17 a token is of 16 bytes, its beginning counts, and no more is read of what was pasted than it can have", () => {
  for (const length of [0, 15, 17]) expect(() => writeToken(new Uint8Array(length))).toThrow(RangeError);
  const token = writeToken(randomBytes(16));
  expect(readToken(`PDT1-${token.slice(5)}`)).toEqual(readToken(token));
  expect(readToken(`pdt2-${token.slice(5)}`)).toBeNull();
  expect(readToken(`abcde${token.slice(5)}`)).toBeNull();
  expect(readToken(" ".repeat(128 - token.length) + token)).toEqual(readToken(token));
  expect(readToken(" ".repeat(129 - token.length) + token)).toBeNull();
});

test("DI-17 the inviting device's proof is of the record that it has signed, and nothing else that a token proves", () => {
  const key = tokenKey(new Uint8Array(16).fill(1));
  const record = new Uint8Array(100).fill(2);
  const proof = confirmProof(key, record);
  expect(Buffer.from(proof).toString("hex")).toBe("02cf7de5b4a4ca2fb6a7f1b8696f4d9a4c0589c211dd64ba878ec1843102a7a5");
  expect(confirmProof(key, record.with(99, 3))).not.toEqual(proof);
  expect(confirmProof(tokenKey(new Uint8Array(16)), record)).not.toEqual(proof);
});

test("DI-17 secrets are the same where all their bytes are", () => {
  fc.assert(
    fc.property(secrets, fc.nat({ max: 15 }), fc.integer({ min: 1, max: 255 }), (secret, at, change) => {
      expect(isSameSecret(secret, Uint8Array.from(secret))).toBe(true);
      const other = secret.map((byte, index) => (index === at ? byte ^ change : byte));
      expect(isSameSecret(secret, other)).toBe(false);
      expect(isSameSecret(secret, secret.subarray(0, at))).toBe(false);
    }),
  );
});

test("DI-17 what is no token is none, whatever it is", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), secrets.map(writeToken)), fc.string({ minLength: 1 }), (text, tail) => {
      const read = readToken(text + tail);
      if (read !== null) expect(writeToken(read).toLowerCase()).toContain("pdt1-");
    }),
  );
  const token = writeToken(randomBytes(16));
  for (const wrong of [
    "",
    "pdt1-",
    token.slice(1),
    token.slice(0, -1),
    `${token}0`,
    token.replace(/.$/, "U"),
    "pdt1-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZ",
  ]) {
    expect(readToken(wrong)).toBeNull();
  }
});

test("DI-17 a device's proof of a token is of its person, id and keys, and no other's", () => {
  const key = tokenKey(randomBytes(16));
  const asking = { who: alice, deviceId: new Uint8Array(16).fill(2), deviceKey: new Uint8Array(32).fill(3), sealKey: new Uint8Array(32).fill(4) }; // prettier-ignore
  const proof = askProof(key, asking);
  expect(isAskProof(proof, key, asking)).toBe(true);
  const others = [
    { ...asking, who: { ...alice, identity: "1002" } },
    { ...asking, deviceId: new Uint8Array(16).fill(9) },
    { ...asking, deviceKey: new Uint8Array(32).fill(9) },
    { ...asking, sealKey: new Uint8Array(32).fill(9) },
  ];
  expect(others.some((other) => isAskProof(proof, key, other))).toBe(false);
  expect(isAskProof(proof, tokenKey(randomBytes(16)), asking)).toBe(false);
  expect(isAskProof(proof.subarray(1), key, asking)).toBe(false);
});
