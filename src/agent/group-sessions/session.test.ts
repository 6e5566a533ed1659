import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hex, outgoing, testDevice, textsOf } from "../../../test/agent/device.ts";
import type { DeviceOptions, TestDevice } from "../../../test/agent/device.ts";
import { idealLog } from "../../../test/agent/ideal-log.ts";
import { overriding } from "../../../test/agent/overriding.ts";
import type { IdealLog } from "../../../test/agent/ideal-log.ts";
import { EngineError } from "../../mls/engine-error.ts";
import type { Group } from "../../mls/group-engine.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { RoomPolicy } from "../../mls/room-policy.ts";
import type { Intent } from "../storage/kept.ts";
import { Fault } from "../storage/sqlite/database.ts";
import type { CommitOutcome } from "./commit.ts";
import { chainHash, EMPTY_LOG } from "./log.ts";
import type { LogEntry } from "./ports.ts";
import { firstUpdate, nextUpdate } from "./schedule.ts";
import type { GroupSession } from "./session.ts";

let log: IdealLog;
let devices: TestDevice[];
let group: Uint8Array;
beforeEach(() => {
  log = idealLog();
  devices = [];
  group = Uint8Array.from(randomBytes(16));
});
afterEach(() => {
  for (const device of devices) device.close();
});

test("GS-2 what one writes the others read, once, in the log's order, the writer too", async () => {
  const [alice, bob] = await pair();
  for (const text of ["one", "two", "three"]) await say(alice, text);
  await say(bob, "four");
  await alice.session(group).advance();
  expect(await textsOf(alice)).toEqual(["one", "two", "three", "four"]);
  expect(await textsOf(bob)).toEqual(["one", "two", "three", "four"]);
});

test("GS-30 a session whose store has something else than itself goes on from that", async () => {
  const [alice, bob] = await pair();
  const { cursor } = (await alice.session(group).look()).row;
  await say(bob, "one");
  const [entry] = log.entries(group).slice(cursor);
  const { row } = await bob.session(group).look();
  expect([entry?.number, row.cursor]).toEqual([cursor + 1, cursor + 1]);
  await alice.store.commit([{ kind: "cursor-moved", group, from: cursor, to: row.cursor, hash: row.hash }]);
  expect(await alice.session(group).advance()).toEqual({ kind: "idle" });
  await say(bob, "two");
  await alice.session(group).advance();
  expect(await textsOf(alice)).toEqual(["two"]);
});

test("SR-71 a device whose join comes too late for a group that is closed waits for it no longer", async () => {
  const session = await tooLate("closed");
  expect(await session.advance()).toEqual({ kind: "stopped" });
  expect((await session.look()).row).toMatchObject({ status: "stopped", stopped: "closed" });
});

test("SR-71 a member that was away longer than a closed group's commits are kept goes on where it does", async () => {
  const [, bob] = await pair();
  bob.service = {
    ...bob.service,
    read: async () => await Promise.resolve({ kind: "too-old" }),
    joinInfo: async () => await Promise.resolve({ kind: "closed" }),
  };
  expect(await bob.session(group).advance()).toEqual({ kind: "stopped" });
  expect((await bob.session(group).look()).row.stopped).toBe("closed");
});

test("SR-71 a device whose join comes too late for a group that it isn't shown any more says so", async () => {
  const session = await tooLate("not-a-member");
  expect(await session.advance()).toEqual({ kind: "refused", why: "not a member" });
  expect((await session.look()).row.status).toBe("joining");
  session.end("log-broken");
  expect(await session.advance()).toEqual({ kind: "stopped" });
});

test("GS-2 whichever answer is lost, the message goes out again as it was, and is there once", async () => {
  const [alice, bob] = await pair();
  const { service } = alice;
  const sent: string[] = [];
  for (const isLostBefore of [true, false]) {
    alice.service = {
      ...service,
      send: async (message) => {
        sent.push(hex(message.bytes));
        if (!isLostBefore) await service.send(message);
        return { kind: "offline" };
      },
    };
    await write(alice, `lost ${isLostBefore ? "before" : "after"}`);
    expect(await alice.session(group).advance()).toEqual({ kind: "offline" });
    await alice.restart();
    alice.service = {
      ...service,
      send: async (message) => {
        sent.push(hex(message.bytes));
        return await service.send(message);
      },
    };
    expect(await alice.session(group).advance()).toEqual({ kind: "idle" });
  }
  // Of the first nothing had arrived, so the same bytes went again; the second was found in the log.
  expect([sent.length, sent[0] === sent[1]]).toEqual([3, true]);
  await bob.session(group).advance();
  expect(await textsOf(bob)).toEqual(["lost before", "lost after"]);
  expect(await textsOf(alice)).toEqual(["lost before", "lost after"]);
});

test("GS-1 when something leaves, the disk has it, and the state behind it", async () => {
  const alice = await newDevice("1001");
  const bob = await newDevice("1002");
  const { service } = alice;
  const seen: string[] = [];
  alice.service = {
    ...service,
    commit: async (id, request) => {
      const kept = await alice.store.group(id);
      expect(hex(kept?.request?.requestId ?? group)).toBe(hex(request.requestId));
      expect(request.kind === "commit" ? kept?.active : kept?.candidate).not.toBeNull();
      seen.push(request.kind);
      return await service.commit(id, request);
    },
    send: async (message) => {
      expect(await alice.store.group(group)).toMatchObject({ flight: { number: message.counter } });
      seen.push("message");
      return await service.send(message);
    },
  };
  await alice.create(group);
  await alice.session(group).advance();
  await add(alice, bob);
  await say(alice, "hello");
  await alice.enter(group);
  await alice.session(group).advance();
  expect(seen).toEqual(["create", "commit", "message", "join"]);
});

