import { randomBytes } from "node:crypto";
import { assert, property, uint8Array } from "fast-check";
import { expect, test } from "vitest";
import type { Owner } from "../../groups/rows.ts";
import { readReceipt, writeReceipt } from "./receipt.ts";

const SECRET = new Uint8Array(randomBytes(32));
const ALICE: Owner = { kind: "person", identity: "1" };
const KEY = randomBytes(32).toString("base64url");
const SAID = { since: 1_790_000_000_000, incarnation: randomBytes(16).toString("base64url") };
const RECEIPT = writeReceipt(SECRET, ALICE, { userKey: KEY, ...SAID });

test("GR-67 a receipt tells what this server has signed for that owner and key", () => {
  expect(readReceipt(SECRET, ALICE, KEY, RECEIPT)).toEqual(SAID);
});

test("GR-67 of another server, owner or key it is none", () => {
  expect(readReceipt(new Uint8Array(randomBytes(32)), ALICE, KEY, RECEIPT)).toBe(null);
  expect(readReceipt(SECRET, { kind: "person", identity: "2" }, KEY, RECEIPT)).toBe(null);
  expect(readReceipt(SECRET, { kind: "name", identity: "1" }, KEY, RECEIPT)).toBe(null);
  expect(readReceipt(SECRET, ALICE, randomBytes(32).toString("base64url"), RECEIPT)).toBe(null);
});

test("GR-67 with any bit of it changed, or of another length, it is none", () => {
  for (let bit = 0; bit < RECEIPT.length * 8; bit += 1) {
    const changed = RECEIPT.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    expect(readReceipt(SECRET, ALICE, KEY, changed)).toBe(null);
  }
  for (let length = 0; length < RECEIPT.length; length += 1)
    expect(readReceipt(SECRET, ALICE, KEY, RECEIPT.subarray(0, length))).toBe(null);
  expect(readReceipt(SECRET, ALICE, KEY, new Uint8Array([...RECEIPT, 0]))).toBe(null);
});

test("GR-67 no bytes are a receipt that nobody has signed, and none throws", () => {
  assert(
    property(uint8Array({ maxLength: 80 }), (bytes) => {
      expect(readReceipt(SECRET, ALICE, KEY, bytes)).toBe(null);
    }),
  );
});
