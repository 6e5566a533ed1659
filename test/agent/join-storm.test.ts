import { afterEach, beforeEach, expect, test } from "vitest";
import { EVERYONE } from "../../src/agent/delivery/places.ts";
import { servedWorld } from "./served-devices.ts";
import type { ServedDevice, ServedWorld } from "./served-devices.ts";

/** Loopback may have 64 names; 40 take half a minute of two cores, since each of them processes every other's commit. */
const MANY = 16;

let world: ServedWorld;
beforeEach(async () => {
  world = await servedWorld();
});
afterEach(async () => {
  expect(world.failures).toEqual([]);
  await world.end();
});

test("SR-30 devices that come at once are all let in, and what is written meanwhile is heard by whoever is in, once", async () => {
  const [alice, bob] = await world.arrive("alice", "bob");
  if (alice === undefined || bob === undefined) throw new Error("two were to come");
  const crowd = world.storm(...Array.from({ length: MANY }, (_, nth) => `crowd${nth}`));
  const words = Array.from({ length: 10 }, (_, nth) => `word ${nth}`);
  for (const [nth, word] of words.entries()) {
    await alice.say(EVERYONE, word);
    await world.until(async () => (await bob.texts(EVERYONE)).length > nth);
  }
  const people = [alice, bob, ...crowd];
  await world.until(async () => await isIn(people, MANY + 2));
  expect(await bob.texts(EVERYONE)).toEqual(words);
  // Each commit is an epoch: those who waited came in many at a time.
  const { epoch } = (await (await alice.runtime.session(EVERYONE))?.look()) ?? { epoch: null };
  expect(epoch).toBeLessThan(MANY / 2);
  await alice.say(EVERYONE, "all here");
  await world.until(async () => {
    const heard = await Promise.all(crowd.map(async (one) => (await one.texts(EVERYONE)).at(-1)));
    return heard.every((text) => text === "all here");
  });
});

async function isIn(devices: readonly ServedDevice[], count: number): Promise<boolean> {
  for (const { runtime } of devices) {
    const view = await (await runtime.session(EVERYONE))?.look();
    if (view?.row.status !== "active" || view.people.length !== count) return false;
  }
  return true;
}