test("GS-3 a message that came too late for its epoch is sealed again, under the same number and id", async () => {
  const [alice, bob] = await pair();
  const { service } = alice;
  const sent: [number, number, string][] = [];
  alice.service = {
    ...service,
    send: async (message) => {
      sent.push([message.epoch, message.counter, hex(message.messageId)]);
      // Bob is faster, once.
      if (sent.length === 1) await bob.session(group).commit({ kind: "update" });
      return await service.send(message);
    },
  };
  await say(alice, "late");
  const [first, second] = sent;
  expect([first?.[0], second?.[0]]).toEqual([2, 3]);
  expect(second?.slice(1)).toEqual(first?.slice(1));
  await bob.session(group).advance();
  expect(await textsOf(bob)).toEqual(["late"]);
});

test("GS-4 own messages never go into the engine", async () => {
  const opened: string[] = [];
  const watch = (made: Group): Group =>
    overriding(made, {
      open(bytes) {
        opened.push(hex(bytes));
        return made.open(bytes);
      },
    });
  const [alice, bob] = await pair({ wrap: watch });
  await say(alice, "mine");
  await say(bob, "theirs");
  await alice.session(group).advance();
  const [mine, theirs] = log.entries(group).filter(({ kind }) => kind === "message");
  expect(opened).toEqual([hex(theirs?.bytes ?? group)]);
  expect(mine?.device).toEqual(alice.id);
  expect(await textsOf(alice)).toEqual(["mine", "theirs"]);
});

test("GS-5 who loses a race takes the winner's commit and makes its own afresh; what is done isn't done again", async () => {
  const [alice, bob] = await pair();
  const [carol, dave] = [await newDevice("1003"), await newDevice("1004")];
  const outcomes = await Promise.all([add(alice, carol), add(bob, dave)]);
  expect(outcomes.map(({ kind }) => kind)).toEqual(["done", "done"]);
  // Both remove Dave at once: one finds it done.
  const removals = await Promise.all(
    [alice, bob].map(async (device) => await device.session(group).commit({ kind: "remove", devices: [dave.id] })),
  );
  expect(removals.map(({ kind }) => kind).toSorted((a, b) => a.localeCompare(b))).toEqual(["done", "nothing-to-do"]);
  expect(await alice.session(group).commit({ kind: "remove", devices: [dave.id] })).toEqual({ kind: "nothing-to-do" });
  await carol.takeWelcomes();
  for (const device of [alice, bob, carol]) await device.session(group).advance();
  await sameEpoch(alice, bob, carol);
});

test("GS-6 after a crash at any statement a commit of one's own is applied if the log has it, and dropped else", async () => {
  const [alice, bob] = await pair();
  for (let point = 0; point < 60; point += 2) {
    alice.endAfter(point);
    const outcome = await alice
      .session(group)
      .commit({ kind: "update" })
      .catch((error: unknown) => error);
    if (!(outcome instanceof Fault)) break;
    // Every other time somebody else's commit comes first.
    if (point % 4 === 0) await bob.session(group).commit({ kind: "update" });
    await alice.restart();
    expect(await alice.session(group).advance()).toEqual({ kind: "idle" });
    expect((await alice.store.group(group))?.request).toBeNull();
    await bob.session(group).advance();
    await sameEpoch(alice, bob);
    await say(alice, `after ${point}`);
  }
  // The last commit ended before its point.
  alice.endAfter(Infinity);
  await bob.session(group).advance();
  expect((await textsOf(bob)).length).toBeGreaterThan(5);
  expect(await textsOf(bob)).toEqual(await textsOf(alice));
});

test.each(["add", "remove", "policy"] as const)(
  "GS-28 after a crash at any statement and a lost race, what a commit was to do (%s) is done on what the winner left",
  async (what) => {
    let remade = 0;
    for (let point = 0; point < 80; point += 3) {
      const id = Uint8Array.from(randomBytes(16));
      const [alice, bob, carol] = [await newDevice("1001"), await newDevice("1002"), await newDevice("1003")];
      const moderators = [{ kind: "person", identity: "1001" }] as const;
      const policy: RoomPolicy = { access: "open", add: "members", remove: "members", moderators, listed: [] };
      await alice.create(id, policy);
      await alice.session(id).advance();
      await add(alice, bob, id);
      if (what === "remove") await add(alice, carol, id);
      await bob.takeWelcomes();
      const intent: Intent = {
        add: { kind: "add", devices: [{ deviceId: carol.id, keyPackage: await carol.keyPackage() }] } as const,
        remove: { kind: "remove", devices: [carol.id] } as const,
        policy: { kind: "policy", policy: { ...policy, access: "invite" }, instead: policy } as const,
      }[what];
      await bob.session(id).advance();
      alice.endAfter(point);
      const outcome = await alice
        .session(id)
        .commit(intent)
        .catch((error: unknown) => error);
      await bob.session(id).commit({ kind: "update" });
      await alice.restart();
      const kept = (await alice.store.group(id))?.intent ?? null;
      expect(await alice.session(id).advance()).toEqual({ kind: "idle" });
      expect(await alice.store.group(id)).toMatchObject({ request: null, intent: null });
      const seen = await alice.session(id).look();
      const isDone = {
        add: seen.people.includes(carol.who),
        remove: !seen.people.includes(carol.who),
        policy: seen.policy?.access === "invite",
      }[what];
      if (kept !== null) remade += 1;
      // Before it was kept nobody was told that it would be done.
      if (kept !== null || !(outcome instanceof Fault)) expect(isDone).toBe(true);
      await bob.session(id).advance();
      await expect(bob.session(id).look()).resolves.toMatchObject({ epoch: seen.epoch });
      if (!(outcome instanceof Fault)) break;
    }
    expect(remade).toBeGreaterThan(2);
  },
);

