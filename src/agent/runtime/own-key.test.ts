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
import { toText } from "../delivery/base64url.ts";
import { sealUserKey } from "../device/confirmation.ts";
import { knownPeople } from "../device/known-people.ts";
import type { Change } from "../storage/changes.ts";
import type { KeptRotation } from "../storage/kept.ts";
import type { Entrance } from "./entrance.ts";
import { keyIn } from "./introduce.ts";
import { successionOf } from "./next-key.ts";
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

test("SR-69 nor is a key taken whose statement doesn't name this device as staying", async () => {
  expect(await taken(first, former.publicKey, { staying: [tagOf(shower)] })).toBe(false);
});

test("SR-53 nor is one taken while a removal that this device has begun is still to be decided", async () => {
  expect(await taken(first, former.publicKey, { rotation: true })).toBe(false);
});

test("SR-64 with a key that another device shows its receipt is kept", async () => {
  expect(await taken(first, former.publicKey, { receipt: new Uint8Array(56) })).toBe(true);
});

test.each([
  ["device-removed", true],
  ["other-user-key", true],
  ["unknown-device", true],
  ["wrong-device", true],
  ["too-many-requests", false],
  ["storage-failed", false],
  [null, false],
])("SR-52 a removal that was begun is given up where the server refuses it for %s: %s", async (reason, isGivenUp) => {
  const refusal = reason === null ? null : { reason };
  const rotation = {
    seed: next.seed,
    former: former.publicKey,
    statement: toAnnounced,
    removed: [gone],
    own: recordOf(next),
    staying: [],
  };
  const people = knownPeople({ pins: [first], names: [] }, () => 0, shownAs(own, former.publicKey));
  const kept: Change[] = [];
  const entrance = {
    client: {
      request: async (type: string) =>
        await Promise.resolve(type === "rotate-user-key" ? { kind: "refused", refusal } : { kind: "not-sent" }),
    },
    store: {
      load: async () => await Promise.resolve({ rotation, arePackagesDue: false }),
      commit: async (changes: readonly Change[]) => await Promise.resolve(void kept.push(...changes)),
    },
    self: { server: who.server, owner: who, device: { id: own.id, record: recordOf(former) }, people },
  };
  // What isn't asked here needs no answer.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  await ownKey({ later: () => {}, onUnannounced: () => {} }).welcomed(entrance as unknown as Entrance, null);
  expect(kept).toEqual(isGivenUp ? [{ kind: "rotation-dropped" }] : []);
});

test("SR-72 a device that comes while the others are listed is no device that a group has and the server doesn't list", async () => {
  const groups: ReturnType<typeof shownAs>[] = [];
  const comes = (nth: number) => {
    if (nth === 1) groups.push(shownAs(sibling, former.publicKey));
    return nth === 1 ? [listedAs(sibling, false)] : [listedAs(sibling, true)];
  };
  const { removed, asked } = await removing(groups, comes, () => "device-removed");
  expect(removed).toEqual({ kind: "failed", why: "device-removed" });
  expect(asked).toEqual([toText(gone)]);
});

test("SR-72 a removal is made anew where others came or went in that very moment, some times at the most", async () => {
  const unlisted = [listedAs(sibling, false)];
  for (const [last, attempts, why] of [
    [3, 3, "wrong-device"],
    [9, 4, "busy"],
  ] as const) {
    const refusal = (nth: number) => (nth === last ? "wrong-device" : "unknown-device");
    expect(await removing([], () => unlisted, refusal)).toMatchObject({ removed: { why }, attempts });
  }
});

/**
 * What becomes of a removal, by what the server lists and why it refuses (each told the how manieth time it is), and whom the statement names as removed, in base64url.
 */
async function removing(
  members: readonly ReturnType<typeof shownAs>[],
  listed: (nth: number) => readonly ReturnType<typeof listedAs>[],
  refusal: (nth: number) => string,
) {
  const device = { id: own.id, seed: own.key.seed, record: recordOf(former) };
  const engine = createGroupEngine({ seed: own.key.seed, record: device.record });
  const people = knownPeople({ pins: [first], names: [] }, () => 0, shownAs(own, former.publicKey));
  const self = { server: who.server, owner: { kind: who.kind, identity: who.identity }, device, engine, people };
  let [lists, attempts, rotation]: [number, number, KeptRotation | null] = [0, 0, null];
  let asked: readonly string[] = [];
  const answers = (type: string, body: { readonly statement: Uint8Array }) => {
    if (type === "own-devices") {
      lists += 1;
      return { kind: "answered", value: { devices: [listedAs({ ...own, id: gone }, true), ...listed(lists)] } };
    }
    attempts += 1;
    asked = successionOf(self, body.statement)?.removed.map(toText) ?? [];
    return { kind: "refused", refusal: { reason: refusal(attempts) } };
  };
  const entrance = {
    client: {
      request: async (type: string, body: Parameters<typeof answers>[1]) => await Promise.resolve(answers(type, body)),
    },
    store: {
      load: async () => await Promise.resolve({ userSeed: former.seed, rotation }),
      async commit(changes: readonly Change[]) {
        for (const change of changes) rotation = change.kind === "rotation-begun" ? change.rotation : null;
        await Promise.resolve();
      },
    },
    groups: {
      of: () => ({ look: async () => await Promise.resolve({ row: { status: "active" } }) }),
      members: async () => await Promise.resolve(members),
    },
    self,
  };
  const key = ownKey({ later: () => {}, onUnannounced: () => {} });
  // What isn't asked here needs no answer.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const removed = await key.remove(entrance as unknown as Entrance, [toText(gone)]);
  engine.close();
  return { removed, attempts, asked };
}

