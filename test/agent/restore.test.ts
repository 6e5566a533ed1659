import { afterEach, beforeEach, expect, test } from "vitest";
import { EVERYONE } from "../../src/agent/delivery/places.ts";
import { hex } from "./device.ts";
import { soakDevice } from "./server-soak/soak-device.ts";
import type { SoakDevice } from "./server-soak/soak-device.ts";
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

test("SR-20 after a restore from an older backup all go on in a successor, with what each had and has lost, and nothing twice", async () => {
  const people = await world.arrive("alice", "bob", "carol");
  const [alice, bob, carol] = three(people);
  await alice.say(EVERYONE, "one");
  await world.agree(EVERYONE, people, ["one"]);
  const backup = await world.backUp();
  await alice.say(EVERYONE, "two");
  await world.agree(EVERYONE, people, ["one", "two"]);
  await bob.say(EVERYONE, "three");
  await world.agree(EVERYONE, people, ["one", "two", "three"]);
  await restart(backup);
  await has(people, EVERYONE, ["one", "two", "three"]);
  await carol.say(EVERYONE, "four");
  await has(people, EVERYONE, ["one", "two", "three", "four"]);
  const [dave] = await world.arrive("dave");
  if (dave === undefined) throw new Error("dave was to come");
  await dave.say(EVERYONE, "five");
  await has(people, EVERYONE, ["one", "two", "three", "four", "five"]);
});

test("SR-20 restored three times from one backup, with somebody away over each, all have all that was said in between", async () => {
  const people = await world.arrive("alice", "bob", "carol");
  const [alice, bob, carol] = three(people);
  const said = ["before"];
  await alice.say(EVERYONE, "before");
  await world.agree(EVERYONE, people, said);
  const backup = await world.backUp();
  for (const [nth, away] of [carol, bob, carol].entries()) {
    await away.stop();
    const there = people.filter((one) => one !== away);
    for (const one of there) {
      const text = `${one.name} ${nth}`;
      said.push(text);
      await one.say(EVERYONE, text);
      await world.until(async () =>
        (await Promise.all(there.map(async (each) => await each.texts(EVERYONE)))).every((texts) =>
          texts.includes(text),
        ),
      );
    }
    await restart(backup);
    away.start();
  }
  await has(people, EVERYONE, said);
});

test("SR-20 who was away over the restore gets what was said before it and after it", async () => {
  const people = await world.arrive("alice", "bob", "carol");
  const [alice, bob, carol] = three(people);
  await alice.say(EVERYONE, "one");
  await world.agree(EVERYONE, people, ["one"]);
  await carol.stop();
  const backup = await world.backUp();
  await alice.say(EVERYONE, "two");
  await bob.say(EVERYONE, "three");
  await world.until(async () => (await alice.texts(EVERYONE)).length === 3 && (await bob.texts(EVERYONE)).length === 3);
  await restart(backup);
  await has([alice, bob], EVERYONE, ["one", "two", "three"]);
  carol.start();
  await has(people, EVERYONE, ["one", "two", "three"]);
  await carol.say(EVERYONE, "four");
  await has(people, EVERYONE, ["one", "two", "three", "four"]);
});

test("SR-75 whoever makes a successor lets in all who were there together, its own person's devices no sooner than others", async () => {
  const [laptop, bob] = await world.arrive("alice", "bob");
  if (laptop === undefined || bob === undefined) throw new Error("two were to come");
  const phone = await world.another(laptop);
  phone.start();
  const room = conversationOf(await laptop.runtime.createRoom("ops", "invite"));
  await laptop.runtime.settled();
  await laptop.runtime.invite(room, "bob");
  for (const one of [laptop, phone, bob]) await world.until(async () => await isIn(one, room, 3));
  const backup = await world.backUp();
  await laptop.say(room, "one");
  await has([laptop, phone, bob], room, ["one"]);
  for (const one of [phone, bob]) await one.stop();
  const before = hex((await laptop.runtime.session(room))?.id ?? new Uint8Array());
  await restart(backup);
  await world.until(async () => {
    const group = hex((await laptop.runtime.session(room))?.id ?? new Uint8Array());
    return group !== before && (await isIn(laptop, room, 3));
  });
  expect((await (await laptop.runtime.session(room))?.look())?.epoch).toBe(1);
  for (const one of [phone, bob]) one.start();
  await laptop.say(room, "two");
  await has([laptop, phone, bob], room, ["one", "two"]);
  for (const one of [phone, bob]) expect(await missingAt(one, room)).toBe(0);
});