test("CA-18 that a member's device has taken out somebody is its person's wish where they asked for it, and else the server's order, or not known", async () => {
  for (const moderators of [[], [{ kind: "person", identity: "1001" }] as const]) {
    const policy: RoomPolicy = { access: "open", add: "members", remove: "members", moderators, listed: [] };
    const id = Uint8Array.from(randomBytes(16));
    const [alice, bob] = [await newDevice("1001"), await newDevice("1002")];
    const [carol, dave] = [await newDevice("1003"), await newDevice("1004")];
    await alice.create(id, policy);
    await alice.session(id).advance();
    for (const one of [bob, carol, dave]) await add(alice, one, id);
    await bob.takeWelcomes();
    alice.session(id).orderRemovals([carol.id], 1_000_000);
    expect((await alice.session(id).commit({ kind: "remove", devices: [carol.id] })).kind).toBe("done");
    expect((await alice.session(id).look()).ordered).toEqual(new Set());
    expect((await alice.session(id).commit({ kind: "remove", devices: [dave.id] })).kind).toBe("done");
    await bob.session(id).advance();
    expect(await whyGone(alice)).toEqual(["ordered", "wanted"]);
    expect(await whyGone(bob)).toEqual(moderators.length === 0 ? ["ordered", "ordered"] : [undefined, undefined]);
  }
});

test("GS-28 a policy that others have changed since then, and what was wanted a day ago, stay as they are", async () => {
  const moderators = ["1001", "1002"].map((identity) => ({ kind: "person", identity }) as const);
  const policy: RoomPolicy = { access: "open", add: "members", remove: "members", moderators, listed: [] };
  const id = Uint8Array.from(randomBytes(16));
  const [alice, bob] = [await newDevice("1001"), await newDevice("1002")];
  await alice.create(id, policy);
  await alice.session(id).advance();
  await add(alice, bob, id);
  await bob.takeWelcomes();
  await bob.session(id).advance();
  const change = { kind: "policy", policy: { ...policy, access: "invite" }, instead: policy } as const;
  const answering = alice.service;
  // The request never comes there, and somebody else's does.
  alice.service = { ...answering, commit: async () => await Promise.resolve({ kind: "offline" }) };
  expect(await alice.session(id).commit(change)).toEqual({ kind: "unsettled" });
  await bob.session(id).commit({ kind: "policy", policy: { ...policy, add: "moderators" }, instead: policy });
  alice.service = answering;
  expect(await alice.session(id).advance()).toEqual({ kind: "idle" });
  expect((await alice.session(id).look()).policy).toEqual({ ...policy, add: "moderators" });

  alice.service = { ...answering, commit: async () => await Promise.resolve({ kind: "offline" }) };
  expect(await alice.session(id).commit({ kind: "remove", devices: [bob.id] })).toEqual({ kind: "unsettled" });
  await bob.session(id).commit({ kind: "update" });
  alice.service = answering;
  alice.clock.now += 25 * 3600 * 1000;
  expect(await alice.session(id).advance()).toEqual({ kind: "idle" });
  expect(await alice.store.group(id)).toMatchObject({ request: null, intent: null });
  expect((await alice.session(id).look()).people).toContain(bob.who);
});

test("GS-6 the same for coming in by external commit", async () => {
  const [alice] = await pair();
  for (let point = 0; point < 90; point += 4) {
    const carol = await newDevice(String(2000 + point));
    await carol.enter(group);
    carol.endAfter(point);
    const outcome = await carol
      .session(group)
      .advance()
      .catch((error: unknown) => error);
    if (outcome instanceof Fault && point % 3 === 0) await alice.session(group).commit({ kind: "update" });
    await carol.restart();
    expect(await carol.session(group).advance()).toEqual({ kind: "idle" });
    await alice.session(group).advance();
    await sameEpoch(alice, carol);
    if (!(outcome instanceof Fault)) return;
  }
});

test("GS-7 messages wait for a person whom the writer wasn't shown, and go when they were; reading goes on", async () => {
  const [alice, bob] = await pair();
  const carol = await newDevice("1003");
  await write(alice, "for two");
  await add(bob, carol);
  await say(bob, "hello, Carol");
  const held = await alice.session(group).advance();
  expect(held).toEqual({ kind: "held", holds: [{ kind: "new-readers", who: [carol.who] }] });
  expect(await textsOf(alice)).toEqual(["hello, Carol"]);
  await alice.session(group).showReaders([carol.who]);
  expect(await alice.session(group).advance()).toEqual({ kind: "idle" });
  expect(await textsOf(alice)).toEqual(["hello, Carol", "for two"]);
});

test.each(["changed-key", "remapped-name"] as const)(
  "GS-7 messages wait for a %s, and commits are taken all the same",
  async (why) => {
    const [alice, bob] = await pair();
    alice.blocked.set(bob.who, why);
    await write(alice, "not yet");
    await say(bob, "it's me");
    await bob.session(group).commit({ kind: "update" });
    expect(await alice.session(group).advance()).toMatchObject({
      kind: "held",
      holds: [{ kind: why, who: [bob.who], shown: [{ who: { identity: "1002" } }] }],
    });
    await sameEpoch(alice, bob);
    alice.blocked.clear();
    expect(await alice.session(group).advance()).toEqual({ kind: "idle" });
    expect(await textsOf(alice)).toEqual(["it's me", "not yet"]);
  },
);

