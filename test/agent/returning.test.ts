import { cpSync, rmSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
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

test("SR-71 a server that forgets a group which somebody is coming into keeps them waiting for nothing, and they come in when it is there again", async () => {
  const [alice, bob] = await world.arrive("alice", "bob");
  if (alice === undefined || bob === undefined) throw new Error("two were to come");
  answered(await alice.chat.createRoom("ops", "open"));
  const group = Buffer.from((await alice.runtime.session("room:ops"))?.id ?? []).toString("base64url");
  const { client } = bob.runtime;
  const request = client.request.bind(client);
  let hasOffered = false;
  // Between its offer and the commit another server has taken its place, which was restored from a backup.
  const spied = vi.spyOn(client, "request").mockImplementation(async (type, body) => {
    const isOfIt = "group" in body && body.group === group;
    if (isOfIt && hasOffered) return { kind: "refused", refusal: { reason: "unknown-group" } };
    if (isOfIt && type === "read-group-info") hasOffered = true;
    const answer = await request(type, body);
    if (!hasOffered || answer.kind !== "answered" || !("groups" in answer.value)) return answer;
    return {
      ...answer,
      value: { ...answer.value, groups: answer.value.groups.filter((each) => each.group !== group) },
    };
  });
  void bob.chat.join("ops");
  const status = async () => (await (await bob.runtime.session("room:ops"))?.look())?.row.status;
  await world.until(async () => (await status()) === "joining");
  await world.until(async () => (await status()) !== "joining");
  spied.mockRestore();
  await bob.chat.join("ops");
  await world.until(async () => (await status()) === "active");
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