function listedAs({ id, key }: typeof own, hasCome: boolean) {
  const at = { since: 0, seen: 0, online: hasCome, sealKey: null, hasCome };
  return { device: toText(id), key: toText(key.publicKey), record: recordOf(former, { id, key }), ...at };
}

test("SR-74 a person's yes to a key of their own is taken where another device has given it to this one, and else leaves everything as it is", async () => {
  const yes = async (shown: typeof next, pin = first, given: Given = {}) => {
    const { entrance, key, self, people, kept } = deviceWith(pin, former.publicKey, given);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what isn't asked here needs no answer
    const isTaken = await key.accept(entrance as unknown as Entrance, { who, userKey: shown.publicKey }, first.userKey);
    expect(keyIn(self)).toEqual((isTaken ? next : former).publicKey);
    expect(people.keyOf(whoKey(who))).toEqual(isTaken ? next.publicKey : pin.userKey);
    expect(kept.map(({ kind }) => kind)).toEqual(isTaken ? ["user-key-succeeded", "pin-kept"] : []);
    return isTaken;
  };
  expect(await yes(next)).toBe(true);
  // Another is shown than it was given, or pinned than when they were asked.
  expect(await yes(announced)).toBe(false);
  expect(await yes(next, ownSuccession(first, toAnnounced) ?? first)).toBe(false);
  // By a statement of a server's own, of two keys that it has made.
  expect(await yes(next, first, { from: newSigningKey() })).toBe(false);
  // It is given to this one as to one that doesn't stay.
  expect(await yes(next, first, { staying: [tagOf(shower)] })).toBe(false);
  // The key that this device has itself, which another has come after.
  expect(await yes(former, ownSuccession(first, toAnnounced) ?? first)).toBe(false);
});

/**
 * Of the confirmation that the server has for this device, and of this device. `from`: the key that its statement leads on from; `rotation`: this
 * device has begun a removal of its own.
 */
interface Given {
  readonly from?: typeof former;
  readonly staying?: readonly Uint8Array[];
  readonly receipt?: Uint8Array | null;
  readonly rotation?: boolean;
}

/** Whether this device takes the next key, which the server has for it, sealed, where its pin is this one and its sibling shows that key. */
async function taken(pin: Pin, siblingKey: Uint8Array, given: Given = {}): Promise<boolean> {
  const { entrance, key, self, people, kept, confirmation } = deviceWith(pin, siblingKey, given);
  // What isn't asked here needs no answer.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  await key.confirmed(entrance as unknown as Entrance, confirmation);
  const isTaken = Buffer.from(keyIn(self)).equals(next.publicKey);
  const receipts = confirmation.receipt === null ? [] : ["receipt-kept"];
  expect(kept.map(({ kind }) => kind)).toEqual(isTaken ? ["user-key-succeeded", ...receipts, "pin-kept"] : []);
  expect(Buffer.from(people.keyOf(whoKey(who)) ?? []).equals(next.publicKey)).toBe(isTaken);
  return isTaken;
}

/** This device, with its pin, beside a sibling that shows that key, and one that shows the next one; the server has the next one for it. */
function deviceWith(
  pin: Pin,
  siblingKey: Uint8Array,
  { staying = [tagOf(own), tagOf(shower)], receipt = null, rotation = false, from = former }: Given = {},
) {
  const engine = createGroupEngine({ seed: own.key.seed, record: recordOf(former) });
  const sealKey = withHpke((hpke) => hpke.hpkeKey());
  const people = knownPeople({ pins: [pin], names: [] }, () => 0, shownAs(own, former.publicKey));
  const device = { id: own.id, seed: own.key.seed, record: recordOf(former) };
  const owner = { kind: who.kind, identity: who.identity };
  const self = { server: who.server, owner, device, sealKey, engine, people, former: [] };
  const record = recordOf(next);
  const sealed = sealUserKey({ hpke: engine, who, deviceId: own.id, record, sealKey: sealKey.publicKey }, next.seed);
  const statement = signStatement(who, from, next, { staying, removed: [gone] });
  const confirmation = { record, sealed, statement, receipt };
  const leaves = [shownAs(sibling, siblingKey), shownAs(shower, next.publicKey)];
  const kept: Change[] = [];
  const answers = { successions: { statements: [] }, "ask-confirmation": { confirmation } };
  const entrance = {
    client: {
      request: async (type: keyof typeof answers) => await Promise.resolve({ kind: "answered", value: answers[type] }),
    },
    store: {
      load: async () => await Promise.resolve({ rotation: rotation ? {} : null, arePackagesDue: false }),
      commit: async (changes: readonly Change[]) => await Promise.resolve(void kept.push(...changes)),
    },
    groups: {
      members: async () => await Promise.resolve(leaves),
      wakeAll: () => {},
    },
    self,
  };
  const key = ownKey({ later: () => {}, onUnannounced: () => {} });
  return { entrance, key, self, people, kept, confirmation };
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

function recordOf(userKey: typeof former, { id, key }: typeof own = own): Uint8Array {
  const fields = { ...who, label: "", deviceId: id, deviceLabel: "", node: "", notAfter: 0n };
  return signRecord(fields, userKey, key.publicKey);
}