test("SR-75 who can't be let into a successor before something is said there is told how much of it is missing", async () => {
  const [alice, bob] = await world.arrive("alice", "bob");
  if (alice === undefined || bob === undefined) throw new Error("two were to come");
  const room = conversationOf(await alice.runtime.createRoom("ops", "invite"));
  await alice.runtime.settled();
  await alice.runtime.invite(room, "bob");
  await alice.say(room, "one");
  await has([alice, bob], room, ["one"]);
  const backup = await world.backUp();
  const [carol] = await world.arrive("carol");
  if (carol === undefined) throw new Error("carol was to come");
  await alice.runtime.invite(room, "carol");
  await alice.say(room, "two");
  await has([carol], room, ["two"]);
  await carol.stop();
  await restart(backup);
  await alice.say(room, "three");
  await has([alice, bob], room, ["one", "two", "three"]);
  carol.start();
  await world.until(async () => await isIn(alice, room, 3));
  await alice.say(room, "four");
  await has([carol], room, ["two", "four"]);
  expect(await missingAt(carol, room)).toBe(2);
});

test("SR-76 what was said before somebody was invited isn't sent again to them after a restore: its writer is told, and whoever was away lacks it with a word", async () => {
  const [alice, bob, carol] = three(await world.arrive("alice", "bob", "carol"));
  const room = conversationOf(await alice.runtime.createRoom("ops", "invite"));
  await alice.runtime.settled();
  await alice.runtime.invite(room, "bob");
  await alice.say(room, "one");
  await has([alice, bob], room, ["one"]);
  const backup = await world.backUp();
  await bob.stop();
  await alice.say(room, "carol is getting fired");
  await alice.runtime.invite(room, "carol");
  await alice.say(room, "welcome");
  await has([carol], room, ["welcome"]);
  await restart(backup);
  await world.until(async () => (await withheldAt(alice, room)).length > 0);
  bob.start();
  await alice.say(room, "after");
  await has([bob, carol], room, ["welcome", "after"]);
  await has([alice], room, ["one", "carol is getting fired", "welcome", "after"]);
  expect(await withheldAt(alice, room)).toEqual([1]);
  expect([await carol.texts(room), await bob.texts(room)]).toEqual([
    ["welcome", "after"],
    ["one", "welcome", "after"],
  ]);
  const toldBob = (await bob.history(room)).map(({ entry }) => entry.kind);
  expect(toldBob.some((kind) => kind === "continued" || kind === "gap")).toBe(true);
});

test("SR-20 who came into an open room after the backup, seen by nobody, is back in it with all, and what they said as well", async () => {
  const [alice, bob] = await world.arrive("alice", "bob");
  if (alice === undefined || bob === undefined) throw new Error("two were to come");
  await alice.say(EVERYONE, "one");
  await world.agree(EVERYONE, [alice, bob], ["one"]);
  const backup = await world.backUp();
  await alice.stop();
  await bob.stop();
  const [carol] = await world.arrive("carol");
  if (carol === undefined) throw new Error("carol was to come");
  await carol.say(EVERYONE, "two");
  await world.until(async () => (await carol.texts(EVERYONE)).includes("two"));
  const before = await groupOf(carol);
  await restart(backup);
  await world.until(async () => {
    const group = await groupOf(carol);
    return group !== null && group !== before;
  });
  alice.start();
  bob.start();
  await has([alice, bob], EVERYONE, ["one", "two"]);
  await carol.say(EVERYONE, "three");
  await has([alice, bob], EVERYONE, ["one", "two", "three"]);
  await has([carol], EVERYONE, ["two", "three"]);
});

