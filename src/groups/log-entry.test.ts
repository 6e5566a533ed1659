import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sha256 } from "../../test/helpers/delivery-service.ts";
import { chainedHash, decodeEntry, encodeEntry, hashEntry, NO_HASH, type UnhashedEntry } from "./log-entry.ts";

const idOf22 = fc.stringMatching(/^[A-Za-z0-9_-]{22}$/);
const common = {
  number: fc.nat(),
  at: fc.nat(),
  device: idOf22,
  epoch: fc.nat(),
  bytes: fc.uint8Array({ maxLength: 300 }),
};
const entries: fc.Arbitrary<UnhashedEntry> = fc.oneof(
  fc.record({ kind: fc.constant("commit" as const), ...common }),
  fc.record({ kind: fc.constant("message" as const), ...common, counter: fc.nat(), message: idOf22 }),
);

test("GR-9 what is stored of an entry is read back as it was", () => {
  fc.assert(
    fc.property(entries, (unhashed) => {
      const entry = hashEntry(NO_HASH, unhashed, sha256);
      expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
    }),
  );
});

test("GR-8 a log with one entry changed has another hash from there on", () => {
  fc.assert(
    fc.property(fc.array(entries, { minLength: 1, maxLength: 8 }), fc.nat(), entries, (log, at, other) => {
      const place = at % log.length;
      const changed = log.with(place, other);
      fc.pre(JSON.stringify(log[place]) !== JSON.stringify(other));
      const hashes = hashesOf(log);
      const changedHashes = hashesOf(changed);
      hashes.forEach((hash, i) => expect(hash === changedHashes[i]).toBe(i < place));
    }),
  );
});

test("GR-8 the hash of a known entry", () => {
  const entry: UnhashedEntry = {
    kind: "message",
    number: 7,
    at: 1_700_000_000_000,
    device: "AAAAAAAAAAAAAAAAAAAAAA",
    epoch: 3,
    counter: 2,
    message: "BBBBBBBBBBBBBBBBBBBBBA",
    bytes: new TextEncoder().encode("hi"),
  };
  const lines =
    `padserve log v1\n${NO_HASH}\n7\n1700000000000\nmessage\nAAAAAAAAAAAAAAAAAAAAAA\n3\n2\n` +
    "BBBBBBBBBBBBBBBBBBBBBA\nj0NDRmSPa5bfid2pAcUXaxCm2Dlh3TwayItZstwyeqQ";
  expect(chainedHash(NO_HASH, entry, sha256)).toBe(sha256(lines));
});

function hashesOf(log: readonly UnhashedEntry[]): string[] {
  let before = NO_HASH;
  return log.map((entry) => (before = chainedHash(before, entry, sha256)));
}
