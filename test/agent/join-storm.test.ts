import { afterEach, beforeEach, expect, test } from "vitest";
import { toText } from "../../src/agent/delivery/base64url.ts";
import { EVERYONE } from "../../src/agent/delivery/places.ts";
import { endWithoutFailures } from "./no-failures.ts";
import { servedWorld } from "./served-devices.ts";
import type { ServedDevice, ServedWorld } from "./served-devices.ts";

/** Loopback may have 64 names; 40 take half a minute of two cores, since each of them processes every other's commit. */
const MANY = 16;

let world: ServedWorld;
beforeEach(async () => {
  world = await servedWorld();
});
afterEach(async () => {
  await endWithoutFailures(world);
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

test("SR-30 people who join a room at once are all told that they are in, also those whom a member has added", async () => {
  const [alice, ...people] = await world.arrive("alice", "bob", "carol", "dave", "erin", "frank");
  await alice?.runtime.createRoom("ops", "open");
  const view = async () => await (await alice?.runtime.session("room:ops"))?.look();
  const group = toText((await view())?.row.id ?? new Uint8Array());
  // Others have time to ask for the turn before anybody gets it.
  await alice?.runtime.client.request("ask-turn", { group, orAdded: false });
  const joining = people.map(async ({ runtime }) => (await runtime.join("ops")).kind);
  for (const { runtime } of people) await runtime.client.request("away", { away: null });
  await alice?.runtime.client.request("give-up-turn", { group });
  expect(await Promise.all(joining)).toEqual(people.map(() => "made"));
  await world.until(async () => (await view())?.people.length === people.length + 1);
});

test("AD-3 whoever waits for the turn to commit in one group comes into others meanwhile, reads and writes there", async () => {
  const [alice, bob] = await world.arrive("alice", "bob");
  if (alice === undefined || bob === undefined) throw new Error("two were to come");
  const made = await alice.runtime.createRoom("ops", "open");
  if (made.kind !== "made") throw new Error("there is no room");
  const everyone = toText((await alice.runtime.session(EVERYONE))?.id ?? new Uint8Array());
  const holders = [alice, bob].map(({ runtime }) => runtime.client);
  for (const client of holders) await client.request("ask-turn", { group: everyone, orAdded: false });
  const [carol] = world.storm("carol");
  if (carol === undefined) throw new Error("one was to come");
  await carol.runtime.client.online();
  await world.until(async () => (await carol.runtime.join("ops")).kind === "made");
  await carol.say(made.conversation, "from carol");
  await world.until(async () => (await alice.texts(made.conversation)).includes("from carol"));
  await alice.say(made.conversation, "from alice");
  await world.until(async () => (await carol.texts(made.conversation)).includes("from alice"));
  expect(await carol.runtime.session(EVERYONE)).toBeNull();
  for (const client of holders) await client.request("give-up-turn", { group: everyone });
  await world.until(async () => await isIn([alice, bob, carol], 3));
});

async function isIn(devices: readonly ServedDevice[], count: number): Promise<boolean> {
  for (const { runtime } of devices) {
    const view = await (await runtime.session(EVERYONE))?.look();
    if (view?.row.status !== "active" || view.people.length !== count) return false;
  }
  return true;
}