test("SR-21 rooms by invitation and pairs go on, also those that were made after the backup", async () => {
  const people = await world.arrive("alice", "bob", "carol");
  const [alice, bob, carol] = three(people);
  const before = conversationOf(await alice.runtime.createRoom("before", "invite"));
  await alice.runtime.settled();
  await alice.runtime.invite(before, "bob");
  await alice.say(before, "one");
  await has([alice, bob], before, ["one"]);
  const backup = await world.backUp();
  await bob.say(before, "two");
  await alice.runtime.invite(before, "carol");
  await carol.runtime.settled();
  await world.until(async () => (await carol.runtime.session(before)) !== null);
  await carol.say(before, "three");
  const after = conversationOf(await bob.runtime.createRoom("after", "invite"));
  await bob.runtime.settled();
  await bob.runtime.invite(after, "carol");
  await bob.say(after, "red");
  const pair = conversationOf(await carol.runtime.openDirect("alice"));
  await carol.say(pair, "hi");
  await has(people, before, ["one", "two", "three"], ["one", "two"]);
  await has([bob, carol], after, ["red"]);
  await world.until(async () => (await alice.texts("direct:name:carol")).length === 1);

  await restart(backup);
  await carol.say(before, "four");
  await alice.say(before, "five");
  await carol.say(after, "green");
  await alice.say("direct:name:carol", "hello");
  await has([alice, bob], before, ["one", "two", "three", "four", "five"]);
  await has([bob, carol], after, ["red", "green"]);
  await has([carol], pair, ["hi", "hello"]);
  await has([alice], "direct:name:carol", ["hi", "hello"]);
});

test("SR-22 of several who make the successor at once one does, and all are in it", async () => {
  const people = await world.arrive("alice", "bob", "carol", "dave");
  const [alice] = people;
  const backup = await world.backUp();
  await alice?.say(EVERYONE, "one");
  await world.agree(EVERYONE, people, ["one"]);
  const before = await groupOf(alice);
  for (const one of people) await one.stop();
  await restart(backup);
  for (const one of people) one.start();
  await world.until(async () => {
    const groups = await Promise.all(people.map(groupOf));
    return new Set(groups).size === 1 && groups[0] !== before && !groups.includes(null);
  });
  for (const one of people) await one.say(EVERYONE, `from ${one.name}`);
  await has(people, EVERYONE, ["one", ...people.map(({ name }) => `from ${name}`)]);
});

test("SR-37 whoever can't open the Welcome by which it was added, since a restored server gave out a key package again, comes in by itself, and is told what it can't read", async () => {
  const [alice, bob] = await world.arrive("alice", "bob");
  if (alice === undefined || bob === undefined) throw new Error("two were to come");
  await world.agree(EVERYONE, [alice, bob], []);
  await bob.stop();
  // As if all of those that the server has were used before.
  await bob.change(async (store) => {
    const { keyPackages } = await store.load();
    const used = keyPackages.map(({ reference }) => ({ kind: "key-package-dropped", reference }) as const);
    await store.commit(used);
  });
  const room = conversationOf(await alice.runtime.createRoom("room", "invite"));
  await alice.runtime.settled();
  await alice.runtime.invite(room, "bob");
  await alice.say(room, "one");
  await alice.say(room, "two");
  await world.until(async () => (await alice.texts(room)).length === 2);
  bob.start();
  await world.until(async () => (await (await bob.runtime.session(room))?.look())?.row.status === "active");
  await alice.say(room, "three");
  await world.until(async () => (await bob.texts(room)).length > 0);
  await bob.stop();
  await bob.change(async (store) => {
    const told = (await store.history(room, { before: null, limit: 10 })).map(({ entry }) =>
      entry.kind === "gap" ? `gap ${entry.from}-${entry.to}` : entry.kind === "message" ? entry.text : entry.kind,
    );
    expect(told.toReversed()).toEqual(["gap 2-3", "three"]);
  });
});

