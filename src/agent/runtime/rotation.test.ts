import { expect, test } from "vitest";
import { createGroupEngine } from "../../mls/create-group-engine.ts";
import { readRecord, signRecord } from "../../mls/identity/device-record.ts";
import { newSigningKey, signingKeyOf } from "../../mls/identity/ed25519.ts";
import type { SigningKey } from "../../mls/identity/ed25519.ts";
import { pinOf } from "../../mls/identity/pins.ts";
import { signSealKey } from "../../mls/identity/seal-key.ts";
import { readStatement, stayingTag } from "../../mls/identity/succession.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import type { OwnDevice as Listed } from "../../wire/frames/devices.ts";
import { toBytes, toText } from "../delivery/base64url.ts";
import { openConfirmation } from "../device/confirmation.ts";
import { knownPeople } from "../device/known-people.ts";
import type { Self } from "./introduce.ts";
import { makeRotation } from "./rotation.ts";

const server = new Uint8Array(16).fill(1);
const who: Who = { server, kind: "name", identity: "alice" };
const userKey = newSigningKey();

test("DI-41 the new key goes to those whose listed record is the person's, sealed to their own seal key, and to nobody else whom the server lists", () => {
  const { self, laptop } = own();
  const [nas, phone] = [device("nas", 2), device("phone", 3)];
  const stranger = device("stranger", 4, { signedBy: newSigningKey() });
  const other = device("other's", 5, { of: { ...who, identity: "bob" } });
  const wrongSeal = device("wrong seal", 6, { sealedBy: newSigningKey() });
  const noRecord = device("no record", 8);
  noRecord.shown.record = Uint8Array.of(1, 2, 3);
  const anothers = device("under another's id", 9);
  anothers.shown.device = toText(new Uint8Array(16).fill(10));
  const listed = [laptop, nas, phone, stranger, other, wrongSeal, noRecord, anothers].map(({ shown }) => shown);
  const rotation = made(self, { ids: [phone.shown.device], listed, leaves: [] });
  expect(rotation.staying.map(({ device: id }) => toText(id))).toEqual([nas.shown.device]);
  const gone = [phone, stranger, other, wrongSeal, noRecord, anothers].map(({ shown }) => shown.device);
  expect(rotation.removed.map(toText).toSorted()).toEqual(gone.toSorted());

  const next = signingKeyOf(rotation.seed).publicKey;
  const read = readStatement(rotation.statement, who);
  expect(read).toMatchObject({ ok: true, statement: { old: userKey.publicKey, next } });
  const tags = [laptop, nas].map(({ shown }) => stayingTag(toBytes(shown.device), toBytes(shown.key)));
  expect(read.ok && read.statement.staying).toEqual(tags);
  expect(readRecord(rotation.own, toBytes(laptop.shown.key))).toMatchObject({ ok: true, record: { userKey: next } });
  const [given] = rotation.staying;
  if (given === undefined) throw new Error("nobody stays");
  const opened = openConfirmation(
    { hpke: self.engine, who, device: { id: toBytes(nas.shown.device), seed: nas.key.seed }, sealKey: nas.sealKey },
    given,
  );
  expect(opened).toMatchObject({ ok: true, userSeed: rotation.seed });
  self.engine.close();
});

test("DI-41 where this device's own record can't be read that is what is said, and not that so many are to go", () => {
  const { self, laptop } = own();
  const phone = device("phone", 3);
  const listed = [laptop, phone].map(({ shown }) => shown);
  const unreadable = { ...self, device: { ...self.device, record: Uint8Array.of(1, 2, 3) } };
  const given = { userSeed: userKey.seed, ids: [phone.shown.device], listed, leaves: [] };
  expect(makeRotation({ self: unreadable, ...given })).toBe("unreadable-record");
  self.engine.close();
});

test("DI-41 a leaf of the person's that the server doesn't list goes with the others; this device, and one that is nowhere, can't be removed", () => {
  const { self, laptop } = own();
  const [phone, ghost] = [device("phone", 3), device("ghost", 7)];
  const leaf = {
    leaf: 4,
    who: "",
    identity: who,
    label: "",
    deviceId: toBytes(ghost.shown.device),
    deviceKey: toBytes(ghost.shown.key),
    deviceLabel: "",
    userKey: userKey.publicKey,
  };
  const listed = [laptop.shown, phone.shown];
  const ownLeaf = { ...leaf, deviceId: toBytes(laptop.shown.device), deviceKey: toBytes(laptop.shown.key) };
  const rotation = made(self, { ids: [phone.shown.device], listed, leaves: [ownLeaf, leaf] });
  const read = readStatement(rotation.statement, who);
  expect(read.ok && read.statement.removed.map(toText).toSorted()).toEqual(
    [phone.shown.device, ghost.shown.device].toSorted(),
  );
  // The server knows nothing of that one.
  expect(rotation.removed.map(toText)).toEqual([phone.shown.device]);
  // Of one that only the group has, such as one that was retired, the server is told, since it takes no removal of nobody.
  const last = made(self, { ids: [ghost.shown.device], listed, leaves: [leaf] });
  expect(last.removed.map(toText)).toEqual([ghost.shown.device]);
  const asked = { self, userSeed: userKey.seed, listed, leaves: [] };
  expect(makeRotation({ ...asked, ids: [laptop.shown.device] })).toBe("own-device");
  expect(makeRotation({ ...asked, ids: [ghost.shown.device] })).toBe("no-such-device");
  expect(makeRotation({ ...asked, ids: [phone.shown.device, ghost.shown.device] })).toBe("no-such-device");
  self.engine.close();
});

