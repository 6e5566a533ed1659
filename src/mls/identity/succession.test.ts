import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { BOUNDS } from "../bounds.ts";
import { concat, domain, withLength } from "./bytes.ts";
import { readRecord } from "./device-record.ts";
import type { RecordFields } from "./device-record.ts";
import { isSignedBy, newSigningKey } from "./ed25519.ts";
import { MOST_STATED, readStatement, rotateUserKey, signStatement, stayingTag } from "./succession.ts";
import { whoBytes } from "./who.ts";
import type { Who } from "./who.ts";

const who: Who = { server: new Uint8Array(16).fill(1), kind: "person", identity: "1001" };
const old = newSigningKey();
const [laptop, phone, desktop] = [device("laptop", 0), device("phone", 1), device("desktop", 2)];
const rotation = rotateUserKey(who, old, [laptop, desktop], [phone.fields.deviceId]);

test("DI-8 removing a device makes a new user key that signs the records of the rest", () => {
  expect(rotation.userKey.publicKey).not.toEqual(old.publicKey);
  expect(
    rotation.records.map((bytes, index) => readRecord(bytes, [laptop, desktop][index]?.deviceKey ?? bytes)),
  ).toEqual(
    [laptop, desktop].map(({ fields }) => ({ ok: true, record: { ...fields, userKey: rotation.userKey.publicKey } })),
  );
  expect(() => rotateUserKey(who, old, [phone], [phone.fields.deviceId])).toThrow(RangeError);
  expect(() => rotateUserKey(who, old, [], [])).toThrow(RangeError);
  expect(() => rotateUserKey(who, old, [], [new Uint8Array(3)])).toThrow(RangeError);
});

test("DI-40 a statement says old and new key, who stays (by id and key) and who is removed, and is both keys' for one person", () => {
  expect(readStatement(rotation.statement, who)).toEqual({
    ok: true,
    statement: {
      old: old.publicKey,
      next: rotation.userKey.publicKey,
      staying: [laptop, desktop].map(({ fields, deviceKey }) => stayingTag(fields.deviceId, deviceKey)),
      removed: [phone.fields.deviceId],
    },
  });
  expect(stayingTag(laptop.fields.deviceId, phone.deviceKey)).not.toEqual(
    stayingTag(laptop.fields.deviceId, laptop.deviceKey),
  );
  for (const other of [{ identity: "1002" }, { kind: "machine" as const }, { server: new Uint8Array(16).fill(2) }]) {
    expect(readStatement(rotation.statement, { ...who, ...other })).toEqual({ ok: false, fault: "signature" });
  }
});

test("DI-40 what both keys sign, and what names a device that stays, is as docs/device-record.md says", () => {
  const { statement } = rotation;
  const [body, byOld, byNext] = [statement.subarray(0, -128), statement.slice(-128, -64), statement.slice(-64)];
  const purpose = "padserve user key succession v1";
  const signed = concat(domain(purpose), withLength(whoBytes(purpose, who)), body);
  expect(isSignedBy(old.publicKey, byOld, signed)).toBe(true);
  expect(isSignedBy(rotation.userKey.publicKey, byNext, signed)).toBe(true);
  const { fields, deviceKey } = laptop;
  const named = concat(domain("padserve staying device v1"), withLength(fields.deviceId), withLength(deviceKey));
  const hash = createHash("sha256").update(named).digest();
  expect(stayingTag(fields.deviceId, deviceKey)).toEqual(Uint8Array.from(hash.subarray(0, 16)));
});

test("DI-40 a statement that removes nobody, or names more than 48 devices, is none, whoever has signed it", () => {
  const next = newSigningKey();
  const many = Array.from({ length: 49 }, (_, nth) => new Uint8Array(16).fill(nth));
  const fault = (staying: number, removed: number) => {
    const read = readStatement(
      signStatement(who, old, next, { staying: many.slice(0, staying), removed: many.slice(0, removed) }),
      who,
    );
    return read.ok ? null : read.fault;
  };
  expect([fault(2, 0), fault(0, 0), fault(48, 1), fault(0, 49)]).toEqual(Array.from({ length: 4 }, () => "malformed"));
  expect([fault(47, 1), fault(0, 48), fault(0, 1)]).toEqual([null, null, null]);
});

test("DI-40 with any byte changed, cut short or with a tail it is none; no bytes throw", () => {
  for (const [at, byte] of rotation.statement.entries()) {
    expect(readStatement(rotation.statement.with(at, byte ^ 1), who).ok).toBe(false);
  }
  for (const bytes of [rotation.statement.subarray(1), Uint8Array.of(...rotation.statement, 0), new Uint8Array()]) {
    expect(readStatement(bytes, who)).toEqual({ ok: false, fault: "malformed" });
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 1300 }), (bytes) => !readStatement(bytes, who).ok));
});

test("DI-40 the longest statement fits into a commit's authenticated data", () => {
  const many = Array.from({ length: MOST_STATED }, (_, index) => new Uint8Array(16).fill(index + 10));
  const { statement } = rotateUserKey(who, old, [], many);
  expect(statement.length).toBeLessThanOrEqual(BOUNDS.authenticatedData);
  expect(readStatement(statement, who)).toMatchObject({ ok: true, statement: { removed: many } });
  expect(() => rotateUserKey(who, old, [laptop], many)).toThrow(RangeError);
});

function device(
  deviceLabel: string,
  number: number,
): { readonly fields: RecordFields; readonly deviceKey: Uint8Array } {
  const deviceId = new Uint8Array(16).fill(number);
  const fields = { ...who, label: "alice", deviceId, deviceLabel, node: "", notAfter: 0n };
  return { fields, deviceKey: newSigningKey().publicKey };
}
