import { expect, test } from "vitest";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import { toText } from "../delivery/base64url.ts";
import type { Person } from "../group-sessions/person.ts";
import { goneBetween, removerOfOwn } from "./companions.ts";

const [alice, bob]: Who[] = ["1001", "1002"].map((identity) => ({
  server: new Uint8Array(),
  kind: "person",
  identity,
}));

test("SR-40 what its own person removed stays out; what the server had removed comes in again when it is listed", () => {
  const [laptop, phone, bobs] = [leaf(alice, 1), leaf(alice, 2), leaf(bob, 3)];
  const before = { members: [laptop, phone, bobs], gone: new Set<string>() };
  expect(goneBetween(before, [laptop, bobs], new Set([laptop.who]))).toEqual(new Set([toText(phone.deviceId)]));
  expect(goneBetween(before, [laptop, bobs], new Set())).toEqual(new Set());
  const later = { members: [laptop, bobs], gone: new Set([toText(phone.deviceId)]) };
  expect(goneBetween(later, [laptop], new Set())).toEqual(later.gone);
  expect(goneBetween(later, [laptop, phone], new Set())).toEqual(new Set());
});

test("SR-40 a person has removed devices of their own also where the commit announces their new key, and not where it removes none", () => {
  const removed = { kind: "device-removed", who: "alice", by: "laptop", devices: ["phone"] } as const;
  expect([removerOfOwn(removed), removerOfOwn({ ...removed, devices: [] })]).toEqual(["alice", null]);
  const went = { kind: "members", came: [], went: ["alice"], by: "alice", devices: [] } as const;
  expect([removerOfOwn(went), removerOfOwn({ ...went, by: "bob" })]).toEqual(["alice", null]);
});

function leaf(identity: Who | undefined, number: number): Person {
  if (identity === undefined) throw new Error("nobody");
  const [deviceId, empty] = [new Uint8Array(16).fill(number), new Uint8Array()];
  return {
    leaf: number,
    who: whoKey(identity),
    identity,
    label: "",
    deviceId,
    deviceKey: empty,
    deviceLabel: "",
    userKey: empty,
  };
}
