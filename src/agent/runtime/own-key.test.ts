import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createGroupEngine } from "../../mls/create-group-engine.ts";
import { withHpke } from "../../mls/hpke.ts";
import { signRecord } from "../../mls/identity/device-record.ts";
import { newSigningKey } from "../../mls/identity/ed25519.ts";
import { ownSuccession } from "../../mls/identity/judge-succession.ts";
import { pinOf } from "../../mls/identity/pins.ts";
import type { Pin } from "../../mls/identity/pins.ts";
import { signStatement, stayingTag } from "../../mls/identity/succession.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import { sealUserKey } from "../device/confirmation.ts";
import { knownPeople } from "../device/known-people.ts";
import type { Change } from "../storage/changes.ts";
import type { Entrance } from "./entrance.ts";
import { keyIn } from "./introduce.ts";
import { ownKey } from "./own-key.ts";

const who: Who = { server: new Uint8Array(16).fill(1), kind: "person", identity: "1001" };
const [former, announced, next] = [newSigningKey(), newSigningKey(), newSigningKey()];
const [own, sibling, shower] = [someDevice(), someDevice(), someDevice()];
const gone = Uint8Array.from(randomBytes(16));
const first = pinOf(who, former.publicKey, 0);
const toAnnounced = signStatement(who, former, announced, { staying: [tagOf(own), tagOf(sibling)], removed: [gone] });

test("SR-69 a key is taken that a device shows which stays by it, where the pin is still of the key before and nobody there knows better", async () => {
  expect(await taken(first, former.publicKey)).toBe(true);
});

test.each<[string, Pin, Uint8Array]>([
  ["another has been announced", ownSuccession(first, toAnnounced) ?? first, announced.publicKey],
  ["another device of the person shows another", first, announced.publicKey],
  [
    "it came since a device went by others' hand",
    { ...first, departures: { gone: [gone], left: [tagOf(own), tagOf(sibling)] } },
    former.publicKey,
  ],
])(
  "SR-69 whoever was removed and has the former key gives no device a key of its own, together with the server, where %s",
  async (_, pin, siblingKey) => {
    expect(await taken(pin, siblingKey)).toBe(false);
  },
);

/** Whether this device takes the next key, which the server has for it, sealed, where its pin is this one and its sibling shows that key. */
async function taken(pin: Pin, siblingKey: Uint8Array): Promise<boolean> {
  const engine = createGroupEngine({ seed: own.key.seed, record: recordOf(former) });
  const sealKey = withHpke((hpke) => hpke.hpkeKey());
  const people = knownPeople({ pins: [pin], names: [] }, () => 0, shownAs(own, former.publicKey));
  const device = { id: own.id, seed: own.key.seed, record: recordOf(former) };
  const owner = { kind: who.kind, identity: who.identity };
  const self = { server: who.server, owner, device, sealKey, engine, people, former: [] };
  const record = recordOf(next);
  const sealed = sealUserKey({ hpke: engine, who, deviceId: own.id, record, sealKey: sealKey.publicKey }, next.seed);
  const statement = signStatement(who, former, next, { staying: [tagOf(own), tagOf(shower)], removed: [gone] });
  const confirmation = { record, sealed, statement, receipt: null };
  const leaves = [shownAs(sibling, siblingKey), shownAs(shower, next.publicKey)];
  const kept: Change[] = [];
  const entrance = {
    client: { request: async () => await Promise.resolve({ kind: "answered", value: { statements: [] } }) },
    store: {
      load: async () => await Promise.resolve({ rotation: null, arePackagesDue: false }),
      commit: async (changes: readonly Change[]) => await Promise.resolve(void kept.push(...changes)),
    },
    groups: {
      members: async () => await Promise.resolve(leaves),
      wakeAll: () => {},
    },
    self,
  };
  const key = ownKey({ later: () => {}, onUnannounced: () => {} });
  // What isn't asked here needs no answer.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  await key.confirmed(entrance as unknown as Entrance, confirmation);
  const isTaken = Buffer.from(keyIn(self)).equals(next.publicKey);
  expect(kept.map(({ kind }) => kind)).toEqual(isTaken ? ["user-key-succeeded", "pin-kept"] : []);
  expect(Buffer.from(people.keyOf(whoKey(who)) ?? []).equals(next.publicKey)).toBe(isTaken);
  return isTaken;
}

function someDevice() {
  return { id: Uint8Array.from(randomBytes(16)), key: newSigningKey() };
}

function tagOf({ id, key }: typeof own): Uint8Array {
  return stayingTag(id, key.publicKey);
}

function shownAs({ id, key }: typeof own, userKey: Uint8Array) {
  return { who: whoKey(who), identity: who, deviceId: id, deviceKey: key.publicKey, userKey };
}

function recordOf(userKey: typeof former): Uint8Array {
  const fields = { ...who, label: "", deviceId: own.id, deviceLabel: "", node: "", notAfter: 0n };
  return signRecord(fields, userKey, own.key.publicKey);
}
