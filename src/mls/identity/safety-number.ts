import { createHash } from "node:crypto";
import { concat, sameBytes } from "./bytes.ts";
import { whoBytes } from "./who.ts";
import type { Who } from "./who.ts";

/** Somebody and the user key that one knows of them. */
export interface Keyed {
  readonly who: Who;
  readonly userKey: Uint8Array;
}

/**
 * First in each hash, so that our numbers never are Signal's (which has 0x0000) of the same key. Another way to make the
 * numbers gets another version.
 */
const VERSION = Uint8Array.of(0x50, 0x01);
const ROUNDS = 5200;

/** What a scanned code says: version, one's own hash, the other's; the reader has them the other way round. */
const SCANNED_HASH_BYTES = 32;

/**
 * The number that two people compare over a channel they trust: 60 digits, the same on both sides exactly when each has the
 * other's true user key. About 20 ms.
 */
export function safetyNumber(one: Keyed, other: Keyed): string {
  return [digits(hashOf(one)), digits(hashOf(other))].toSorted().join("");
}

/** For people: twelve groups of five digits. */
export function inGroups(number: string): string {
  return number.match(/.{1,5}/g)?.join(" ") ?? "";
}

/** One number for a whole room: 30 digits, the same for all exactly when all have the same people with the same keys. About 10 ms for each. */
export function roomNumber(people: readonly Keyed[]): string {
  const hashes = people.map((keyed) => Buffer.from(hashOf(keyed)).toString("hex")).toSorted();
  const unique = hashes.filter((hash, index) => hash !== hashes[index - 1]);
  return digits(iterate(VERSION, new Uint8Array(), Buffer.from(unique.join(""), "hex"), 1));
}

/** What a code to scan holds: `matchesScanned` reads it on the other side. */
export function scannable(own: Keyed, other: Keyed): Uint8Array {
  return concat(VERSION, hashOf(own).subarray(0, SCANNED_HASH_BYTES), hashOf(other).subarray(0, SCANNED_HASH_BYTES));
}

/** Whether what the other's screen showed is what one knows of both. False for any other bytes. */
export function matchesScanned(scanned: Uint8Array, own: Keyed, other: Keyed): boolean {
  return sameBytes(scanned, scannable(other, own));
}

/** Six digits of a group's epoch authenticator: two members who read the same ones are in the same state of the same group, now. It says nothing about who they are. */
export function epochCode(authenticator: Uint8Array): string {
  const hash = createHash("sha256").update("padserve epoch code v1\0").update(authenticator).digest();
  return String(hash.readUIntBE(0, 6) % 1_000_000).padStart(6, "0");
}

/** Signal's numeric fingerprint (libsignal, `fingerprint.rs`) under a version of one's own: 64 bytes, of which 30 are shown. */
export function iterate(version: Uint8Array, key: Uint8Array, id: Uint8Array, rounds: number): Uint8Array {
  let hash: Uint8Array = createHash("sha512").update(version).update(key).update(id).update(key).digest();
  for (let round = 1; round < rounds; round += 1) hash = createHash("sha512").update(hash).update(key).digest();
  return hash;
}

/** Six groups of five bytes, each as five digits. */
export function digits(hash: Uint8Array): string {
  const bytes = Buffer.from(hash);
  return [0, 5, 10, 15, 20, 25].map((at) => String(bytes.readUIntBE(at, 5) % 100_000).padStart(5, "0")).join("");
}

function hashOf({ who, userKey }: Keyed): Uint8Array {
  return iterate(VERSION, userKey, whoBytes("padserve safety number", who), ROUNDS);
}
