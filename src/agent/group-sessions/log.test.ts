import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { authenticatedData, chainHash, EMPTY_LOG } from "./log.ts";
import type { LogEntry } from "./ports.ts";

const entry: LogEntry = {
  kind: "message",
  number: 7,
  at: 1_700_000_000_000,
  device: new Uint8Array(16),
  epoch: 3,
  counter: 2,
  messageId: Uint8Array.from(Buffer.from("BBBBBBBBBBBBBBBBBBBBBA", "base64url")),
  bytes: new TextEncoder().encode("hi"),
};

test("GS-20 the hash of a known entry is the one that the delivery service's own test has", () => {
  const lines =
    `padserve log v1\n${"A".repeat(43)}\n7\n1700000000000\nmessage\nAAAAAAAAAAAAAAAAAAAAAA\n3\n2\n` +
    "BBBBBBBBBBBBBBBBBBBBBA\nj0NDRmSPa5bfid2pAcUXaxCm2Dlh3TwayItZstwyeqQ";
  expect(Buffer.from(chainHash(EMPTY_LOG, entry))).toEqual(createHash("sha256").update(lines).digest());
});

test("GS-20 every field changes it, and so does what was before", () => {
  const changes: readonly Partial<LogEntry>[] = [
    { number: 8 },
    { at: 1 },
    { kind: "commit" },
    { device: new Uint8Array(16).fill(1) },
    { epoch: 4 },
    { counter: 3 },
    { messageId: new Uint8Array(16) },
    { bytes: new Uint8Array() },
  ];
  const hashes = changes.map((change) => chainHash(EMPTY_LOG, { ...entry, ...change }));
  const all = [...hashes, chainHash(EMPTY_LOG, entry), chainHash(new Uint8Array(32).fill(1), entry)];
  expect(new Set(all.map((hash) => Buffer.from(hash).toString("hex"))).size).toBe(changes.length + 2);
});

test("GS-20 number and id stand apart in what a message carries in the clear", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.uint8Array({ minLength: 16, maxLength: 16 }), (counter, messageId) => {
      const bytes = Buffer.from(authenticatedData(counter, messageId));
      expect([bytes.length, Number(bytes.readBigUInt64BE()), Uint8Array.from(bytes.subarray(8))]).toEqual([
        24,
        counter,
        messageId,
      ]);
    }),
  );
});
