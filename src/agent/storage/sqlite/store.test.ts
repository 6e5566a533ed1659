import { once } from "node:events";
import { readdirSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pinOf } from "../../../mls/identity/pins.ts";
import {
  bob,
  conversation,
  group,
  groupAdded,
  groupSaved,
  hash,
  historyKept,
  id,
  message,
  secret,
  written,
} from "../../../../test/agent/device-samples.ts";
import { deviceScratch } from "../../../../test/agent/device-scratch.ts";
import type { DeviceScratch } from "../../../../test/agent/device-scratch.ts";
import type { Change } from "../changes.ts";
import type { RoomPolicy } from "../../../mls/room-policy.ts";
import type { Intent, OutboxRow } from "../kept.ts";
import type { AgentStore } from "../ports.ts";
import { openDatabase } from "./database.ts";
import { openAgentStore, startAhead, storeInThisThread } from "./store.ts";

let place: DeviceScratch;
let store: AgentStore;
beforeEach(async () => {
  place = deviceScratch("fast");
  store = await openAgentStore(place);
});
afterEach(async () => {
  await store.close().catch(() => {});
  place.remove();
});

async function reopened(): Promise<AgentStore> {
  await store.close();
  store = await openAgentStore(place);
  return store;
}

const device = { id: id(1), seed: Uint8Array.from(secret()), record: Uint8Array.of(1, 2, 3) };

