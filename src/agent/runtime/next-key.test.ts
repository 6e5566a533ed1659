import { expect, test } from "vitest";
import { newSigningKey, signingKeyOf } from "../../mls/identity/ed25519.ts";
import { signStatement, stayingTag } from "../../mls/identity/succession.ts";
import { ownWho } from "./introduce.ts";
import { isShownBy, successionsSince } from "./next-key.ts";

const self = {
  server: new Uint8Array(16).fill(1),
  owner: { kind: "name", identity: "alice" },
  device: { id: new Uint8Array(16).fill(2), seed: new Uint8Array(32).fill(3), record: new Uint8Array() },
} as const;
const [first, second, third] = [newSigningKey(), newSigningKey(), newSigningKey()];
const removed = [new Uint8Array(16).fill(9)];
const own = stayingTag(self.device.id, signingKeyOf(self.device.seed).publicKey);

test("SR-69 what leads on from one's own key is taken where each statement names this device as staying, id and key", () => {
  const [one, two] = [statement(first, second), statement(second, third)];
  expect(successionsSince(self, first.publicKey, [one, two])).toEqual([one, two]);
  expect(successionsSince(self, second.publicKey, [one, two])).toEqual([two]);
  expect(successionsSince(self, third.publicKey, [one, two])).toBeNull();
  expect(successionsSince(self, newSigningKey().publicKey, [one, two])).toBeNull();
  const others = stayingTag(self.device.id, newSigningKey().publicKey);
  for (const staying of [[], [others]]) {
    const without = statement(first, second, staying);
    expect(successionsSince(self, first.publicKey, [without])).toBeNull();
    expect(successionsSince(self, first.publicKey, [without, two])).toBeNull();
    expect(successionsSince(self, second.publicKey, [without, two])).toEqual([two]);
  }
  // It goes, by its id.
  const gone = signStatement(ownWho(self), first, second, { staying: [own], removed: [self.device.id] });
  expect(successionsSince(self, first.publicKey, [gone])).toBeNull();
});

test("SR-69 it is shown by another device that has the key and stays by what made it, where none of the removed is", () => {
  const other = { ...ownLeaf(new Uint8Array(16).fill(4)), userKey: second.publicKey };
  const tag = stayingTag(other.deviceId, other.deviceKey);
  const made = statement(first, second, [own, tag]);
  const next = { userKey: second.publicKey, statement: made };
  expect(isShownBy(self, next, [made], [other])).toBe(true);
  expect(isShownBy(self, next, [made], [])).toBe(false);
  expect(isShownBy(self, next, [made], [{ ...other, userKey: first.publicKey }])).toBe(false);
  expect(isShownBy(self, next, [made], [{ ...other, deviceKey: newSigningKey().publicKey }])).toBe(false);
  expect(isShownBy(self, next, [made], [other, { ...other, deviceId: removed[0] ?? other.deviceId }])).toBe(false);
  expect(isShownBy(self, { ...next, statement: statement(first, second) }, [made], [other])).toBe(false);
});

function ownLeaf(deviceId: Uint8Array) {
  return { identity: ownWho(self), deviceId, deviceKey: newSigningKey().publicKey };
}

function statement(old: typeof first, next: typeof first, staying: readonly Uint8Array[] = [own]): Uint8Array {
  return signStatement(ownWho(self), old, next, { staying, removed });
}