test("DI-14 people of a group are pinned as they come, and somebody who comes back under another key is a changed one", async () => {
  const [alice, bob] = await pair();
  expect((await alice.store.load()).pins.map(({ who }) => whoKey(who)).toSorted((a, b) => a.localeCompare(b))).toEqual([
    alice.who,
    bob.who,
  ]);
  await alice.session(group).commit({ kind: "remove", devices: [bob.id] });
  // A new installation, with a user key that nobody has announced.
  const again = await newDevice("1002");
  await add(alice, again);
  await write(alice, "is it you?");
  expect(await alice.session(group).advance()).toMatchObject({
    kind: "held",
    holds: [{ kind: "changed-key", who: [bob.who] }],
  });
  await alice.restart();
  expect(await alice.session(group).advance()).toMatchObject({ kind: "held" });
});

test("GS-8 a device renews its keys within a minute of a Welcome, then each week give or take a day, in every case", async () => {
  const [alice, bob] = await pair();
  const commitsOf = (device: TestDevice) =>
    log.entries(group).filter((entry) => entry.kind === "commit" && hex(entry.device) === hex(device.id));
  expect(commitsOf(bob).length).toBe(1);
  const day = 86_400_000;
  bob.clock.now += 6 * day - 60_000;
  await bob.session(group).advance();
  expect(commitsOf(bob).length).toBe(1);
  bob.clock.now += 2 * day + 60_000;
  await bob.session(group).advance();
  expect(commitsOf(bob).length).toBe(2);
  for (const chance of [0, 0.5, 0.999]) {
    expect(Math.abs(nextUpdate(0, chance) - 7 * day)).toBeLessThanOrEqual(day);
    expect(firstUpdate(0, chance)).toBeLessThanOrEqual(60_000);
  }
  await alice.session(group).advance();
  await sameEpoch(alice, bob);
});

test("GS-9 who was away too long comes back in place of its old leaf; the gap is told, and what was on its way is there once", async () => {
  const [alice, bob] = await pair();
  const { service } = bob;
  bob.service = { ...service, send: async (message) => (await service.send(message), { kind: "offline" }) };
  await write(bob, "arrived, unanswered");
  await bob.session(group).advance();
  await write(bob, "waits");
  bob.service = service;
  for (const text of ["missed one", "missed two"]) await say(alice, text);
  await alice.session(group).commit({ kind: "update" });
  const before = (await alice.session(group).look()).row.cursor;
  log.forget(group, before);
  await say(alice, "after");
  expect(await bob.session(group).advance()).toEqual({ kind: "idle" });
  await alice.session(group).advance();
  await sameEpoch(alice, bob);
  const kinds = (await bob.history()).map(({ entry }) => (entry.kind === "message" ? entry.text : entry.kind));
  expect(kinds.filter((kind) => kind === "gap").length).toBe(1);
  expect(
    kinds.filter((kind) => kind !== "members" && kind !== "gap").toSorted((a, b) => String(a).localeCompare(String(b))),
  ).toEqual(["arrived, unanswered", "waits"]);
  expect((await textsOf(alice)).filter((text) => text === "arrived, unanswered")).toHaveLength(1);
  expect((await alice.session(group).look()).people.length).toBe(2);
});

test("GS-10 a server that has another message under one's number stops the group, and so does an unknown one of one's own", async () => {
  const [alice, bob] = await pair();
  const { service } = alice;
  alice.service = { ...service, send: async () => await Promise.resolve({ kind: "rolled-back" }) };
  await write(alice, "copied?");
  expect(await alice.session(group).advance()).toEqual({ kind: "stopped" });
  expect((await alice.session(group).look()).row.stopped).toBe("rolled-back");
  const entry = {
    device: bob.id,
    kind: "message",
    epoch: 2,
    counter: 1,
    messageId: new Uint8Array(16).fill(1),
    bytes: new Uint8Array(9),
  } as const;
  log.append(group, entry);
  expect(await bob.session(group).advance()).toEqual({ kind: "stopped" });
  await bob.restart();
  expect(await bob.session(group).advance()).toEqual({ kind: "stopped" });
  expect((await bob.session(group).look()).row.stopped).toBe("rolled-back");
});

test("GS-10 so does a commit of one's own device that it doesn't know, and one that is of another epoch breaks the log", async () => {
  for (const [isOwn, elsewhere, why] of [
    [true, 0, "rolled-back"],
    [false, 1, "log-broken"],
    [false, -1, "log-broken"],
  ] as const) {
    group = Uint8Array.from(randomBytes(16));
    const [alice, bob] = await pair();
    const epoch = (await bob.session(group).look()).epoch ?? 0;
    const none = { counter: 0, messageId: new Uint8Array(16), bytes: new Uint8Array(9) };
    const device = isOwn ? bob.id : alice.id;
    log.append(group, { device, kind: "commit", epoch: epoch + elsewhere, ...none });
    expect(await bob.session(group).advance()).toEqual({ kind: "stopped" });
    expect((await bob.session(group).look()).row.stopped).toBe(why);
  }
});

