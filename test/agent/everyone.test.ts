import { afterEach, beforeEach, expect, test } from "vitest";
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

test("SR-44 whoever leaves #everyone stays out of it, over restarts and whoever adds them, until they join it again", async () => {
  const [alice, bob] = await world.arrive("alice", "bob");
  if (alice === undefined || bob === undefined) throw new Error("two were to come");
  answered(await bob.chat.createRoom("ops", "open"));
  answered(await alice.chat.join("ops"));
  expect(await alice.chat.leave(alice.conversation(EVERYONE).id)).toEqual({ kind: "taken" });
  await world.until(() => readers(bob).join() === "bob");
  expect(await statusOf(alice)).toBe("not-a-member");
  await alice.stop();
  alice.start();
  await alice.chat.settled();
  alice.chat.comeIn();
  await alice.chat.online();
  await alice.runtime.settled();
  expect(await alice.send(EVERYONE, "hello?")).toMatchObject({ error: { reason: "not-in-conversation" } });
  await bob.chat.invite(bob.conversation(EVERYONE).id, "alice");
  await world.until(async () => {
    await alice.runtime.settled();
    return readers(bob).join() === "bob";
  });
  expect([await statusOf(alice), readers(bob)]).toEqual(["not-a-member", ["bob"]]);
  await world.until(async () => (await alice.send("#ops", "still here")).kind === "taken");
  answered(await alice.chat.join("everyone"));
  await world.until(() => readers(bob).join() === "alice,bob" && readers(alice).length === 2);
  await alice.look(EVERYONE);
  expect(await alice.send(EVERYONE, "back")).toEqual({ kind: "taken" });
  await alice.stop();
  alice.start();
  await alice.chat.settled();
  await world.until(async () => (await alice.send(EVERYONE, "again")).kind === "taken");
});

function readers(one: ServedChat): readonly string[] {
  const found = one.chat.named(EVERYONE);
  return found?.kind === "sealed-room" ? found.readers : [];
}

async function statusOf(one: ServedChat): Promise<string | undefined> {
  return answered(await one.chat.rooms()).find(({ title }) => title === EVERYONE)?.status;
}