describe("what was committed", () => {
  test("AS-2 a new store is empty", async () => {
    expect(await store.load()).toEqual({
      device: null,
      userSeed: null,
      candidate: null,
      sealKey: null,
      isRemoved: false,
      receipt: null,
      successions: [],
      everyone: null,
      invitations: [],
      groups: [],
      keyPackages: [],
      pins: [],
      names: [],
      drafts: new Map(),
      facts: new Map(),
      plainAllowed: new Set(),
      incarnation: null,
      formerDevices: [],
      rotation: null,
      statement: null,
      arePackagesDue: false,
      isRenewalOpen: false,
      owing: [],
    });
    expect(await store.group(group)).toBeNull();
    expect(await store.keyPackage(id(1))).toBeNull();
    expect(await store.history(conversation, { before: null, limit: 10 })).toEqual([]);
  });

  test("AS-25 a device that asks to be its person's, is confirmed, removed and begins anew; with whom it invites", async () => {
    const [first, second] = [pending(1), pending(2)];
    const record = Uint8Array.of(1, 2, 3);
    const userSeed = Uint8Array.from(secret().subarray(0, 32));
    await store.commit([{ kind: "device-pending", ...first }]);
    const { token } = first;
    const empty = new Uint8Array();
    expect(await (await reopened()).load()).toMatchObject({
      device: { ...first.device, record: empty },
      candidate: { who: bob, token },
      sealKey: first.sealKey,
      userSeed: null,
    });
    await store.commit([{ kind: "device-confirmed", record: Uint8Array.of(9), userSeed }]);
    await store.commit([{ kind: "device-unconfirmed", of: bob }]);
    expect(await store.load()).toMatchObject({
      device: { record: empty },
      userSeed: null,
      candidate: { who: bob, token: null, hasWaited: false },
    });
    await store.commit([
      { kind: "candidate-waits" },
      { kind: "token-kept", token },
      { kind: "device-confirmed", record, userSeed },
      { kind: "receipt-kept", receipt: "abc" },
      { kind: "invitation-made", invitation: { id: id(1), secret: secret().subarray(0, 16), until: 5, device: null } },
      { kind: "invitation-made", invitation: { id: id(2), secret: token ?? empty, until: 4, device: null } },
      { kind: "invitation-used", id: id(2), device: id(7) },
      { kind: "invitation-dropped", id: id(1) },
      { kind: "device-was-removed" },
      groupAdded(),
      historyKept(1, message(1, "kept")),
    ]);
    expect(await (await reopened()).load()).toMatchObject({
      device: { record },
      userSeed,
      candidate: null,
      receipt: "abc",
      invitations: [{ id: id(2), secret: token, until: 4, device: id(7) }],
      isRemoved: true,
    });
    await expect(store.commit([{ kind: "invitation-used", id: id(2), device: id(8) }])).rejects.toThrow(
      "another device's",
    );
    await store.commit([{ kind: "device-let-in" }]);
    expect(await (await reopened()).load()).toMatchObject({ device: { record }, userSeed, isRemoved: false });
    await store.commit([{ kind: "device-was-removed" }, { kind: "device-pending", ...second }]);
    expect(await (await reopened()).load()).toMatchObject({
      device: second.device,
      candidate: { who: bob, token: second.token, hasWaited: false },
      userSeed: null,
      receipt: null,
      isRemoved: false,
      formerDevices: [first.device.id],
      groups: [{ status: "removed" }],
    });
    expect((await store.history(conversation, { before: null, limit: 10 })).length).toBe(1);
  });

  test("AS-2 device, user key, key packages, pins and drafts are there again", async () => {
    const [userSeed, newerSeed, packageSecret] = [secret(), secret(), secret()].map((bytes) => bytes.subarray(0, 32));
    const keyPackage = { reference: id(5), secret: packageSecret ?? device.seed, lastResort: true, madeAt: 12 };
    const pin = pinOf(bob, new Uint8Array(32).fill(3), 77);
    const former = { keys: [pin.userKey], staying: [id(8), id(9)], removed: [id(10)], replaced: [id(12)] };
    const departures = { gone: [id(11)], left: [] };
    const succeeded = { ...pin, userKey: new Uint8Array(32).fill(4), level: "compared", former, departures } as const;
    await store.commit([
      { kind: "device-made", device },
      { kind: "user-key-kept", seed: userSeed ?? device.seed },
      { kind: "user-key-kept", seed: newerSeed ?? device.seed },
      { kind: "record-renewed", record: Uint8Array.of(4) },
      { kind: "key-package-made", keyPackage },
      { kind: "key-package-made", keyPackage: { ...keyPackage, reference: id(6), lastResort: false, madeAt: 13 } },
      { kind: "key-package-dropped", reference: id(6) },
      { kind: "pin-kept", pin },
      { kind: "pin-kept", pin: succeeded },
      { kind: "name-pinned", pin: { name: "Bob", who: bob } },
      { kind: "draft-kept", conversation, text: "half a" },
      { kind: "draft-kept", conversation: "#gone", text: "x" },
      { kind: "draft-kept", conversation: "#gone", text: "" },
      { kind: "server-seen", incarnation: "first" },
      { kind: "server-seen", incarnation: "second" },
    ]);
    const saved = await (await reopened()).load();
    expect(saved).toMatchObject({
      device: { ...device, record: Uint8Array.of(4) },
      userSeed: newerSeed,
      groups: [],
      keyPackages: [{ reference: id(5), lastResort: true, madeAt: 12 }],
      pins: [succeeded],
      names: [{ name: "Bob", who: bob }],
      drafts: new Map([[conversation, "half a"]]),
      facts: new Map(),
      plainAllowed: new Set(),
      incarnation: "second",
      formerDevices: [],
      owing: [],
    });
    expect(await store.keyPackage(id(5))).toEqual(keyPackage);
    expect(await store.keyPackage(id(6))).toBeNull();
  });

  test("AS-2 a renewal of key packages is open until it was answered", async () => {
    await store.commit([{ kind: "renewal-begun" }]);
    await store.commit([{ kind: "renewal-begun" }]);
    expect((await (await reopened()).load()).isRenewalOpen).toBe(true);
    await store.commit([{ kind: "renewal-answered" }]);
    expect((await (await reopened()).load()).isRenewalOpen).toBe(false);
  });

  test("AS-27 a user key on its way is there again, until it is the person's or is dropped, and no other takes its place", async () => {
    const [seed, next] = [secret().subarray(0, 32), secret().subarray(0, 32)];
    const staying = [{ device: id(3), record: Uint8Array.of(5), sealed: Uint8Array.of(6, 7) }];
    const rotation = {
      seed: next,
      former: id(1),
      statement: secret(),
      removed: [id(2)],
      own: Uint8Array.of(4),
      staying,
    };
    await store.commit([
      { kind: "device-made", device },
      { kind: "user-key-kept", seed },
      { kind: "rotation-begun", rotation },
    ]);
    expect(await (await reopened()).load()).toMatchObject({ rotation, userSeed: seed, statement: null });
    const another = { ...rotation, seed, removed: [id(9)] };
    await expect(store.commit([{ kind: "rotation-begun", rotation: another }])).rejects.toMatchObject({
      code: "conflict",
    });
    expect(await store.load()).toMatchObject({ rotation });
    await store.commit([{ kind: "rotation-dropped" }]);
    expect(await store.load()).toMatchObject({ rotation: null, userSeed: seed, arePackagesDue: false });
    const { statement, own: record } = rotation;
    await store.commit([
      { kind: "rotation-begun", rotation },
      { kind: "user-key-succeeded", seed: next, record, statement },
    ]);
    const after = await (await reopened()).load();
    expect(after).toMatchObject({ rotation: null, userSeed: next, statement, arePackagesDue: true });
    expect(after.successions).toEqual([statement]);
    const known = Array.from({ length: 9 }, (_, at) => Uint8Array.of(at));
    await store.commit([{ kind: "successions-kept", statements: known }]);
    expect((await (await reopened()).load()).successions).toEqual(known.slice(1));
    expect(after.device?.record).toEqual(record);
    await store.commit([{ kind: "packages-renewed" }]);
    expect((await store.load()).arePackagesDue).toBe(false);
  });

  test("AS-23 a device that took another's place has its history and no keys, and nothing waits", async () => {
    const other = { id: id(77), seed: secret().subarray(0, 32), record: Uint8Array.of(9) };
    await store.commit([
      { kind: "device-made", device },
      groupAdded(),
      groupSaved(secret(), secret()),
      historyKept(1, message(1, "said")),
      { kind: "message-written", group, message: written(1) },
      { kind: "flight-begun", group, flight: { messageId: id(1), number: 1, epoch: 0, sealed: secret() } },
      { kind: "key-package-made", keyPackage: { reference: id(5), secret: secret(), lastResort: true, madeAt: 12 } },
      { kind: "device-replaced", device: other },
    ]);
    const saved = await (await reopened()).load();
    expect([saved.device, saved.formerDevices, saved.keyPackages]).toEqual([other, [device.id], []]);
    const kept = await store.group(group);
    expect([kept?.row.status, kept?.row.sent, kept?.active, kept?.outbox, kept?.flight]).toEqual([
      "stopped",
      0,
      null,
      [],
      null,
    ]);
    expect((await store.history(conversation, { before: null, limit: 9 })).length).toBe(1);
  });

  test("AS-2 a group's states, request, flight, outbox, readers and senders are there again", async () => {
    const [state, candidate, tree] = [secret(), secret(), secret()];
    const request = {
      requestId: id(9),
      kind: "commit",
      epoch: 4,
      after: 3,
      commit: secret(),
      welcome: null,
      groupInfo: secret(),
      welcomed: [id(3), id(4)],
    } as const;
    const devices = [{ deviceId: id(7), keyPackage: Uint8Array.from(secret()) }];
    const intent = { intent: { kind: "add", devices }, madeAt: 5 } as const;
    const flight = { messageId: id(1), number: 1, epoch: 4, sealed: secret() };
    await store.commit([
      groupAdded(),
      groupSaved(secret(), tree),
      groupSaved(state, null),
      { kind: "group-saved", slot: "candidate", saved: { groupId: group, state: candidate, tree, epochs: [] } },
      { kind: "request-made", group, request },
      { kind: "intent-kept", group, intent: { intent: { kind: "update" }, madeAt: 3 } },
      { kind: "intent-kept", group, intent },
      { kind: "message-written", group, message: written(1) },
      { kind: "message-written", group, message: written(2) },
      { kind: "flight-begun", group, flight },
      { kind: "readers-shown", group, readers: ["a", "b", "a"] },
      { kind: "sender-seen", group, device: id(500), number: 1 },
      { kind: "sender-seen", group, device: id(500), number: 2 },
      { kind: "update-due", group, at: 2000 },
      {
        kind: "devices-owed",
        group,
        devices: [
          { deviceId: id(500), deviceKey: hash },
          { deviceId: id(501), deviceKey: hash },
        ],
      },
      { kind: "owed-settled", group, devices: [id(500)] },
    ]);
    const kept = await (await reopened()).group(group);
    const row = {
      id: group,
      conversation,
      status: "active",
      stopped: null,
      cursor: 3,
      hash,
      sent: 0,
      updateDue: 2000,
      successor: null,
    };
    expect(kept).toEqual({
      row,
      active: { groupId: group, state, tree, epochs: [] },
      candidate: { groupId: group, state: candidate, tree, epochs: [] },
      request,
      intent,
      flight,
      outbox: [written(1), written(2)].map(asRead),
      readers: new Set(["a", "b"]),
      senders: new Map([[Buffer.from(id(500)).toString("hex"), 2]]),
      owed: [{ deviceId: id(501), deviceKey: hash }],
      isSuccessor: false,
    });
    expect((await store.load()).groups).toEqual([row]);

    await store.commit([
      { kind: "candidate-promoted", group },
      { kind: "request-settled", group, requestId: id(9) },
      { kind: "intent-dropped", group },
      { kind: "flight-stored", group, messageId: id(1), number: 1 },
      { kind: "cursor-moved", group, from: 3, to: 4, hash: id(4) },
    ]);
    expect(await (await reopened()).group(group)).toMatchObject({
      row: { cursor: 4, hash: id(4), sent: 1 },
      active: { state: candidate, tree },
      candidate: null,
      request: null,
      intent: null,
      flight: null,
      outbox: [{ messageId: id(2) }],
    });
    await store.commit([{ kind: "group-status", group, status: "removed", stopped: null }]);
    expect(await (await reopened()).group(group)).toMatchObject({ row: { status: "removed" }, active: null });
  });

  test("AS-2 what a commit is to do is there again, until its group is removed or stopped", async () => {
    const policy: RoomPolicy = { access: "open", add: "members", remove: "members", moderators: [], listed: [] };
    const moderators = [{ kind: "person", identity: "1001" }] as const;
    const intents: Intent[] = [
      { kind: "remove", devices: [id(7), id(8)] },
      { kind: "policy", policy: { ...policy, moderators }, instead: policy },
      { kind: "update" },
    ];
    await store.commit([groupAdded()]);
    for (const intent of intents) {
      await store.commit([{ kind: "intent-kept", group, intent: { intent, madeAt: 9 } }]);
      expect((await (await reopened()).group(group))?.intent).toEqual({ intent, madeAt: 9 });
    }
    await store.commit([{ kind: "group-status", group, status: "stopped", stopped: "closed" }]);
    expect((await store.group(group))?.intent).toBeNull();
  });

  test("AS-16 in one's own thread it is the same, and after closing every call is refused", async () => {
    const changes: Change[] = [
      groupAdded(),
      groupSaved(id(1), id(2)),
      { kind: "message-written", group, message: written(1) },
      historyKept(1, message(1, "one")),
    ];
    const other = deviceScratch("fast");
    const direct = storeInThisThread(openDatabase(other));
    try {
      await Promise.all([store.commit(changes), direct.commit(changes)]);
      const [here, there] = [await direct.group(group), await store.group(group)];
      expect(JSON.stringify(here?.row)).toBe(JSON.stringify(there?.row));
      expect(there?.outbox.length).toBe(1);
      const page = { before: null, limit: 5 };
      expect(await direct.history(conversation, page)).toEqual(await store.history(conversation, page));
    } finally {
      await direct.close();
      other.remove();
    }
    await store.close();
    await expect(store.load()).rejects.toMatchObject({ name: "AgentStoreError", code: "failed" });
    await expect(store.commit(changes)).rejects.toMatchObject({ code: "failed" });
  });
});

