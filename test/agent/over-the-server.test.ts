import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { EVERYONE } from "../../src/agent/delivery/places.ts";
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

test("SR-4 devices meet in #everyone without a word: the first makes it, the others come in, and all read one another", async () => {
  const people = await world.arrive("alice", "bob", "carol");
  const said: string[] = [];
  for (const one of people) {
    said.push(`${one.name} is here`);
    await one.say(EVERYONE, `${one.name} is here`);
    await world.agree(EVERYONE, people, said);
  }
});

test("SR-4 devices that come at once make one #everyone between them", async () => {
  const people = world.storm("alice", "bob", "carol", "dave");
  await world.until(async () => {
    const views = await Promise.all(people.map(async ({ runtime }) => await (await runtime.session(EVERYONE))?.look()));
    return views.every((view) => view?.row.status === "active" && view.people.length === 4);
  });
  await people[0]?.say(EVERYONE, "all here");
  await world.agree(EVERYONE, people, ["all here"]);
});

test("SR-5 a room by invitation and a pair are for whom they are for, and who was away gets what was said, once and in order", async () => {
  const [alice, bob, carol] = trio(await world.arrive("alice", "bob", "carol"));
  await bob.stop();
  const room = conversationOf(await alice.runtime.createRoom("ops", "invite"));
  await alice.runtime.settled();
  expect(await alice.runtime.invite(room, "bob")).toEqual({ kind: "done", epoch: 1 });
  const pair = conversationOf(await alice.runtime.openDirect("bob"));
  await alice.say(room, "the code is 4711");
  await alice.say(room, "and 4712");
  await alice.say(pair, "between us");
  await alice.runtime.settled();

  bob.start();
  await world.until(async () => (await bob.texts("direct:name:alice")).length > 0);
  await world.agree(room, [alice, bob], ["the code is 4711", "and 4712"]);
  expect(await bob.texts("direct:name:alice")).toEqual(["between us"]);
  await bob.say("direct:name:alice", "and back");
  await world.until(async () => (await alice.texts(pair)).length === 2);
  expect(await carol.runtime.session(room)).toBeNull();
});

test("SR-6 with the server stopped and started, and a store closed and opened, what was written meanwhile goes out once", async () => {
  const people = await world.arrive("alice", "bob", "carol");
  const [alice, bob] = trio(people);
  await alice.say(EVERYONE, "one");
  await world.agree(EVERYONE, people, ["one"]);
  await world.stopServer();
  await alice.say(EVERYONE, "two, with nobody there");
  await bob.stop();
  bob.start();
  await world.startServer();
  await world.agree(EVERYONE, people, ["one", "two, with nobody there"]);
  await alice.say(EVERYONE, "three");
  await alice.stop();
  alice.start();
  await world.agree(EVERYONE, people, ["one", "two, with nobody there", "three"]);
});

test("SR-32 how far a device has read is told once on a connection, and anew on the next", async () => {
  const people = await world.arrive("alice", "bob", "carol");
  const [alice] = trio(people);
  await world.agree(EVERYONE, people, []);
  await alice.runtime.settled();
  const { client } = alice.runtime;
  const request = client.request.bind(client);
  const told = vi.spyOn(client, "request").mockImplementation(async (type, body) => {
    const answer = await request(type, body);
    // Nothing else is told of it.
    world.lookAgain();
    return answer;
  });
  const numbers = () => told.mock.calls.filter(([type]) => type === "acknowledge").length;
  for (let again = 0; again < 3; again += 1) {
    await alice.runtime.goOn(EVERYONE);
    await alice.runtime.settled();
  }
  expect(numbers()).toBe(0);
  await alice.say(EVERYONE, "one");
  await alice.runtime.settled();
  expect(numbers()).toBe(1);
  await world.stopServer();
  await world.startServer();
  await world.until(() => Promise.resolve(numbers() > 1));
});

test("SR-7 no word that was said is anywhere in the server's files", async () => {
  const people = await world.arrive("alice", "bob");
  const [alice] = people;
  await alice?.say(EVERYONE, "xylophone quartz");
  await world.agree(EVERYONE, people, ["xylophone quartz"]);
  await world.stopServer();
  const bytes = world.serverBytes();
  expect(bytes.length).toBeGreaterThan(10_000);
  for (const word of ["xylophone", "quartz"]) {
    for (const spelt of [
      Buffer.from(word),
      Buffer.from(word, "utf16le"),
      Buffer.from(Buffer.from(word).toString("hex")),
    ]) {
      expect(bytes.includes(spelt)).toBe(false);
    }
  }
  // The same search finds what the server does know.
  expect(bytes.includes("alice")).toBe(true);
});

test("SE-16 whoever writes more than the flood limit takes waits for it, and all of it arrives once and in order", async () => {
  await world.end();
  world = await servedWorld({ messageRate: 2 });
  const people = await world.arrive("alice", "bob");
  const said = Array.from({ length: 24 }, (_, nth) => `message ${nth}`);
  for (const text of said) await people[0]?.say(EVERYONE, text);
  await world.agree(EVERYONE, people, said);
});

function trio(people: readonly ServedDevice[]): readonly [ServedDevice, ServedDevice, ServedDevice] {
  const [one, two, three] = people;
  if (one === undefined || two === undefined || three === undefined) throw new Error("three were to come");
  return [one, two, three];
}

function conversationOf(made: { readonly conversation: string } | { readonly why: string }): string {
  if ("why" in made) throw new Error(made.why);
  return made.conversation;
}