test("GS-11 a commit that can't be processed stops the group, stays unread and is reported", async () => {
  const [alice] = await pair();
  const messageId = new Uint8Array(16);
  const { number } = log.append(group, {
    device: messageId,
    kind: "commit",
    epoch: 2,
    counter: 0,
    messageId,
    bytes: new Uint8Array(99),
  });
  expect(await alice.session(group).advance()).toEqual({ kind: "stopped" });
  expect(log.invalid).toEqual([{ group: hex(group), number }]);
  expect((await alice.session(group).look()).row).toMatchObject({ stopped: "invalid-commit", cursor: number - 1 });
  expect(await alice.session(group).commit({ kind: "update" })).toEqual({ kind: "stopped" });
});

test("GS-12 a log with a hole, a shorter one, or one with another hash than the server says stops the group", async () => {
  for (const way of ["hole", "shorter", "hash", "end"] as const) {
    group = Uint8Array.from(randomBytes(16));
    const [alice, bob] = await pair();
    await say(bob, "one");
    await say(bob, "two");
    const { service } = alice;
    if (way === "hash")
      alice.session(group).expectHead({ number: log.entries(group).length, hash: new Uint8Array(32) });
    else
      alice.service = {
        ...service,
        read: async (id, after) => {
          const page = await service.read(id, after);
          if (page.kind !== "page") return page;
          switch (way) {
            case "hole":
              return { ...page, entries: page.entries.slice(1) };
            case "shorter":
              return { ...page, entries: [], head: 1 };
            case "end":
              // Each entry as it was; only where nothing is left to read another log shows.
              return page.entries.length > 0 ? page : { ...page, hash: new Uint8Array(32) };
          }
        },
      };
    if (way === "end") await alice.session(group).advance();
    expect(await alice.session(group).advance(), way).toEqual({ kind: "stopped" });
    expect((await alice.session(group).look()).row.stopped).toBe("log-broken");
  }
});

test("GS-12 a head that fits is no reason to stop", async () => {
  const [alice, bob] = await pair();
  await say(bob, "one");
  const row = (await bob.session(group).look()).row;
  alice.session(group).expectHead({ number: row.cursor, hash: row.hash });
  expect(await alice.session(group).advance()).toEqual({ kind: "idle" });
});

test("GS-25 a group that the server has ended is read to its end, then stops; one that it doesn't know stops at once", async () => {
  const [alice, bob] = await pair();
  await say(bob, "one");
  alice.session(group).end("closed");
  expect(await alice.session(group).advance()).toEqual({ kind: "stopped" });
  expect((await alice.session(group).look()).row.stopped).toBe("closed");
  expect(await textsOf(alice)).toContain("one");
  bob.session(group).end("log-broken");
  expect(await bob.session(group).advance()).toEqual({ kind: "stopped" });
  expect((await bob.session(group).look()).row.stopped).toBe("log-broken");
});

test("GS-25 a group that a restored server has without this device stops if its log can't be read, and else goes on", async () => {
  const [alice, bob] = await pair();
  await say(bob, "one");
  alice.session(group).end("forgotten");
  expect(await alice.session(group).advance()).toEqual({ kind: "idle" });
  expect(await textsOf(alice)).toContain("one");
  bob.service = { ...bob.service, read: async () => await Promise.resolve({ kind: "not-a-member" }) };
  expect((await bob.session(group).advance()).kind).toBe("refused");
  bob.session(group).end("forgotten");
  expect(await bob.session(group).advance()).toEqual({ kind: "stopped" });
  expect((await bob.session(group).look()).row.stopped).toBe("log-broken");
});

test("GS-26 nothing is sent before the devices that are awaited are in, for a limited time", async () => {
  const [alice, bob] = await pair();
  const session = alice.session(group);
  const before = log.entries(group).length;
  session.awaitMembers([bob.id, new Uint8Array(16)], alice.clock.now + 1000);
  await session.write(outgoing("late"), [bob.who]);
  expect(await session.advance()).toEqual({ kind: "awaiting", until: alice.clock.now + 1000 });
  expect(log.entries(group).length).toBe(before);
  alice.clock.now += 1000;
  await session.advance();
  expect(log.entries(group).length).toBe(before + 1);
  session.awaitMembers([bob.id], alice.clock.now + 1000);
  await say(alice, "at once");
  expect(log.entries(group).length).toBe(before + 2);
});

test("GS-26 nothing more is written in a group that has a successor", async () => {
  const [alice] = await pair();
  const successor = Uint8Array.from(randomBytes(16));
  await alice.create(successor);
  const session = alice.session(group);
  await session.write(outgoing("moves along"), []);
  await session.handOver([{ kind: "group-succeeded", group, successor, device: alice.id, behind: 99 }]);
  await expect(session.write(outgoing("too late"), [])).rejects.toMatchObject({ code: "conflict" });
  expect((await alice.session(successor).look()).waiting.map(({ text }) => text)).toEqual(["moves along"]);
});

test("GS-45 what is sent again in a successor goes to nobody who couldn't read it then: it is told, counted, and what was never sent goes on", async () => {
  const [alice, bob] = await pair();
  await say(alice, "for bob");
  const carol = await newDevice("1003");
  await add(alice, carol);
  await alice.session(group).showReaders([carol.who]);
  await say(alice, "for all");
  const { successor, readers } = await succeedBy(alice, [bob, carol]);
  const session = alice.session(successor);
  await session.write(outgoing("new"), readers);
  expect(await session.advance()).toEqual({ kind: "idle" });
  for (const device of [bob, carol]) await device.takeWelcomes();
  await carol.session(successor).advance();
  expect(await textsOf(carol)).toEqual(["for all", "new"]);
  // It is there still, and nothing else says anything of it.
  expect(await textsOf(alice)).toEqual(["for bob", "for all", "new"]);
  const told = (await alice.history()).flatMap(({ entry }) => (entry.kind === "withheld" ? [entry.count] : []));
  expect([told, (await session.look()).waiting]).toEqual([[1], []]);
  await alice.restart();
  expect((await alice.session(successor).look()).waiting).toEqual([]);
});

