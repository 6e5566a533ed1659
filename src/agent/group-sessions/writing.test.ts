import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { outgoing, testDevice, textsOf } from "../../../test/agent/device.ts";
import type { TestDevice } from "../../../test/agent/device.ts";
import { idealLog } from "../../../test/agent/ideal-log.ts";
import type { IdealLog } from "../../../test/agent/ideal-log.ts";

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

test("GS-22 what is written while the session waits for its turn is on the disk at once, and goes out once behind the commit", async () => {
  const [alice, bob] = await two();
  const { service } = alice;
  const turn = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  alice.service = {
    ...service,
    commit: async (id, request) => {
      asked.resolve();
      await turn.promise;
      return await service.commit(id, request);
    },
  };
  const session = alice.session(group);
  const committed = session.commit({ kind: "update" });
  await asked.promise;
  await session.write(outgoing("while waiting"), []);
  await session.write(outgoing("and again"), []);
  expect((await alice.store.group(group))?.outbox.map(({ text }) => text)).toEqual(["while waiting", "and again"]);
  turn.resolve();
  expect(await committed).toMatchObject({ kind: "done" });
  expect(await session.advance()).toEqual({ kind: "idle" });
  await bob.session(group).advance();
  expect(await textsOf(bob)).toEqual(["while waiting", "and again"]);
  expect((await alice.store.group(group))?.outbox).toEqual([]);
});

test("GS-22 written in the moment when a session fails, it is there once all the same", async () => {
  const [alice, bob] = await two();
  const { service } = alice;
  let isFailing = true;
  alice.service = {
    ...service,
    read: async (id, after) => {
      if (isFailing) {
        await alice.session(group).write(outgoing("in the middle"), []);
        isFailing = false;
        alice.failAfter(0);
      }
      return await service.read(id, after);
    },
  };
  await alice.session(group).write(outgoing("first"), []);
  await expect(alice.session(group).advance()).rejects.toMatchObject({ code: "full" });
  expect(await alice.session(group).advance()).toEqual({ kind: "idle" });
  await bob.session(group).advance();
  expect(await textsOf(bob)).toEqual(["first", "in the middle"]);
  expect(await textsOf(alice)).toEqual(["first", "in the middle"]);
});

test("GS-22 the store's bound on what waits holds, and one that is on its way isn't withdrawn", async () => {
  const [alice] = await two();
  const { service } = alice;
  alice.service = { ...service, send: async () => await Promise.resolve({ kind: "offline" }) };
  const session = alice.session(group);
  const [first, second] = [outgoing("on its way"), outgoing("behind it")];
  await session.write(first, []);
  await session.write(second, []);
  await session.advance();
  expect(await session.withdraw(first.messageId)).toBe(false);
  expect(await session.withdraw(second.messageId)).toBe(true);
  expect(await session.withdraw(second.messageId)).toBe(false);
  for (let count = 1; count < 1000; count += 1) await session.write(outgoing("more"), []);
  await expect(session.write(outgoing("too many"), [])).rejects.toMatchObject({ code: "conflict" });
});

test("GS-23 whoever comes in has the present people as readers; of who comes later nothing is said until they were shown", async () => {
  const [alice, bob] = await two();
  const carol = await newDevice("1003");
  await add(alice, carol);
  await carol.session(group).write(outgoing("hello, both"), []);
  expect(await carol.session(group).advance()).toEqual({ kind: "idle" });
  await bob.session(group).write(outgoing("hm"), []);
  expect(await bob.session(group).advance()).toMatchObject({ kind: "held", holds: [{ who: [carol.who] }] });

  // Over a restart nothing else is so, and an external join begins likewise.
  await bob.restart();
  expect(await bob.session(group).advance()).toMatchObject({ kind: "held" });
  const dave = await newDevice("1004");
  await dave.enter(group);
  await dave.session(group).write(outgoing("hello, all"), []);
  expect(await dave.session(group).advance()).toEqual({ kind: "idle" });
});

test("GS-23 in a group that takes an earlier one's place, whoever wasn't shown in that one is new", async () => {
  const [alice, bob] = await two();
  const successor = Uint8Array.from(randomBytes(16));
  const mallory = await newDevice("6666");
  await mallory.create(successor);
  await mallory.session(successor).advance();
  for (const one of [bob, alice]) {
    const devicesToAdd = [{ deviceId: one.id, keyPackage: await one.keyPackage() }];
    await mallory.session(successor).commit({ kind: "add", devices: devicesToAdd });
    await one.takeWelcomes();
  }
  await alice.session(successor).write(outgoing("who is here?"), []);
  expect(await alice.session(successor).advance()).toMatchObject({
    kind: "held",
    holds: [{ kind: "new-readers", who: [mallory.who] }],
  });
});

test("GS-24 an ordered removal that nobody commits holds messages back after the time that others have for it, until it is done, lifted or accepted", async () => {
  const [alice, bob] = await two();
  const session = alice.session(group);
  session.orderRemovals([bob.id], 30_000);
  await session.write(outgoing("at once"), []);
  expect(await session.advance()).toEqual({ kind: "idle" });
  alice.clock.now += 30_000;
  await session.write(outgoing("later"), []);
  expect(await session.advance()).toEqual({ kind: "held", holds: [{ kind: "removal-pending", who: [bob.who] }] });
  session.acceptRemoved([bob.who]);
  expect(await session.advance()).toEqual({ kind: "idle" });
  // Told again, it was accepted; ordered anew after it was lifted, it is another one.
  session.orderRemovals([bob.id], 0);
  await session.write(outgoing("later still"), []);
  expect(await session.advance()).toEqual({ kind: "idle" });
  session.orderRemovals([], 0);
  session.orderRemovals([bob.id], 0);
  await session.write(outgoing("without Bob"), []);
  expect(await session.advance()).toMatchObject({ kind: "held" });
  await session.commit({ kind: "remove", devices: [bob.id] });
  expect(await session.advance()).toEqual({ kind: "idle" });
  expect(await textsOf(alice)).toEqual(["at once", "later", "later still", "without Bob"]);
});

async function newDevice(identity: string): Promise<TestDevice> {
  const made = await testDevice({ log, identity });
  devices.push(made);
  return made;
}

async function two(): Promise<readonly [TestDevice, TestDevice]> {
  const [alice, bob] = [await newDevice("1001"), await newDevice("1002")];
  await alice.create(group);
  await alice.session(group).advance();
  await add(alice, bob);
  await alice.session(group).showReaders([bob.who]);
  return [alice, bob];
}

async function add(by: TestDevice, other: TestDevice): Promise<void> {
  const added = { deviceId: other.id, keyPackage: await other.keyPackage() };
  await by.session(group).commit({ kind: "add", devices: [added] });
  await other.takeWelcomes();
  await other.session(group).advance();
  await by.session(group).advance();
}
