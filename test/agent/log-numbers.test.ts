import { afterEach, beforeEach, expect, test } from "vitest";
import type { ChatMessage } from "../../src/client/index.ts";
import { endWithoutFailures } from "./no-failures.ts";
import { answered, chatWorld } from "./served-chats.ts";
import type { ChatWorld, ServedChat } from "./served-chats.ts";

const EVERYONE = "#everyone";

let world: ChatWorld;
beforeEach(async () => {
  world = await chatWorld();
});
afterEach(async () => {
  await endWithoutFailures(world);
});

test("SR-43 after a restore from an older backup numbers go on, and what came after one of before is found", async () => {
  const [alice, bob] = await world.arrive("alice", "bob");
  if (alice === undefined || bob === undefined) throw new Error("two were to come");
  await alice.look(EVERYONE);
  await bob.look(EVERYONE);
  await alice.send(EVERYONE, "one");
  const backup = await world.backUp();
  await alice.send(EVERYONE, "two");
  await world.until(async () => (await textsOf(bob)).length === 2);
  const two = (await messagesOf(bob)).at(-1);
  const ids = async (of: ServedChat) => (await messagesOf(of)).map(({ id }) => id);
  expect(await ids(alice)).toEqual(await ids(bob));
  await world.stopServer();
  world.restore(backup);
  await world.startServer();
  expect(await bob.send(EVERYONE, "three")).toEqual({ kind: "taken" });
  await world.until(async () => (await textsOf(alice)).length === 3);
  for (const one of [alice, bob]) {
    const numbers = (await messagesOf(one)).map(({ sealed }) => sealed?.number ?? -1);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(numbers).size).toBe(3);
    const since = await one.chat.since(one.conversation(EVERYONE).id, two?.sealed?.number ?? 0, 100);
    expect(
      answered(since)
        .filter(isText)
        .map(({ text }) => text),
    ).toEqual(["three"]);
  }
  // The same when it has started again.
  const before = await messagesOf(alice);
  await alice.stop();
  alice.start();
  await alice.chat.settled();
  expect(await messagesOf(alice)).toEqual(before);
});

test("SR-43 a message's id is the same on the device that wrote it, from its first moment on, and on others", async () => {
  const [alice, bob] = await world.arrive("alice", "bob");
  if (alice === undefined || bob === undefined) throw new Error("two were to come");
  await alice.look(EVERYONE);
  expect(await alice.send(EVERYONE, "hello")).toEqual({ kind: "taken" });
  const told = alice.events.flatMap((event) =>
    event.kind === "message" && event.message.own ? [event.message.id] : [],
  );
  await world.until(async () => (await textsOf(bob)).length === 1);
  const [heard] = await messagesOf(bob);
  expect(new Set(told)).toEqual(new Set([heard?.id]));
});

async function textsOf(one: ServedChat): Promise<readonly string[]> {
  return (await messagesOf(one)).map(({ text }) => text);
}

async function messagesOf(one: ServedChat): Promise<readonly ChatMessage[]> {
  return (await one.messages(EVERYONE)).filter(isText);
}

function isText({ sealed }: ChatMessage): boolean {
  return sealed?.body === "text";
}