test("GS-45 it goes out where those who read are as many or fewer, and is held back from whoever comes before it was", async () => {
  const [alice, bob] = await pair();
  for (const text of ["one", "two", "three"]) await say(alice, text);
  const { successor } = await succeedBy(alice, []);
  const session = alice.session(successor);
  let sent = 0;
  const { service } = alice;
  alice.service = {
    ...service,
    send: async (message) => {
      sent += 1;
      // Carol comes in after the first of them, with the second on its way.
      return sent === 2 ? { kind: "offline" } : await service.send(message);
    },
  };
  expect((await session.advance()).kind).toBe("offline");
  alice.service = service;
  const carol = await newDevice("1003");
  await add(alice, carol, successor);
  await add(alice, bob, successor);
  await session.showReaders([carol.who]);
  expect(await session.advance()).toEqual({ kind: "idle" });
  for (const device of [bob, carol]) {
    await device.takeWelcomes();
    await device.session(successor).advance();
  }
  expect([sent, await textsOf(carol), await textsOf(bob)]).toEqual([2, [], []]);
  expect(log.entries(successor).filter(({ kind }) => kind === "message").length).toBe(1);
  const told = (await alice.history()).flatMap(({ entry }) => (entry.kind === "withheld" ? [entry.count] : []));
  expect([told, await textsOf(alice)]).toEqual([[2], ["one", "two", "three"]]);
  // The number of what was given up is the next one's.
  await session.write(outgoing("four"), [bob.who]);
  expect(await session.advance()).toEqual({ kind: "idle" });
  await carol.session(successor).advance();
  expect(await textsOf(carol)).toEqual(["four"]);
});

test("GS-45 a server that puts a message behind the commit that brought somebody in makes them nobody who could read it", async () => {
  const [alice, bob] = await pair();
  const { service } = alice;
  let held: Parameters<typeof service.send>[0] | undefined;
  alice.service = {
    ...service,
    send: async (message) => {
      held = message;
      return await Promise.resolve({ kind: "offline" });
    },
  };
  await alice.session(group).write(outgoing("for bob"), [bob.who]);
  expect((await alice.session(group).advance()).kind).toBe("offline");
  alice.service = service;
  const carol = await newDevice("1003");
  await add(bob, carol);
  if (held === undefined) throw new Error("it was to be sent");
  const { epoch, counter, messageId, bytes } = held;
  log.append(group, { kind: "message", device: alice.id, epoch, counter, messageId, bytes });
  expect(await alice.session(group).advance()).toEqual({ kind: "idle" });
  const { successor } = await succeedBy(alice, [bob, carol]);
  expect((await alice.session(successor).look()).waiting.map(({ audience }) => audience)).toEqual([[]]);
  expect(await alice.session(successor).advance()).toEqual({ kind: "idle" });
  expect(log.entries(successor).filter(({ kind }) => kind === "message")).toEqual([]);
  expect((await alice.history()).at(-1)?.entry).toEqual({ kind: "withheld", count: 1 });
});

test("GS-13 what doesn't open, isn't its sender's, or comes again is told, and the group goes on; what was dropped is counted", async () => {
  const [alice, bob] = await pair();
  for (const text of ["one", "two", "three", "four"]) await say(bob, text);
  const real = log.entries(group).filter(({ kind }) => kind === "message");
  const [one, two, three] = real;
  if (one === undefined || two === undefined || three === undefined) throw new Error("four were sent");
  const changes: Record<number, Partial<LogEntry>> = {
    [one.number]: { bytes: one.bytes.with(40, (one.bytes[40] ?? 0) ^ 1) },
    [two.number]: { counter: 7 },
    // Somebody else's, the server says.
    [three.number]: { device: Uint8Array.from(randomBytes(16)) },
  };
  const { service } = alice;
  alice.service = {
    ...service,
    read: async (id, after) => {
      const page = await service.read(id, after);
      if (page.kind !== "page") return page;
      return { ...page, entries: page.entries.map((entry) => Object.assign({}, entry, changes[entry.number])) };
    },
  };
  await alice.session(group).advance();
  const rows = (await alice.history())
    .slice(-4)
    .map(({ entry }) => (entry.kind === "unreadable" ? entry.why : entry.kind));
  expect(rows[0]).toMatch(/invalid|malformed|replayed/);
  expect(rows.slice(1)).toEqual(["misattributed", "misattributed", "message"]);
  // A key that was used doesn't open again.
  alice.service = service;
  log.append(group, { ...three, counter: 5 });
  await alice.session(group).advance();
  expect((await alice.history()).at(-1)?.entry).toEqual({ kind: "unreadable", why: "replayed" });
});

test("GS-13 how many of a sender's messages the server dropped is counted", async () => {
  const [alice, bob] = await pair();
  await say(bob, "one");
  await alice.session(group).advance();
  // The server takes two and shows them to nobody.
  for (const text of ["two", "three", "four"]) await say(bob, text);
  const shown = log.entries(group).filter(({ counter }) => counter !== 2 && counter !== 3);
  alice.service = {
    ...alice.service,
    read: async (_, after) =>
      await Promise.resolve({
        kind: "page",
        entries: shown.map((entry, index) => ({ ...entry, number: index + 1 })).slice(after),
        head: shown.length,
        forgotten: 0,
        hash: null,
      }),
  };
  await alice.session(group).advance();
  const last = (await alice.history()).at(-1)?.entry;
  expect(last).toMatchObject({ kind: "message", text: "four", missed: 2 });
});