test("SR-72 who was confirmed and has not come goes where that is asked for, and else is named neither as going nor as staying", () => {
  const { self, laptop } = own();
  const nas = device("nas", 2);
  const notCome = { sealKey: null, hasCome: false };
  const expected = [
    { ...device("vm", 3).shown, ...notCome },
    { ...device("phone", 4).shown, ...notCome },
  ] as const;
  const vm = expected[0].device;
  const rotation = made(self, { ids: [vm], listed: [laptop.shown, nas.shown, ...expected], leaves: [] });
  expect(rotation.removed.map(toText)).toEqual([vm]);
  expect(rotation.staying.map(({ device: id }) => toText(id))).toEqual([nas.shown.device]);
  const read = readStatement(rotation.statement, who);
  if (!read.ok) throw new Error("unreadable");
  expect(read.statement.removed.map(toText)).toEqual([vm]);
  expect(read.statement.staying).toHaveLength(2);
  const listed = [laptop.shown, nas.shown, ...expected];
  expect(made(self, { ids: [nas.shown.device], listed, leaves: [] }).removed.map(toText)).toEqual([nas.shown.device]);
  // The server hears of each that is to go.
  const both = made(self, { ids: [nas.shown.device, vm], listed, leaves: [] });
  expect(both.removed.map(toText).toSorted()).toEqual([nas.shown.device, vm].toSorted());
  self.engine.close();
});

test("DI-41 a device of an earlier version, which has no seal key, is named as staying and given nothing", () => {
  const { self, laptop } = own();
  const [nas, phone] = [device("nas", 2), device("phone", 3)];
  const listed = [laptop.shown, { ...nas.shown, sealKey: null }, phone.shown];
  const rotation = made(self, { ids: [phone.shown.device], listed, leaves: [] });
  expect(rotation.staying).toEqual([]);
  expect(rotation.removed.map(toText)).toEqual([phone.shown.device]);
  const read = readStatement(rotation.statement, who);
  expect(read.ok && read.statement.staying).toHaveLength(2);
  self.engine.close();
});

test("DI-41 whoever else the person's own name was pinned to: the devices that stay are judged by their key alone", () => {
  const { self, laptop } = own();
  const [nas, phone] = [device("nas", 2), device("phone", 3)];
  const names = [{ name: "Alice", who: { ...who, identity: "bob" } }];
  // Also where nobody has said who this device's person is.
  const people = knownPeople({ pins: [pinOf(who, userKey.publicKey, 0)], names }, () => 0);
  people.seeName("Alice", who);
  expect(people.remappedName(whoKey(who))).toBe("Alice");
  const listed = [laptop, nas, phone].map(({ shown }) => shown);
  const rotation = made({ ...self, people }, { ids: [phone.shown.device], listed, leaves: [] });
  expect(rotation.staying.map(({ device: id }) => toText(id))).toEqual([nas.shown.device]);
  expect(rotation.removed.map(toText)).toEqual([phone.shown.device]);
  self.engine.close();
});

function made(self: Self, given: Pick<Parameters<typeof makeRotation>[0], "ids" | "listed" | "leaves">) {
  const rotation = makeRotation({ self, userSeed: userKey.seed, ...given });
  if (typeof rotation === "string") throw new Error(rotation);
  return rotation;
}

/** The device that removes, which knows its person's key. */
function own(): { readonly self: Self; readonly laptop: ReturnType<typeof device> } {
  const laptop = device("laptop", 1);
  const { record } = laptop.shown;
  const self: Self = {
    server,
    owner: { kind: "name", identity: "alice" },
    device: { id: toBytes(laptop.shown.device), seed: laptop.key.seed, record },
    sealKey: laptop.sealKey,
    engine: createGroupEngine({ seed: laptop.key.seed, record }),
    people: knownPeople({ pins: [pinOf(who, userKey.publicKey, 0)], names: [] }, () => 0),
    former: [],
  };
  return { self, laptop };
}

/** As the server lists it. */
function device(
  deviceLabel: string,
  number: number,
  lies: { readonly signedBy?: SigningKey; readonly sealedBy?: SigningKey; readonly of?: Who } = {},
) {
  const { signedBy = userKey, of = who } = lies;
  const key = newSigningKey();
  const deviceId = new Uint8Array(16).fill(number);
  const record = signRecord(
    { ...of, label: "", deviceId, deviceLabel, node: "", notAfter: 0n },
    signedBy,
    key.publicKey,
  );
  const engine = createGroupEngine({ seed: key.seed, record });
  const sealKey = engine.hpkeKey();
  engine.close();
  const signature = signSealKey(lies.sealedBy ?? key, who, deviceId, sealKey.publicKey);
  const shown: Listed = {
    device: toText(deviceId),
    key: toText(key.publicKey),
    record,
    since: 0,
    seen: 0,
    online: true,
    sealKey: { key: toText(sealKey.publicKey), signature },
    hasCome: true,
  };
  return { key, sealKey, shown };
}
