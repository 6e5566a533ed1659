import { afterEach, beforeEach, expect, test } from "vitest";
import { EVERYONE } from "../../src/agent/delivery/places.ts";
import { hex } from "./device.ts";
import { endWithoutFailures } from "./no-failures.ts";
import { servedWorld } from "./served-devices.ts";
import type { ServedDevice, ServedWorld } from "./served-devices.ts";

const OPS = "room:ops";

let world: ServedWorld;
beforeEach(async () => {
  world = await servedWorld();
});
afterEach(async () => {
  await endWithoutFailures(world);
});

test("SR-40 a device in the place of a restored one is brought back into a room by invitation by whoever is there, and the old one's leaf goes for good", async () => {
  const [alice, bob] = await room("alice", "bob");
  await alice.stop();
  alice.keepFiles();
  alice.start();
  await world.until(async () => (await alice.runtime.session(OPS)) !== null);
  await alice.say(OPS, "one");
  await world.until(async () => (await bob.texts(OPS)).length === 1);
  const before = await members(bob, OPS);
  await alice.stop();
  alice.bringBack();
  alice.start();
  await world.until(async () => {
    const now = await members(bob, OPS);
    return now.length === 2 && now.some((device) => !before.includes(device));
  });
  await bob.say(OPS, "two");
  await world.until(async () => (await alice.texts(OPS)).includes("two"));
  await alice.say(OPS, "three");
  await world.until(async () => (await bob.texts(OPS)).length === 3);
  // The server lists the old device still: nobody takes it in again.
  await bob.runtime.completeGroups();
  await bob.runtime.settled();
  expect(await members(bob, OPS)).toHaveLength(2);
});

test("SR-40 a new device of a person comes into all groups of theirs, added by their other one, and reads what is said there", async () => {
  const [alice, bob] = await room("alice", "bob");
  expect(await alice.runtime.openDirect("bob")).toMatchObject({ kind: "made" });
  const [withAlice, withBob] = ["direct:name:alice", "direct:name:bob"];
  await world.until(async () => (await bob.runtime.session(withAlice)) !== null);
  const tablet = await world.another(alice);
  // Nobody but the person's own device is there to do it.
  await bob.stop();
  tablet.start();
  for (const place of [OPS, withBob, EVERYONE]) {
    await world.until(async () => (await (await tablet.runtime.session(place))?.look())?.row.status === "active");
  }
  bob.start();
  await world.until(async () => (await members(bob, OPS)).length === 3 && (await members(bob, withAlice)).length === 3);
  await bob.say(OPS, "all");
  await bob.say(withAlice, "both");
  await world.until(async () => (await tablet.texts(OPS)).includes("all"));
  await world.until(async () => (await tablet.texts(withBob)).includes("both"));
  await tablet.say(withBob, "from the tablet");
  await world.until(async () => (await alice.texts(withBob)).includes("from the tablet"));
  await world.until(async () => (await bob.texts(withAlice)).length === 2);
  expect(await bob.texts(withAlice)).toEqual(["both", "from the tablet"]);
});

/** They come, and are in a room by invitation. */
async function room(one: string, other: string): Promise<[ServedDevice, ServedDevice]> {
  const [alice, bob] = await world.arrive(one, other);
  if (alice === undefined || bob === undefined) throw new Error("two were to come");
  expect(await alice.runtime.createRoom("ops", "invite")).toMatchObject({ kind: "made" });
  await alice.runtime.settled();
  expect(await alice.runtime.invite(OPS, other)).toMatchObject({ kind: "done" });
  await world.until(async () => (await (await bob.runtime.session(OPS))?.look())?.row.status === "active");
  return [alice, bob];
}

/** Device ids in a group, as this device sees it. */
async function members(device: ServedDevice, conversation: string): Promise<readonly string[]> {
  const view = await (await device.runtime.session(conversation))?.look();
  return view?.members.map(({ deviceId }) => hex(deviceId)) ?? [];
}