test("GS-21 messages that the server keeps no longer are a gap, behind which the group goes on, in the middle and at the end", async () => {
  const [alice, bob] = await pair();
  await say(bob, "one");
  await alice.session(group).advance();
  const before = (await alice.session(group).look()).row.cursor;
  for (const text of ["two", "three"]) await say(bob, text);
  expect(await bob.session(group).commit({ kind: "update" })).toMatchObject({ kind: "done" });
  await say(bob, "four");
  const { service } = alice;
  const head = log.entries(group).length;
  alice.service = {
    ...service,
    read: async (id, after) => {
      const page = await service.read(id, after);
      if (page.kind !== "page") return page;
      const entries = page.entries.flatMap((entry) =>
        entry.kind === "commit" ? [{ ...entry, hash: hashAt(entry.number) }] : [],
      );
      return { ...page, entries, forgotten: head };
    },
  };
  expect(await alice.session(group).advance()).toEqual({ kind: "idle" });
  const gaps = (await alice.history()).flatMap(({ entry }) => (entry.kind === "gap" ? [[entry.from, entry.to]] : []));
  expect([before, gaps]).toEqual([
    head - 4,
    [
      [head - 3, head - 2],
      [head, head],
    ],
  ]);
  alice.service = service;
  await say(bob, "five");
  expect(await alice.session(group).advance()).toEqual({ kind: "idle" });
  expect((await textsOf(alice)).at(-1)).toBe("five");
  expect((await alice.session(group).look()).row.hash).toEqual((await bob.session(group).look()).row.hash);
});

test("GS-21 an entry whose hash isn't the chain's stops the group", async () => {
  const [alice, bob] = await pair();
  await say(bob, "one");
  const last = log.entries(group).at(-1);
  if (last !== undefined) alice.session(group).offer({ ...last, hash: new Uint8Array(32).fill(5) });
  expect(await alice.session(group).advance()).toEqual({ kind: "stopped" });
});

test("GS-14 pushed entries may come late, early or twice", async () => {
  const [alice, bob] = await pair();
  for (const text of ["one", "two", "three"]) await say(bob, text);
  const { service } = alice;
  // What was pushed needs no reading but for what is missing.
  let read = 0;
  alice.service = { ...service, read: async (id, after) => ((read = after), await service.read(id, after)) };
  const entries = log.entries(group);
  for (const entry of [...entries.toReversed(), ...entries]) alice.session(group).offer(entry);
  expect(await alice.session(group).advance()).toEqual({ kind: "idle" });
  expect(read).toBe(entries.length);
  expect(await textsOf(alice)).toEqual(["one", "two", "three"]);
});

test("GS-15 a removed device keeps its history and no keys, writes nothing more, and can be added again", async () => {
  const [alice, bob] = await pair();
  await say(alice, "before");
  await bob.session(group).advance();
  await alice.session(group).commit({ kind: "remove", devices: [bob.id] });
  await say(alice, "without Bob");
  await write(bob, "too late");
  expect(await bob.session(group).advance()).toEqual({ kind: "removed" });
  const kept = await bob.store.group(group);
  expect(kept).toMatchObject({ active: null, candidate: null, row: { status: "removed" } });
  expect(await textsOf(bob)).toEqual(["before"]);
  expect(await bob.session(group).commit({ kind: "update" })).toEqual({ kind: "not-a-member" });
  expect(await add(alice, bob)).toMatchObject({ kind: "done" });
  await bob.takeWelcomes();
  await bob.session(group).advance();
  await alice.session(group).advance();
  await sameEpoch(alice, bob);
  await alice.session(group).showReaders([bob.who]);
  await alice.session(group).advance();
  expect(await textsOf(alice)).toEqual(["before", "without Bob", "too late"]);
});

test("GS-16 operations follow one another, and a fault of the store leaves nothing in memory that isn't on the disk", async () => {
  const [alice, bob] = await pair();
  const session = alice.session(group);
  const { people } = await session.look();
  const writes = ["a", "b", "c"].map(async (text) => await session.write(outgoing(text), people));
  await Promise.all([...writes, session.advance(), session.commit({ kind: "update" }), session.advance()]);
  await bob.session(group).advance();
  expect(await textsOf(bob)).toEqual(["a", "b", "c"]);
  // The disk fails in the middle of sending, and is well again: the session goes on without a restart.
  for (let point = 0; point < 40; point += 3) {
    await session.write(outgoing(`d${point}`), people);
    alice.failAfter(point);
    await session.advance().catch((error: unknown) => expect(error).toMatchObject({ code: "full" }));
    alice.failAfter(Infinity);
    expect(await session.advance()).toEqual({ kind: "idle" });
  }
  await bob.session(group).advance();
  expect(await textsOf(bob)).toEqual(await textsOf(alice));
  expect((await textsOf(bob)).length).toBe(17);
});

test("GS-18 nor one of an epoch that the log has passed, though nobody ever showed it to this device", async () => {
  const [alice, bob] = await pair();
  const before = (await bob.store.group(group))?.active;
  if (!before) throw new Error("a member has a state");
  const sealing = bob.engine.load(before);
  const { message: withheld } = sealing.seal(new TextEncoder().encode("kept back"));
  sealing.close();
  await alice.session(group).commit({ kind: "update" });
  const kept = (await alice.store.group(group))?.active;
  if (!kept) throw new Error("a member has a state");
  const stolen = alice.engine.load(kept);
  expect(() => stolen.open(withheld)).toThrow(/past-epoch/);
  stolen.close();
});