describe("changes that don't fit", () => {
  test("AS-3 refuse their whole commit, and the store goes on", async () => {
    await store.commit([groupAdded(), { kind: "device-made", device }]);
    const misfits: readonly Change[] = [
      groupAdded(),
      { kind: "device-made", device },
      { kind: "key-package-dropped", reference: id(1) },
      { kind: "candidate-promoted", group },
      { kind: "request-settled", group, requestId: id(1) },
      { kind: "cursor-moved", group, from: 2, to: 4, hash },
      { kind: "group-status", group: id(99), status: "removed", stopped: null },
      groupSaved(id(1), id(2), id(99)),
      { kind: "flight-begun", group, flight: { messageId: id(1), number: 1, epoch: 1, sealed: id(1) } },
      { kind: "flight-stored", group, messageId: id(1), number: 1 },
      { kind: "message-withdrawn", group, messageId: id(1) },
    ];
    for (const misfit of misfits) {
      const draft: Change = { kind: "draft-kept", conversation, text: misfit.kind };
      await expect(store.commit([draft, misfit]), misfit.kind).rejects.toMatchObject({ code: "conflict" });
    }
    expect((await store.load()).drafts).toEqual(new Map());
    await store.commit([{ kind: "draft-kept", conversation, text: "on" }]);
    expect((await store.load()).drafts).toEqual(new Map([[conversation, "on"]]));
  });

  test("AS-28 a Welcome takes the place of a join that began before it, and of none that began behind it", async () => {
    const [joined, commit] = [groupAdded(group, 5), Uint8Array.of(1)];
    if (joined.kind !== "group-added") throw new Error("another change");
    const request = { kind: "join", epoch: 5, after: 5, commit, groupInfo: commit, requestId: id(1) } as const;
    const made = { kind: "request-made", group, request: { ...request, welcome: null, welcomed: [] } } as const;
    await store.commit([{ ...joined, status: "joining" }, made]);
    for (const number of [4, 5])
      await expect(store.commit([groupAdded(group, number)])).rejects.toMatchObject({ code: "conflict" });
    expect(await store.group(group)).toMatchObject({ request, row: { status: "joining", cursor: 5 } });
    await store.commit([groupAdded(group, 6)]);
    expect(await store.group(group)).toMatchObject({ request: null, row: { status: "active", cursor: 6 } });
  });

  test("AS-4 an own number is the next one, once, and a message in flight isn't withdrawn", async () => {
    await store.commit([
      groupAdded(),
      { kind: "message-written", group, message: written(1) },
      { kind: "message-written", group, message: written(2) },
    ]);
    await expect(store.commit([begin(id(1), 2)])).rejects.toMatchObject({ code: "conflict" });
    await store.commit([begin(id(1), 1)]);
    await expect(store.commit([{ kind: "message-withdrawn", group, messageId: id(1) }])).rejects.toMatchObject({
      code: "conflict",
    });
    await store.commit([{ kind: "flight-ended", group }, begin(id(1), 1)]);
    await store.commit([{ kind: "flight-stored", group, messageId: id(1), number: 1 }]);
    await expect(store.commit([begin(id(2), 1)])).rejects.toMatchObject({ code: "conflict" });
    await store.commit([{ kind: "message-withdrawn", group, messageId: id(2) }]);
    expect(await store.group(group)).toMatchObject({ outbox: [], flight: null, row: { sent: 1 } });
  });

  test("AS-5 a thousand messages wait in a group, and no more", async () => {
    const waiting = Array.from({ length: 1000 }, (_, index): Change => {
      return { kind: "message-written", group, message: written(index) };
    });
    await store.commit([groupAdded(), ...waiting]);
    await expect(store.commit([{ kind: "message-written", group, message: written(1000) }])).rejects.toMatchObject({
      code: "conflict",
    });
    expect((await store.group(group))?.outbox.length).toBe(1000);
  });
});

