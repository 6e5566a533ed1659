import * as fc from "fast-check";
import { expect, test } from "vitest";
import { signingKeyOf } from "./ed25519.ts";
import {
  digits,
  epochCode,
  inGroups,
  iterate,
  matchesScanned,
  roomNumber,
  safetyNumber,
  scannable,
} from "./safety-number.ts";
import type { Keyed } from "./safety-number.ts";

function keyed(identity: string, byte: number, server = 9): Keyed {
  const { publicKey } = signingKeyOf(new Uint8Array(32).fill(byte));
  return { who: { server: new Uint8Array(16).fill(server), kind: "person", identity }, userKey: publicKey };
}

const [alice, bob, carol] = [keyed("1001", 1), keyed("1002", 2), keyed("1003", 3)];

test("DI-10 the algorithm under Signal's constants gives Signal's published number", () => {
  // libsignal, rust/protocol/src/fingerprint.rs: ALICE_IDENTITY, BOB_IDENTITY, their stable ids, and the number in its tests.
  const aliceKey = Buffer.from("0506863bc66d02b40d27b8d49ca7c09e9239236f9d7d25d6fcca5ce13c7064d868", "hex");
  const bobKey = Buffer.from("05f781b6fb32fed9ba1cf2de978d4d5da28dc34046ae814402b5c0dbd96fda907b", "hex");
  expect([signals(aliceKey, "+14152222222"), signals(bobKey, "+14153333333")].toSorted().join("")).toBe(
    "300354477692869396892869876765458257569162576843440918079131",
  );
});

test("DI-10 our own numbers, so that a change of them is seen", () => {
  expect(inGroups(safetyNumber(alice, bob))).toMatchInlineSnapshot(
    `"81899 11099 34097 34719 28415 50299 95409 33709 06240 87829 74093 27271"`,
  );
  expect(roomNumber([alice, bob, carol])).toMatchInlineSnapshot(`"287008921884453842074091796748"`);
});

test("DI-11 both sides have the same number; another key, person or server gives another", () => {
  expect(safetyNumber(bob, alice)).toBe(safetyNumber(alice, bob));
  expect(safetyNumber(alice, bob)).toMatch(/^\d{60}$/);
  const others = [keyed("1002", 4), keyed("1003", 2), keyed("1002", 2, 8)].map((other) => safetyNumber(alice, other));
  expect(new Set([safetyNumber(alice, bob), ...others]).size).toBe(4);
});

test("DI-11 a scanned code fits only the other side's view of the same two keys", () => {
  const shown = scannable(bob, alice);
  expect(matchesScanned(shown, alice, bob)).toBe(true);
  expect(matchesScanned(shown, bob, alice)).toBe(false);
  expect(matchesScanned(shown, alice, carol)).toBe(false);
  expect(matchesScanned(shown, carol, bob)).toBe(false);
  // Its version and two hashes, and nothing else.
  expect([shown.length, shown[0], shown[1]]).toEqual([66, 0x50, 1]);
  fc.assert(
    fc.property(fc.nat(shown.length - 1), (at) => !matchesScanned(shown.with(at, (shown[at] ?? 0) ^ 1), alice, bob)),
    { numRuns: 5 },
  );
  expect(matchesScanned(shown.subarray(1), alice, bob)).toBe(false);
});

test("DI-11 a room's number is the same in any order and however often one is named, and changes with each person's key", () => {
  expect(roomNumber([carol, alice, bob, alice])).toBe(roomNumber([alice, bob, carol]));
  expect(roomNumber([alice, bob, keyed("1003", 4)])).not.toBe(roomNumber([alice, bob, carol]));
  expect(roomNumber([alice, bob])).not.toBe(roomNumber([alice, bob, carol]));
});

test("DI-11 six digits tell one epoch from another", () => {
  expect(epochCode(new Uint8Array(32))).toMatch(/^\d{6}$/);
  expect(epochCode(new Uint8Array(32))).not.toBe(epochCode(new Uint8Array(32).fill(1)));
});

function signals(key: Uint8Array, id: string): string {
  return digits(iterate(new Uint8Array(2), key, Buffer.from(id), 5200));
}