test("SR-24 an older data folder that was only copied back is noticed by two who have seen more, and all go on", async () => {
  const people = await world.arrive("alice", "bob", "carol");
  const [alice, bob, carol] = three(people);
  await carol.stop();
  await world.stopServer();
  const copy = world.copyAway();
  await world.startServer();
  await alice.say(EVERYONE, "one");
  await world.agree(EVERYONE, [alice, bob], ["one"]);
  await world.stopServer();
  world.copyBack(copy);
  await world.startServer();
  await has([alice, bob], EVERYONE, ["one"]);
  carol.start();
  await world.until(async () => (await groupOf(carol)) !== null);
  await carol.say(EVERYONE, "two");
  await has(people, EVERYONE, ["one", "two"]);
});

test("SR-26 a commit that one of a pair, or two people in a room, can't process leads to a successor with the same people", async () => {
  const people = await world.arrive("alice", "bob", "carol");
  const [alice, bob, carol] = three(people);
  const pair = conversationOf(await alice.runtime.openDirect("bob"));
  await alice.say(pair, "one");
  await world.until(async () => (await bob.texts("direct:name:alice")).length === 1);
  await alice.say(EVERYONE, "to all");
  await world.agree(EVERYONE, people, ["to all"]);
  const before = await groupOf(carol);
  await stopAsInvalid(bob, "direct:name:alice", EVERYONE);
  await stopAsInvalid(carol, EVERYONE);
  bob.start();
  carol.start();
  await world.until(async () => {
    const groups = await Promise.all(people.map(groupOf));
    return new Set(groups).size === 1 && groups[0] !== before && !groups.includes(null);
  });
  await bob.say("direct:name:alice", "two");
  await alice.say(pair, "three");
  await has([alice], pair, ["one", "two", "three"]);
  await has([bob], "direct:name:alice", ["one", "two", "three"]);
  await carol.say(EVERYONE, "again");
  await has(people, EVERYONE, ["to all", "again"]);
});

test.each([4, 12, 20, 28, 36, 44, 52, 60])(
  "SR-27 a device that ends at any statement of its store while it goes on in a successor, here the one after %i, finishes that with its next start",
  async (statements) => {
    const [bob] = await world.arrive("bob");
    if (bob === undefined) throw new Error("bob was to come");
    let hasGoneOn = false;
    const alice = soakDevice(
      "alice",
      world.port(),
      (error) => world.failures.push(error),
      (event) => {
        if (event.kind === "continued") hasGoneOn = true;
        world.lookAgain();
      },
    );
    try {
      await alice.runtime.client.online();
      await world.until(async () => (await members(bob)) === 2);
      const backup = await world.backUp();
      await alice.runtime.write(EVERYONE, Buffer.from("one"), []);
      await bob.say(EVERYONE, "two");
      await world.until(async () => (await bob.texts(EVERYONE)).length === 2);
      await world.stopServer();
      world.restore(backup);
      alice.crashAfter(statements);
      await world.startServer();
      await world.until(async () => await Promise.resolve(alice.hasCrashed || hasGoneOn));
      await alice.stop();
      alice.start();
      await alice.runtime.client.online();
      await world.until(async () => (await members(bob)) === 2);
      await bob.say(EVERYONE, "three");
      await has([bob], EVERYONE, ["one", "two", "three"]);
      await world.until(async () => (await textsOf(alice)).length >= 3);
      expect((await textsOf(alice)).toSorted()).toEqual(["one", "three", "two"]);
    } finally {
      await alice.remove();
    }
  },
);

