import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readRecord, signRecord } from "./device-record.ts";
import type { DeviceRecord, RecordFields } from "./device-record.ts";
import { newSigningKey } from "./ed25519.ts";
import { pinOf } from "./pins.ts";
import { judgeSuccession, rotateUserKey } from "./succession.ts";
import type { Announcement } from "./succession.ts";
import type { Who } from "./who.ts";

const who: Who = { server: new Uint8Array(16).fill(1), kind: "person", identity: "1001" };
const old = newSigningKey();
const [laptop, phone, desktop] = [device("laptop", 0), device("phone", 1), device("desktop", 2)];

/** The phone was stolen and removed in epoch 7; laptop and desktop stay, and were there since epoch 2. */
const rotation = rotateUserKey(who, old, [laptop, desktop].map(staying), [phone.fields.deviceId]);
const pin = pinOf(who, old.publicKey, 0);
const announced: Announcement = {
  statement: rotation.statement,
  announcer: recordOf(laptop),
  memberSince: 2,
  removedAt: (id) => (id[0] === 1 ? 7 : null),
};

test("DI-8 removing a device makes a new user key that signs the records of the rest", () => {
  expect(rotation.userKey.publicKey).not.toEqual(old.publicKey);
  expect(
    rotation.records.map((bytes, index) => readRecord(bytes, [laptop, desktop][index]?.key.publicKey ?? bytes)),
  ).toEqual(
    [laptop, desktop].map(({ fields }) => ({ ok: true, record: { ...fields, userKey: rotation.userKey.publicKey } })),
  );
  expect(() => rotateUserKey(who, old, [staying(phone)], [phone.fields.deviceId])).toThrow(RangeError);
  expect(() => rotateUserKey(who, old, [], [])).toThrow(RangeError);
  expect(() => rotateUserKey(who, old, [], [new Uint8Array(3)])).toThrow(RangeError);
});

test("DI-9 a successor announced after the removal by a leaf that was there before is accepted", () => {
  expect(judgeSuccession(pin, announced)).toEqual({ kind: "accepted", userKey: rotation.userKey.publicKey });
  // The announcer may carry its new record already.
  const renewed = { ...announced, announcer: { ...announced.announcer, userKey: rotation.userKey.publicKey } };
  expect(judgeSuccession(pin, renewed).kind).toBe("accepted");
});

test("DI-9 everything else is a changed key: whoever holds the old key without being such a leaf gains nothing", () => {
  // Nobody removed it here, or the announcer came in with or after the removal: it may be the removed device under a new id.
  expect(refusals({ removedAt: () => null })).toBe("not-after-removal");
  expect(refusals({ memberSince: 7 })).toBe("not-after-removal");
  expect(refusals({ memberSince: 8 })).toBe("not-after-removal");
  expect(refusals({ announcer: recordOf(phone) })).toBe("announcer-was-removed");
  expect(refusals({ announcer: { ...recordOf(laptop), identity: "1002" } })).toBe("another-person");
  expect(refusals({ announcer: { ...recordOf(laptop), userKey: newSigningKey().publicKey } })).toBe("another-person");
  const another = rotateUserKey(who, newSigningKey(), [staying(laptop)], [phone.fields.deviceId]);
  expect(refusals({ statement: another.statement })).toBe("not-the-pinned-key");
});

test("DI-9 a statement with any byte changed, cut short or with a tail is refused; no bytes throw", () => {
  for (const [at, byte] of rotation.statement.entries()) {
    const statement = rotation.statement.with(at, byte ^ 1);
    expect(judgeSuccession(pin, { ...announced, statement }).kind).toBe("refused");
  }
  for (const statement of [rotation.statement.subarray(1), Uint8Array.of(...rotation.statement, 0), new Uint8Array()]) {
    expect(judgeSuccession(pin, { ...announced, statement })).toEqual({ kind: "refused", why: "malformed" });
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1300 }), (statement) => {
      expect(judgeSuccession(pin, { ...announced, statement }).kind).toBe("refused");
    }),
  );
});

function staying({ fields, key }: Device) {
  return { fields, deviceKey: key.publicKey };
}

function recordOf({ fields, key }: Device): DeviceRecord {
  const read = readRecord(signRecord(fields, old, key.publicKey), key.publicKey);
  if (!read.ok) throw new Error(read.fault);
  return read.record;
}

function refusals(change: Partial<Announcement>): string {
  const verdict = judgeSuccession(pin, { ...announced, ...change });
  return verdict.kind === "refused" ? verdict.why : verdict.kind;
}

interface Device {
  readonly fields: RecordFields;
  readonly key: ReturnType<typeof newSigningKey>;
}

function device(deviceLabel: string, number: number): Device {
  const deviceId = new Uint8Array(16).fill(number);
  return { fields: { ...who, label: "alice", deviceId, deviceLabel, node: "", notAfter: 0n }, key: newSigningKey() };
}
