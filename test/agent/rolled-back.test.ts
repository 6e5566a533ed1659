import { afterEach, beforeEach, expect, test } from "vitest";
import { EVERYONE } from "../../src/agent/delivery/places.ts";
import { hex } from "./device.ts";
import { endWithoutFailures } from "./no-failures.ts";
import { servedWorld } from "./served-devices.ts";
import type { ServedDevice, ServedWorld } from "./served-devices.ts";

let world: ServedWorld;
beforeEach(async () => {
  world = await servedWorld();
});
afterEach(async () => {
  await endWithoutFailures(world);
});

test("SR-25 a device whose state is an older one is replaced by another of the same person, and what was there can be read", async () => {
  const people = await world.arrive("alice", "bob");
  const [alice, bob] = people;
  if (alice === undefined || bob === undefined) throw new Error("two were to come");
  await alice.say(EVERYONE, "one");
  await world.agree(EVERYONE, people, ["one"]);
  await alice.stop();
  alice.keepFiles();
  alice.start();
  await world.until(async () => (await alice.runtime.session(EVERYONE)) !== null);
  await alice.say(EVERYONE, "two");
  await world.agree(EVERYONE, people, ["one", "two"]);
  const before = await members(bob);
  await alice.stop();
  alice.bringBack();
  alice.start();
  await world.until(async () => {
    const now = await members(bob);
    return now.length === 2 && now.some((device) => !before.includes(device));
  });
  await world.until(async () => (await (await alice.runtime.session(EVERYONE))?.look())?.row.status === "active");
  await alice.say(EVERYONE, "three");
  await world.until(async () => (await bob.texts(EVERYONE)).length === 3);
  await bob.say(EVERYONE, "four");
  await world.until(async () => (await bob.texts(EVERYONE)).length === 4 && (await alice.texts(EVERYONE)).length === 3);
  expect(await bob.texts(EVERYONE)).toEqual(["one", "two", "three", "four"]);
  expect((await alice.texts(EVERYONE)).toSorted()).toEqual(["four", "one", "three"]);
});

test("SR-25 the other one of a pair takes the new device in, and what is said there reaches it", async () => {
  const people = await world.arrive("alice", "bob");
  const [alice, bob] = people;
  if (alice === undefined || bob === undefined) throw new Error("two were to come");
  expect(await bob.runtime.openDirect("alice")).toMatchObject({ kind: "made" });
  const [withAlice, withBob] = ["direct:name:alice", "direct:name:bob"];
  await world.until(async () => (await (await alice.runtime.session(withBob))?.look())?.row.status === "active");
  await bob.say(withAlice, "one");
  await world.until(async () => (await alice.texts(withBob)).length === 1);
  await alice.stop();
  alice.keepFiles();
  alice.start();
  await world.until(async () => (await alice.runtime.session(withBob)) !== null);
  await alice.say(withBob, "two");
  await world.until(async () => (await bob.texts(withAlice)).length === 2);
  const before = await members(bob, withAlice);
  await alice.stop();
  alice.bringBack();
  alice.start();
  await world.until(async () => (await members(bob, withAlice)).some((device) => !before.includes(device)));
  await bob.say(withAlice, "three");
  await world.until(async () => (await alice.texts(withBob)).includes("three"));
  await alice.say(withBob, "four");
  await world.until(async () => (await bob.texts(withAlice)).length === 4);
  // The old leaf goes, since its keys are nobody's now.
  await world.until(async () => (await members(bob, withAlice)).length === 2);
});

test("SR-25 of two that run on copies of one folder the one is replaced, the other one is put out by that; both are told", async () => {
  const people = await world.arrive("alice", "bob");
  const [alice, bob] = people;
  if (alice === undefined || bob === undefined) throw new Error("two were to come");
  await alice.say(EVERYONE, "one");
  await world.agree(EVERYONE, people, ["one"]);
  await alice.stop();
  const copy = world.copyOf(alice);
  alice.start();
  const told: string[] = [];
  alice.runtime.onEvent((event) => {
    if (event.kind === "own-standing") told.push(event.standing.kind);
  });
  await alice.runtime.client.online();
  await alice.say(EVERYONE, "two");
  await world.agree(EVERYONE, people, ["one", "two"]);
  copy.start();
  let isReplaced = false;
  copy.runtime.onEvent((event) => {
    isReplaced ||= event.kind === "device-replaced";
  });
  await world.until(async () => await Promise.resolve(isReplaced && told.includes("removed")));
  await world.until(async () => (await (await copy.runtime.session(EVERYONE))?.look())?.row.status === "active");
  await copy.say(EVERYONE, "three");
  await world.until(async () => (await bob.texts(EVERYONE)).includes("three"));
  await world.until(async () => (await members(bob)).length === 2);
});

test("SR-25 a copy that has connected more often than the device learns from its group that it is an older state, and is replaced on that at once", async () => {
  const people = await world.arrive("alice", "bob");
  const [alice, bob] = people;
  if (alice === undefined || bob === undefined) throw new Error("two were to come");
  await alice.say(EVERYONE, "one");
  await world.agree(EVERYONE, people, ["one"]);
  await alice.stop();
  alice.keepFiles();
  alice.start();
  await alice.runtime.client.online();
  await alice.say(EVERYONE, "two");
  await world.agree(EVERYONE, people, ["one", "two"]);
  await alice.stop();
  alice.bringBack();
  await alice.change(async (store) => {
    for (let hello = 0; hello < 5; hello += 1) await store.raiseCounter();
  });
  alice.start();
  let isReplaced = false;
  alice.runtime.onEvent((event) => {
    isReplaced ||= event.kind === "device-replaced";
  });
  await world.until(async () => await Promise.resolve(isReplaced));
  await world.until(async () => (await (await alice.runtime.session(EVERYONE))?.look())?.row.status === "active");
  await alice.say(EVERYONE, "three");
  await world.until(async () => (await bob.texts(EVERYONE)).includes("three"));
});

/** Device ids in the room, as this device sees it. */
async function members(device: ServedDevice, conversation = EVERYONE): Promise<readonly string[]> {
  const view = await (await device.runtime.session(conversation))?.look();
  return view?.members.map(({ deviceId }) => hex(deviceId)) ?? [];
}