test("SR-28 a successor is kept as one from the moment that it is kept: what is written into it isn't refused when another is faster to make it", async () => {
  const [bob] = await world.arrive("bob");
  let mostWithout = 0;
  const alice = soakDevice(
    "alice",
    world.port(),
    (error) => world.failures.push(error),
    () => world.lookAgain(),
    {
      onCommit: (groups) => {
        const rows = groups.filter(({ conversation }) => conversation === EVERYONE);
        mostWithout = Math.max(mostWithout, rows.filter(({ successor }) => successor === null).length);
      },
    },
  );
  try {
    await alice.runtime.client.online();
    await world.until(async () => bob !== undefined && (await members(bob)) === 2);
    const backup = await world.backUp();
    await alice.runtime.write(EVERYONE, Buffer.from("one"), []);
    await alice.runtime.settled();
    await bob?.stop();
    await restart(backup);
    await world.until(async () => (await alice.history(EVERYONE)).some(({ entry }) => entry.kind === "continued"));
    expect(mostWithout).toBe(1);
  } finally {
    await alice.remove();
  }
});

async function textsOf(device: SoakDevice): Promise<readonly string[]> {
  return (await device.history(EVERYONE)).flatMap(({ entry }) => (entry.kind === "message" ? [entry.text ?? ""] : []));
}

/** How many entries this device's history says that it lacks. */
async function missingAt(device: ServedDevice, conversation: string): Promise<number> {
  const gaps = (await device.history(conversation)).flatMap(({ entry }) => (entry.kind === "gap" ? [entry] : []));
  return gaps.reduce((all, { from, to }) => all + to - from + 1, 0);
}

/** How many own messages its history says that it didn't send again, each time. */
async function withheldAt(device: ServedDevice, conversation: string): Promise<readonly number[]> {
  return (await device.history(conversation)).flatMap(({ entry }) => (entry.kind === "withheld" ? [entry.count] : []));
}

async function isIn(device: ServedDevice, conversation: string, count: number): Promise<boolean> {
  const view = await (await device.runtime.session(conversation))?.look();
  return view?.row.status === "active" && view.members.length === count;
}

/** How many devices are in `#everyone`, as this one sees it. */
async function members(device: ServedDevice): Promise<number> {
  const view = await (await device.runtime.session(EVERYONE))?.look();
  return view?.row.status === "active" ? view.members.length : 0;
}

/** As it is left behind a commit that it can't process. */
async function stopAsInvalid(device: ServedDevice, ...conversations: readonly string[]): Promise<void> {
  await device.stop();
  await device.change(async (store) => {
    for (const { id: group, conversation } of (await store.load()).groups) {
      if (!conversations.includes(conversation)) continue;
      await store.commit([{ kind: "group-status", group, status: "stopped", stopped: "invalid-commit" }]);
    }
  });
}

/** The group in which `#everyone` goes on for this device; null: none does. */
async function groupOf(device: ServedDevice | undefined): Promise<string | null> {
  const row = (await (await device?.runtime.session(EVERYONE))?.look())?.row;
  return row?.status === "active" ? hex(row.id) : null;
}

async function restart(backup: string): Promise<void> {
  await world.stopServer();
  world.restore(backup);
  await world.startServer();
}

/** Each has these texts, whatever their order, each once; `unless`: those that the last of them may lack. */
async function has(
  devices: readonly ServedDevice[],
  conversation: string,
  texts: readonly string[],
  unless: readonly string[] = [],
): Promise<void> {
  const expected = texts.toSorted();
  await world.until(async () => {
    const all = await Promise.all(devices.map(async (one) => await one.texts(conversation)));
    return all.every((each, index) =>
      expected.every((text) => each.includes(text) || (index === devices.length - 1 && unless.includes(text))),
    );
  });
  for (const one of devices) {
    const found = await one.texts(conversation);
    expect(new Set(found).size, `${one.name}: ${found.join()}`).toBe(found.length);
  }
}

function three(people: readonly ServedDevice[]): readonly [ServedDevice, ServedDevice, ServedDevice] {
  const [one, two, other] = people;
  if (one === undefined || two === undefined || other === undefined) throw new Error("three were to come");
  return [one, two, other];
}

function conversationOf(made: { readonly conversation: string } | { readonly why: string }): string {
  if ("why" in made) throw new Error(made.why);
  return made.conversation;
}
