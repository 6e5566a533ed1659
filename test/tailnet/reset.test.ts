/** All devices of a person are lost: over the real server, devices and a fake tailscaled. */
import { expect, test } from "vitest";
import { answered, readersOf, startChat } from "../helpers/tailnet-chats.ts";
import { startScene } from "../helpers/tailnet.ts";

test("SR-51 who has lost all devices begins anew; the others see a changed key, and send nothing until they have looked", async () => {
  const scene = await startScene();
  const alice = startChat(scene, "alice-laptop", { name: "alice" });
  const lost = startChat(scene, "bob-laptop", { name: "bob" });
  await alice.until(() => readersOf(alice, "#everyone").join() === "alice,bob");
  await lost.until(() => readersOf(lost, "#everyone").join() === "alice,bob");
  expect(await alice.chat.acceptReaders(alice.conversation("#everyone").id)).toEqual({ kind: "taken" });
  await lost.arrived();
  const number = answered(await lost.chat.ownNumber());

  const found = startChat(scene, "bob-phone", { name: "bob" });
  await found.until(() => found.chat.standing.kind === "pending");
  await found.arrived();
  expect(await found.chat.resetDevices()).toEqual({ kind: "taken" });
  // Whoever asks it next finds it so.
  expect(found.chat.standing).toEqual({ kind: "confirmed" });
  await lost.until(() => lost.chat.standing.kind === "removed");
  await found.until(() => readersOf(found, "#everyone").includes("alice"));
  expect(answered(await found.chat.ownNumber())).not.toBe(number);
  expect(answered(await found.chat.devices()).map(({ label, status }) => `${label} ${status}`)).toEqual([
    "bob-phone confirmed",
  ]);

  await alice.until(() => alice.events.some((event) => event.kind === "held" || event.kind === "message"));
  const outcome = await alice.send("#everyone", "is it you?");
  expect(outcome).toMatchObject({ kind: "held", hold: { kind: "changed-key", who: ["bob"] } });
});

test("SR-51 on the device itself, too; nothing of its rooms is left but the history", async () => {
  const scene = await startScene();
  const alice = startChat(scene, "alice-laptop", { name: "alice" });
  const bob = startChat(scene, "bob-laptop", { name: "bob" });
  await bob.until(() => readersOf(bob, "#everyone").join() === "alice,bob");
  await bob.arrived();
  answered(await bob.chat.createRoom("ops", "invite"));
  const number = answered(await bob.chat.ownNumber());
  expect(await bob.chat.resetDevices()).toEqual({ kind: "taken" });
  // What is written next waits until the new device has come in.
  const everyone = bob.conversation("#everyone").id;
  expect(await bob.chat.send(everyone, "here again", { acceptMembers: true })).toEqual({ kind: "taken" });
  await bob.until(() => bob.chat.standing.kind === "confirmed" && bob.chat.state.kind === "online");
  await bob.arrived();
  expect(answered(await bob.chat.ownNumber())).not.toBe(number);
  await bob.until(() => readersOf(bob, "#everyone").join() === "alice,bob");
  await alice.until(() => readersOf(alice, "#everyone").includes("bob"));
});