describe("history", () => {
  test("AS-6 it comes in pages, the newest first, with every kind of entry", async () => {
    const entries = [
      message(1, "one"),
      { kind: "members", came: ["a"], went: ["b"], by: "c", devices: [{ who: "a", label: "phone", how: "came" }] },
      { kind: "gap", from: 3, to: 9 },
      { kind: "unreadable", why: "replayed" },
    ] as const;
    await store.commit([groupAdded(), ...entries.map((entry, index) => historyKept(index + 1, entry))]);
    const page = await store.history(conversation, { before: null, limit: 3 });
    expect(page.map(({ number, entry }) => [number, entry.kind])).toEqual([
      [4, "unreadable"],
      [3, "gap"],
      [2, "members"],
    ]);
    const [oldest] = await store.history(conversation, { before: page.at(-1)?.position ?? null, limit: 1000 });
    expect(oldest).toMatchObject({ number: 1, at: 1_000_001, conversation, group });
    expect(oldest?.entry).toEqual({ ...message(1, "one"), content: Uint8Array.from(Buffer.from("one")) });
    expect(await store.history("#other", { before: null, limit: 9 })).toEqual([]);
    await expect(store.commit([historyKept(1, message(9, "another"))])).rejects.toMatchObject({ code: "conflict" });
  });

  test("AS-6 a message that came again in a successor group is there once, also in the search", async () => {
    const successor = id(77);
    await store.commit([groupAdded(), groupAdded(successor), historyKept(1, message(1, "once only"))]);
    await store.commit([
      historyKept(1, message(1, "once only"), successor),
      historyKept(2, message(2, "next"), successor),
    ]);
    await store.commit([historyKept(3, message(1, "another device", id(501)), successor)]);
    const rows = await store.history(conversation, { before: null, limit: 10 });
    expect(rows.map(({ entry }) => entry.kind === "message" && entry.text)).toEqual([
      "another device",
      "next",
      "once only",
    ]);
    expect((await store.search("once", { conversation, limit: 10 })).length).toBe(1);
    expect((await store.search("another", { conversation, limit: 10 })).length).toBe(1);
  });

  test("AS-26 in a conversation's next group numbers go on from the last one that was read, and what comes again keeps its first", async () => {
    const successor = id(77);
    await store.commit([groupAdded(group, 0), historyKept(1, message(1, "one"))]);
    await store.commit([{ kind: "cursor-moved", group, from: 0, to: 1, hash: id(1) }, groupAdded(successor, 0)]);
    await store.commit([{ kind: "cursor-moved", group, from: 1, to: 5, hash: id(1) }]);
    const writer = id(500);
    await store.commit([{ kind: "group-succeeded", group, successor, device: writer, behind: 9 }]);
    await store.commit([historyKept(1, message(1, "one"), successor), historyKept(2, message(2, "two"), successor)]);
    const since = async (number: number) => {
      const rows = await store.since(conversation, { number, limit: 9 });
      return rows.map(({ shown, entry }) => [shown, entry.kind === "message" ? entry.text : null]);
    };
    expect(await since(0)).toEqual([
      [1, "one"],
      [7, "two"],
    ]);
    expect(await since(1)).toEqual([[7, "two"]]);
  });

  test("AS-7 words and their beginnings are found, in any case, with or without accents", async () => {
    const texts = ["Backup done at noon", "the back door", "Čaj o páté", "nothing of it"];
    await store.commit([groupAdded(), ...texts.map((text, index) => historyKept(index + 1, message(index + 1, text)))]);
    const found = async (words: string) => {
      const rows = await store.search(words, { conversation: null, limit: 10 });
      return rows.map(({ entry }) => (entry.kind === "message" ? entry.text : null));
    };
    expect(await found("back")).toEqual(["the back door", "Backup done at noon"]);
    expect(await found("NOON backup")).toEqual(["Backup done at noon"]);
    expect(await found("caj pate")).toEqual(["Čaj o páté"]);
    expect(await found("text:back")).toEqual([]);
    expect(await found('"')).toEqual([]);
    expect(await found("back OR nothing")).toEqual([]);
    expect(await store.search("back", { conversation: "#other", limit: 10 })).toEqual([]);
  });

  test("AS-7 no text makes a search throw", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 300 }), async (words) => {
        expect(Array.isArray(await store.search(words, { conversation: null, limit: 5 }))).toBe(true);
      }),
    );
  });
});