test("GS-18 the state that a device has now opens no message that it has opened or sent before", async () => {
  const [alice, bob] = await pair();
  await say(alice, "of the last epoch");
  await bob.session(group).commit({ kind: "update" });
  await say(alice, "of this epoch");
  await say(bob, "by Bob");
  await alice.session(group).advance();
  const stored = log.entries(group).filter(({ kind }) => kind === "message");
  expect(stored.length).toBe(3);
  for (const device of [alice, bob]) {
    // All that a thief of the whole folder, key included, gets.
    const kept = (await device.store.group(group))?.active;
    if (!kept) throw new Error("a member has a state");
    const stolen = device.engine.load(kept);
    for (const { bytes } of stored) expect(() => stolen.open(bytes)).toThrow(/replayed|past-epoch|own-message|invalid/);
    stolen.close();
  }
});

test.each(["message", "commit"] as const)(
  "GS-19 a %s that ends the engine's instance is tried once more, then told",
  async (kind) => {
    let [isBad, attempts] = [false, 0];
    const failing = (): never => {
      attempts += 1;
      throw new EngineError("engine-failed");
    };
    const wrap = (made: Group): Group =>
      overriding(made, {
        open: (bytes) => (isBad ? failing() : made.open(bytes)),
        process: (bytes) => (isBad ? failing() : made.process(bytes)),
      });
    const [alice, bob] = await pair({ wrap });
    if (kind === "message") await say(bob, "bad");
    else await bob.session(group).commit({ kind: "update" });
    isBad = true;
    expect(await alice.session(group).advance()).toEqual({ kind: kind === "message" ? "idle" : "stopped" });
    expect(attempts).toBe(2);
    isBad = false;
    if (kind === "commit") return;
    await say(bob, "good");
    await alice.session(group).advance();
    const told = (await alice.history())
      .slice(-2)
      .map(({ entry }) => (entry.kind === "message" ? entry.text : entry.kind === "unreadable" && entry.why));
    expect(told).toEqual(["engine-failed", "good"]);
  },
);

/** Written with everybody shown who is there now. */
async function write(device: TestDevice, text: string): Promise<void> {
  const session = device.session(group);
  const { people } = await session.look();
  await session.write(outgoing(text), people);
}

async function say(device: TestDevice, text: string): Promise<void> {
  await device.session(group).advance();
  await write(device, text);
  expect(await device.session(group).advance()).toEqual({ kind: "idle" });
}

/** The room goes on in another group, which has lost all messages; the writer has looked at who is in it. */
async function succeedBy(device: TestDevice, others: readonly TestDevice[]) {
  const successor = Uint8Array.from(randomBytes(16));
  await device.create(successor);
  await device.session(successor).advance();
  for (const other of others) await add(device, other, successor);
  const readers = others.map(({ who }) => who);
  const succeeded = { kind: "group-succeeded", group, successor, device: device.id, behind: 0 } as const;
  const shown = { kind: "readers-shown", group: successor, readers } as const;
  await device.session(group).handOver([succeeded, shown]);
  await device.session(successor).renew();
  return { successor, readers };
}

/** Of a device whose join another's commit has overtaken; by then the server says this of the group. */
async function tooLate(kind: "closed" | "not-a-member"): Promise<GroupSession> {
  const [alice] = await pair();
  const carol = await testDevice({ log, identity: "carol" });
  devices.push(carol);
  const session = await carol.enter(group);
  carol.service = {
    ...alice.service,
    commit: async () => await Promise.resolve({ kind: "stale-epoch" }),
    joinInfo: async () => await Promise.resolve({ kind }),
  };
  return session;
}

async function add(by: TestDevice, device: TestDevice, to = group): Promise<CommitOutcome> {
  const added = { deviceId: device.id, keyPackage: await device.keyPackage() };
  return await by.session(to).commit({ kind: "add", devices: [added] });
}

async function sameEpoch(...members: readonly TestDevice[]): Promise<void> {
  const views = await Promise.all(members.map(async (device) => await device.session(group).look()));
  expect(new Set(views.map(({ epoch, authenticator }) => `${epoch} ${hex(authenticator ?? group)}`)).size).toBe(1);
}

async function newDevice(identity: string, options: Partial<DeviceOptions> = {}): Promise<TestDevice> {
  const device = await testDevice({ log, identity, ...options });
  devices.push(device);
  return device;
}

/** Alice has made the room and added Bob, who has renewed his keys; both have seen it. */
async function pair(options: Partial<DeviceOptions> = {}): Promise<readonly [TestDevice, TestDevice]> {
  const [alice, bob] = [await newDevice("1001", options), await newDevice("1002")];
  await alice.create(group);
  expect(await alice.session(group).advance()).toEqual({ kind: "idle" });
  expect(await add(alice, bob)).toEqual({ kind: "done", epoch: 1 });
  await bob.takeWelcomes();
  bob.clock.now += 60_000;
  expect(await bob.session(group).advance()).toEqual({ kind: "idle" });
  expect(await alice.session(group).advance()).toEqual({ kind: "idle" });
  await sameEpoch(alice, bob);
  return [alice, bob];
}

function hashAt(number: number): Uint8Array {
  return log.entries(group).slice(0, number).reduce(chainHash, EMPTY_LOG);
}

/** Why somebody is gone, as the history has it. */
async function whyGone(device: TestDevice): Promise<readonly unknown[]> {
  const rows = await device.history();
  return rows.flatMap(({ entry }) => (entry.kind === "members" && entry.went.length > 0 ? [entry.why] : []));
}
