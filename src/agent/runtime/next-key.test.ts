import { expect, test } from "vitest";
import { createGroupEngine } from "../../mls/create-group-engine.ts";
import { signRecord } from "../../mls/identity/device-record.ts";
import { newSigningKey, signingKeyOf } from "../../mls/identity/ed25519.ts";
import { ownSuccession } from "../../mls/identity/judge-succession.ts";
import { pinOf } from "../../mls/identity/pins.ts";
import { signStatement, stayingTag } from "../../mls/identity/succession.ts";
import { sealUserKey } from "../device/confirmation.ts";
import { knownPeople } from "../device/known-people.ts";
import { ownWho } from "./introduce.ts";
import { isShownBy, openNext, successionsSince } from "./next-key.ts";

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

test("SR-69 a key that is sealed for this device is taken with the statement that makes that very key, and with no other one", () => {
  const record = recordUnder(second);
  const engine = createGroupEngine({ seed: self.device.seed, record });
  const sealKey = engine.hpkeKey();
  const whole = { ...self, sealKey, engine, people: knownPeople({ pins: [], names: [] }, () => 0), former: [] };
  const to = { hpke: engine, who: ownWho(self), deviceId: self.device.id, record, sealKey: sealKey.publicKey };
  const opened = (made: Uint8Array | null, sealed = sealUserKey(to, second.seed)) =>
    openNext(whole, { record, sealed, statement: made, receipt: null });
  const made = statement(first, second);
  expect(opened(made)).toEqual({ userKey: second.publicKey, seed: second.seed, record, statement: made });
  // The server puts another one beside it: of another key, of another person, or none.
  const others = signStatement({ ...ownWho(self), identity: "bob" }, first, second, { staying: [own], removed });
  for (const other of [statement(first, third), others, null]) expect(opened(other)).toBeNull();
  expect(opened(made, sealUserKey({ ...to, sealKey: engine.hpkeKey().publicKey }, second.seed))).toBeNull();
  engine.close();
});

test("SR-69 a key is followed that another device shows which stays by what made it, where none of the removed is", () => {
  const { other, tag, made } = shownBySibling();
  const pin = pinOf(ownWho(self), first.publicKey, 0);
  const shown = { pin, next: { userKey: second.publicKey }, since: [made], leaves: [other], isKnown: () => false };
  expect(isShownBy(shown)).toBe(true);
  expect(isShownBy({ ...shown, leaves: [] })).toBe(false);
  expect(isShownBy({ ...shown, leaves: [{ ...other, userKey: first.publicKey }] })).toBe(false);
  expect(isShownBy({ ...shown, leaves: [{ ...other, deviceKey: newSigningKey().publicKey }] })).toBe(false);
  expect(isShownBy({ ...shown, leaves: [other, { ...other, deviceId: removed[0] ?? other.deviceId }] })).toBe(false);
  expect(isShownBy({ ...shown, since: [statement(first, second)] })).toBe(false);
  expect(isShownBy({ ...shown, since: [] })).toBe(false);
  expect(isShownBy({ ...shown, next: { userKey: third.publicKey } })).toBe(false);
  // Two have followed on one another: who shows the first of them is on the way, and shows nothing.
  const between = { ...ownLeaf(new Uint8Array(16).fill(5)), userKey: second.publicKey };
  const last = { ...shown, next: { userKey: third.publicKey }, since: [made, statement(second, third, [own, tag])] };
  expect(isShownBy({ ...last, leaves: [between, { ...other, userKey: third.publicKey }] })).toBe(true);
  expect(isShownBy({ ...last, leaves: [between] })).toBe(false);
});

test("SR-69 a removed device that signs a key of its own with the former one takes none along that has heard of the true one, or is with who has", () => {
  const { other, made } = shownBySibling();
  const pin = pinOf(ownWho(self), first.publicKey, 0);
  const shown = { pin, next: { userKey: second.publicKey }, since: [made], leaves: [other], isKnown: () => false };
  // It was announced.
  expect(isShownBy({ ...shown, pin: { ...pin, userKey: third.publicKey } })).toBe(false);
  // Another one is there that has it.
  const sibling = { ...ownLeaf(new Uint8Array(16).fill(6)), userKey: third.publicKey };
  expect(isShownBy({ ...shown, leaves: [other, sibling] })).toBe(false);
  expect(isShownBy({ ...shown, leaves: [other, sibling], isKnown: (leaf) => leaf === sibling })).toBe(true);
  // It was put out by others' hand, and has come back under another id.
  const left = [tagOf(sibling)];
  expect(isShownBy({ ...shown, pin: { ...pin, departures: { gone: [], left } } })).toBe(false);
  expect(isShownBy({ ...shown, pin: { ...pin, departures: { gone: [], left: [tagOf(other)] } } })).toBe(true);
  // Also where it has taken the id of one that stayed.
  const stayed = tagOf({ ...other, deviceKey: newSigningKey().publicKey });
  expect(isShownBy({ ...shown, pin: { ...pin, departures: { gone: [], left: [stayed] } } })).toBe(false);
});

test("SR-69 no chain leads back to a key that the pinned one has come after, whoever shows that", () => {
  const { other, tag, made } = shownBySibling();
  const pin = ownSuccession(pinOf(ownWho(self), first.publicKey, 0), made);
  if (pin === null) throw new Error("it follows");
  for (const way of [[first], [third, first]]) {
    const since = way.map((next, at) => statement(way[at - 1] ?? second, next, [own, tag]));
    const shower = { ...other, userKey: first.publicKey };
    const shown = { pin, next: { userKey: first.publicKey }, since, leaves: [shower], isKnown: () => true };
    expect(isShownBy(shown)).toBe(false);
  }
});

/** Another device of the same person that has the second key, which names it as staying. */
function shownBySibling() {
  const other = { ...ownLeaf(new Uint8Array(16).fill(4)), userKey: second.publicKey };
  const tag = tagOf(other);
  return { other, tag, made: statement(first, second, [own, tag]) };
}

function tagOf({ deviceId, deviceKey }: ReturnType<typeof ownLeaf>): Uint8Array {
  return stayingTag(deviceId, deviceKey);
}

function recordUnder(userKey: typeof first): Uint8Array {
  const fields = { ...ownWho(self), label: "", deviceId: self.device.id, deviceLabel: "", node: "", notAfter: 0n };
  return signRecord(fields, userKey, signingKeyOf(self.device.seed).publicKey);
}

function ownLeaf(deviceId: Uint8Array) {
  return { identity: ownWho(self), deviceId, deviceKey: newSigningKey().publicKey };
}

function statement(old: typeof first, next: typeof first, staying: readonly Uint8Array[] = [own]): Uint8Array {
  return signStatement(ownWho(self), old, next, { staying, removed });
}
