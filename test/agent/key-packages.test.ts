/** A device that is there for months stays one that others can add. */
import { setImmediate } from "node:timers/promises";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { EVERYONE } from "../../src/agent/delivery/places.ts";
import { startTestServer } from "../helpers/server.ts";
import { expectNoFailures } from "./no-failures.ts";
import { soakDevice, type SoakDevice } from "./server-soak/soak-device.ts";

const DAY = 86_400_000;

afterEach(() => {
  vi.useRealTimers();
});

test("SR-35 a device that comes now and then can be added months after it was made, by each of its key packages", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  await using server = await startTestServer({ config: { messageRate: 0 } });
  const failures: unknown[] = [];
  const [alice, bob] = ["alice", "bob"].map((name) => soakDevice(name, server.port, (error) => failures.push(error)));
  if (alice === undefined || bob === undefined) throw new Error("nobody");
  for (const device of [alice, bob]) onTestFinished(async () => await device.remove());
  await until(async () => (await isIn(alice, EVERYONE, 2)) && (await isIn(bob, EVERYONE, 2)));
  for (const days of [40, 80]) {
    vi.setSystemTime(Date.now() + days * DAY);
    for (const device of [alice, bob]) {
      await device.stop();
      device.start();
      await device.runtime.client.online();
      await device.runtime.settled();
    }
  }
  vi.setSystemTime(Date.now() + 40 * DAY);
  // More than wait for bob: the last ones are added by his last resort.
  await bob.stop();
  for (let nth = 1; nth <= 22; nth += 1) {
    const room = `room:r${nth}`;
    await alice.runtime.createRoom(`r${nth}`, "invite");
    await until(async () => await isIn(alice, room, 1));
    expect(await alice.runtime.invite(room, "bob"), room).toMatchObject({ kind: "done" });
  }
  bob.start();
  await until(async () => (await isIn(bob, "room:r1", 2)) && (await isIn(bob, "room:r22", 2)));
  expectNoFailures(failures);
});

test("SR-35 a device that was added just before its key packages expired opens its Welcome some days after", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  await using server = await startTestServer({ config: { messageRate: 0, deviceUnseenDays: 400 } });
  const failures: unknown[] = [];
  const [alice, bob] = ["alice", "bob"].map((name) => soakDevice(name, server.port, (error) => failures.push(error)));
  if (alice === undefined || bob === undefined) throw new Error("nobody");
  for (const device of [alice, bob]) onTestFinished(async () => await device.remove());
  await until(async () => (await isIn(alice, EVERYONE, 2)) && (await isIn(bob, EVERYONE, 2)));
  await bob.stop();
  vi.setSystemTime(Date.now() + 85 * DAY);
  await alice.runtime.createRoom("late", "invite");
  await until(async () => await isIn(alice, "room:late", 1));
  expect(await alice.runtime.invite("room:late", "bob")).toMatchObject({ kind: "done" });
  await say(alice, "room:late", "hello");
  vi.setSystemTime(Date.now() + 7 * DAY);
  bob.start();
  await until(async () => await isIn(bob, "room:late", 2));
  await until(async () => (await bob.texts("room:late")).has("hello"));
  expect((await bob.history("room:late")).map(({ entry }) => entry.kind)).not.toContain("gap");
  expectNoFailures(failures);
});

test("GR-26 a device that is there makes new key packages as others use them up", async () => {
  await using server = await startTestServer({ config: { messageRate: 0 } });
  const failures: unknown[] = [];
  const [alice, bob] = ["alice", "bob"].map((name) => soakDevice(name, server.port, (error) => failures.push(error)));
  if (alice === undefined || bob === undefined) throw new Error("nobody");
  for (const device of [alice, bob]) onTestFinished(async () => await device.remove());
  await until(async () => (await isIn(alice, EVERYONE, 2)) && (await isIn(bob, EVERYONE, 2)));
  // Of twenty that it had offered fewer than ten are left behind these.
  for (let nth = 1; nth <= 12; nth += 1) {
    await alice.runtime.createRoom(`r${nth}`, "invite");
    await until(async () => await isIn(alice, `room:r${nth}`, 1));
    expect(await alice.runtime.invite(`room:r${nth}`, "bob")).toMatchObject({ kind: "done" });
  }
  await until(async () => await isIn(bob, "room:r12", 2));
  await bob.runtime.settled();
  await bob.stop();
  bob.start();
  const left = await new Promise((resolve) => {
    bob.runtime.client.onEvent((event) => {
      if (event.kind === "welcomed") resolve(event.reply.device?.packages);
    });
  });
  expect(left).toBeGreaterThanOrEqual(18);
  expectNoFailures(failures);
});

async function say({ runtime }: SoakDevice, conversation: string, text: string): Promise<void> {
  const people = (await (await runtime.session(conversation))?.look())?.people ?? [];
  await runtime.write(conversation, Buffer.from(text), people);
}

async function isIn({ runtime }: SoakDevice, conversation: string, count: number): Promise<boolean> {
  const view = await (await runtime.session(conversation))?.look();
  return view?.row.status === "active" && view.members.length === count;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await setImmediate();
}
