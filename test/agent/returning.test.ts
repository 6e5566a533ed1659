import { cpSync, rmSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { scratchDirectory } from "../store/scratch.ts";
import { endWithoutFailures } from "./no-failures.ts";
import { answered, chatWorld } from "./served-chats.ts";
import type { ChatWorld, ServedChat } from "./served-chats.ts";

let world: ChatWorld;
beforeEach(async () => {
  world = await chatWorld();
});
afterEach(async () => {
  await endWithoutFailures(world);
});

test("SR-42 a device that isn't back in a conversation says so, over restarts, and is back when another device there comes", async () => {
  const [alice, bob] = await world.arrive("alice", "bob");
  if (alice === undefined || bob === undefined) throw new Error("two were to come");
  answered(await alice.chat.createRoom("ops", "invite"));
  expect(await alice.chat.invite(alice.conversation("#ops").id, "bob")).toEqual({ kind: "taken" });
  answered(await alice.chat.direct("bob"));
  await world.until(() => bob.chat.named("#ops") !== null && bob.chat.named("alice") !== null);
  await restoreOlder(alice);
  await bob.stop();
  alice.start();
  await alice.chat.settled();
  await world.until(async () => (await statusOf(alice)) === "returning");
  await expectReturning(alice);
  await alice.stop();
  alice.start();
  await alice.chat.settled();
  await world.until(() => alice.chat.state.kind === "online");
  expect(await statusOf(alice)).toBe("returning");
  await expectReturning(alice);
  const [former] = await devicesOf(alice, "alice");
  bob.start();
  await world.until(async () => (await statusOf(alice)) === "member");
  expect(await alice.send("#ops", "back")).toEqual({ kind: "taken" });
  await world.until(async () => (await bob.lines("#ops")).includes("alice: back"));
  await world.until(async () => (await alice.send("bob", "here, too")).kind === "taken");
  // Nobody adds the old one again.
  await world.until(async () => {
    await alice.runtime.settled();
    const devices = await devicesOf(bob, "alice");
    return devices.length === 1 && devices[0] !== former;
  });
});

/** Stops it and gives it files that are older than what it has sent. */
async function restoreOlder(person: ServedChat): Promise<void> {
  await person.stop();
  const { path, remove } = scratchDirectory();
  cpSync(person.place.folder, path, { recursive: true });
  person.start();
  await person.chat.settled();
  expect(await person.send("#ops", "newer")).toEqual({ kind: "taken" });
  await person.stop();
  rmSync(person.place.folder, { recursive: true });
  cpSync(path, person.place.folder, { recursive: true });
  remove();
}

async function statusOf(person: ServedChat): Promise<string | undefined> {
  return answered(await person.chat.rooms()).find(({ title }) => title === "#ops")?.status;
}

async function expectReturning(person: ServedChat): Promise<void> {
  const refused = { kind: "refused", error: { reason: "device-returning" } };
  expect(await person.send("#ops", "lost?")).toEqual(refused);
  expect(await person.send("bob", "lost?")).toEqual(refused);
}

async function devicesOf(person: ServedChat, name: string): Promise<readonly string[]> {
  const answer = await person.runtime.client.request("look-up", { name });
  return answer.kind === "answered" ? (answer.value.person?.devices ?? []).map(({ device }) => device) : [];
}