function begin(messageId: Uint8Array, number: number): Change {
  return { kind: "flight-begun", group, flight: { messageId, number, epoch: 1, sealed: id(1) } };
}

function asRead(row: OutboxRow): OutboxRow {
  return { ...row, content: Uint8Array.from(row.content) };
}

function pending(number: number) {
  const [seed, secretKey, publicKey] = [secret(), secret(), secret()].map((bytes) => bytes.slice(0, 32));
  if (seed === undefined || secretKey === undefined || publicKey === undefined) throw new Error("three were made");
  const sealKey = { secretKey, publicKey };
  return { device: { id: id(number), seed }, sealKey, of: bob, token: secret().slice(0, 16) };
}

test("AS-13 a store that nobody asks anything tidies by itself: what was replaced isn't left in its log", async () => {
  await store.commit([{ kind: "draft-kept", conversation, text: "never sent: swordfish" }]);
  const log = readdirSync(place.folder, { recursive: true, encoding: "utf8" }).find((name) => name.endsWith("-wal"));
  if (log === undefined) throw new Error("a store has a log");
  const path = join(place.folder, log);
  const watcher = watch(path);
  for (let change = once(watcher, "change"); statSync(path).size > 0; change = once(watcher, "change")) await change;
  watcher.close();
});

test("AS-29 a thread that was started ahead is the next store's and ends with it, and one that has ended meanwhile is nobody's", async () => {
  const ahead = startAhead();
  expect(startAhead()).toBe(ahead);
  await reopened();
  const ended = once(ahead, "exit");
  expect(await store.lastPlace()).toBe(0);
  await store.close();
  await ended;
  await startAhead().terminate();
  store = await openAgentStore(place);
  expect(await store.lastPlace()).toBe(0);
});
