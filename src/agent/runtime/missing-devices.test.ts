import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { newSigningKey } from "../../mls/identity/ed25519.ts";
import { signRecord } from "../../mls/identity/device-record.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import { toText } from "../delivery/base64url.ts";
import type { Person } from "../group-sessions/person.ts";
import { hex } from "../storage/hex.ts";
import { missingFrom } from "./missing-devices.ts";

const server = new Uint8Array(16).fill(1);
const bob: Who = { server, kind: "person", identity: "1002" };
const [bobs, mallorys] = [newSigningKey(), newSigningKey()];
const self = { server, former: [], people: { blocks: () => null } };

test("SR-41 what the server lists under the user key of the person's leaf, and isn't in the group, is missing", () => {
  const [laptop, phone] = [device(bobs), device(bobs)];
  expect(found([laptop], [laptop, phone])).toEqual([phone.id]);
  expect(found([laptop, phone], [laptop, phone])).toEqual([]);
  expect(found([], [laptop, phone])).toEqual([]);
});

test("SR-41 a device under another user key, under another's id or of another identity isn't", () => {
  const [laptop, phone] = [device(bobs), device(bobs)];
  expect(found([laptop], [device(mallorys)])).toEqual([]);
  expect(found([laptop], [{ ...phone, id: toText(randomBytes(16)) }])).toEqual([]);
  expect(found([laptop], [device(bobs, { ...bob, identity: "6666" })])).toEqual([]);
  expect(found([laptop], [{ ...phone, record: randomBytes(80) }])).toEqual([]);
});

test("SR-41 nor is any under a key that isn't the pinned one", () => {
  const [laptop, phone] = [device(bobs), device(bobs)];
  const people = { blocks: () => "changed-key" as const };
  expect(missingFrom(viewOf([laptop]), personOf([laptop, phone]), { ...self, people })).toEqual([]);
});

test("SR-41 who is leaving gets nothing in; who has been replaced by another device does; the former device itself doesn't", () => {
  const [laptop, phone] = [device(bobs), device(bobs)];
  const ordered = new Set([hex(Buffer.from(laptop.id, "base64url"))]);
  const view = { ...viewOf([laptop]), ordered };
  expect(missingFrom(view, personOf([laptop, phone]), self)).toEqual([]);
  expect(missingFrom(view, personOf([phone]), self).map((each) => each.device)).toEqual([phone.id]);
  const former = Buffer.from(phone.id, "base64url");
  expect(missingFrom(viewOf([laptop]), personOf([laptop, phone]), { ...self, former: [former] })).toEqual([]);
});

interface TestDevice {
  readonly id: string;
  readonly record: Uint8Array;
  readonly userKey: Uint8Array;
}

function device(userKey: ReturnType<typeof newSigningKey>, who = bob): TestDevice {
  const [key, deviceId] = [newSigningKey(), Uint8Array.from(randomBytes(16))];
  const fields = { ...who, label: "", deviceId, deviceLabel: "", node: "", notAfter: 0n };
  return { id: toText(deviceId), record: signRecord(fields, userKey, key.publicKey), userKey: userKey.publicKey };
}

function found(inGroup: readonly TestDevice[], listed: readonly TestDevice[]): readonly string[] {
  return missingFrom(viewOf(inGroup), personOf(listed), self).map((each) => each.device);
}

function viewOf(devices: readonly TestDevice[]) {
  const members = devices.map(({ id, userKey }, leaf): Person => {
    const [deviceId, deviceKey] = [Buffer.from(id, "base64url"), new Uint8Array(32)];
    return { leaf, who: whoKey(bob), identity: bob, label: "", deviceId, deviceKey, deviceLabel: "", userKey };
  });
  return { members, ordered: new Set<string>() };
}

function personOf(devices: readonly TestDevice[]) {
  const listed = devices.map(({ id, record }) => ({ device: id, record }));
  const owner = { kind: bob.kind, identity: bob.identity };
  return { name: "bob", owner, label: "", online: true, classic: false, away: null, userKey: null, devices: listed };
}
