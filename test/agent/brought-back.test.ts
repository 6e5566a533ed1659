import { cpSync, rmSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { toText } from "../../src/agent/delivery/base64url.ts";
import { EVERYONE } from "../../src/agent/delivery/places.ts";
import { explainStanding } from "../../src/view/standing.ts";
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

test("AD-21 a device brought back from before its own new user key, whose person has no other, is told the way, and goes it: the name is freed, then it begins anew", async () => {
  await world.stopServer();
  const empty = world.copyAway();
  await world.startServer();
  const laptop = await arrived("alice");
  const phone = await another(laptop, "phone");
  await broughtBack(laptop, async () => await remove(laptop, phone));
  await phone.stop();
  await world.until(() => laptop.chat.standing.kind === "removed");
  expect(explainStanding(laptop.chat.standing)).toContain("pad devices new");
  expect(await laptop.chat.newDevice()).toEqual({ kind: "taken" });
  await laptop.stop();
  laptop.start();
  await world.until(() => laptop.chat.standing.kind === "pending");
  expect(explainStanding(laptop.chat.standing)).toContain("If you have no other device any more: pad devices reset");
  await world.until(async () => (await laptop.chat.resetDevices()).kind === "refused");
  expect(await laptop.chat.resetDevices()).toEqual({ kind: "refused", error: { reason: "name-has-key" } });
  await laptop.stop();
  await world.stopServer();
  // As after padserve names release alice.
  world.copyBack(empty);
  await world.startServer();
  laptop.start();
  await world.until(() => (explainStanding(laptop.chat.standing) ?? "").includes("no confirmed device at all"));
  // Not by the server's word alone.
  expect(laptop.chat.standing.kind).toBe("pending");
  expect(await laptop.chat.resetDevices()).toEqual({ kind: "taken" });
  await isConfirmed(laptop);
  await world.until(() => laptop.chat.named("#everyone") !== null);
  expect(await laptop.send("#everyone", "anew")).toEqual({ kind: "taken" });
});

test("AD-18 a device that was off while the server was restored to before a removal is led to a new one by what it shows", async () => {
  const laptop = await arrived("alice");
  const phone = await another(laptop, "phone");
  const nas = await another(laptop, "nas");
  const backup = await world.backUp();
  await nas.stop();
  await remove(laptop, phone);
  await laptop.runtime.settled();
  for (const device of [laptop, phone]) await device.stop();
  await world.stopServer();
  world.restore(backup);
  await world.startServer();
  laptop.start();
  await laptop.chat.online();
  await laptop.runtime.settled();
  nas.start();
  await world.until(() => nas.chat.standing.kind === "removed");
  expect(explainStanding(nas.chat.standing)).toContain("pad devices new");
  expect(await nas.chat.newDevice()).toEqual({ kind: "taken" });
  await nas.stop();
  nas.start();
  await confirmedBy(laptop, nas);
  expect(answered(await laptop.chat.devices()).map(({ label }) => label)).toEqual(["alice's laptop", "nas"]);
});

test("AD-19 whatever devices were in between, the one whose state was lost is listed no more, and in no room, when another has taken its place", async () => {
  const laptop = await arrived("alice");
  const phone = await another(laptop, "phone");
  const nas = await another(laptop, "nas");
  await broughtBack(laptop, async () => await remove(laptop, nas));
  // The one that takes its place at first shows the former key, and is refused.
  await world.until(() => laptop.chat.standing.kind === "removed");
  expect(await laptop.chat.newDevice()).toEqual({ kind: "taken" });
  await laptop.stop();
  laptop.start();
  await confirmedBy(phone, laptop);
  await world.until(async () => {
    const labels = answered(await phone.chat.devices()).map(({ label }) => label);
    return labels.toSorted().join() === "alice's laptop,phone";
  });
  await world.until(async () => (await (await phone.runtime.session(EVERYONE))?.look())?.members.length === 2);
});

test("AD-20 a code that two devices of a person confirm at once, or one twice, is answered to each; of another name it confirms nothing", async () => {
  const laptop = await arrived("alice");
  const bob = await arrived("bob");
  const phone = await another(laptop, "phone");
  const nas = world.make("alice", { deviceLabel: "nas" });
  await world.until(() => nas.chat.standing.kind === "pending" && phone.chat.waitingDevices.length > 0);
  const { standing } = nas.chat;
  const code = standing.kind === "pending" ? (standing.code ?? "") : "";
  const confirmed = { kind: "answered", value: { label: "nas", status: "confirmed" } };
  for (const outcome of await Promise.all([laptop, phone].map(async ({ chat }) => await chat.confirmDevice(code))))
    expect(outcome).toMatchObject(confirmed);
  await isConfirmed(nas);
  for (const typed of [code, code.toLowerCase(), code.replaceAll("-", " ")])
    expect(await laptop.chat.confirmDevice(typed)).toMatchObject(confirmed);
  const nobodys = { kind: "refused", error: { reason: "no-such-device" } };
  expect(await bob.chat.confirmDevice(code)).toEqual(nobodys);
  expect(await laptop.chat.confirmDevice(code.slice(5))).toEqual(nobodys);
});

/** The device's files as they were before. */
async function broughtBack(device: ServedChat, meanwhile: () => Promise<void>): Promise<void> {
  await device.stop();
  const backup = scratchDirectory();
  cpSync(device.place.folder, backup.path, { recursive: true });
  device.start();
  await device.chat.online();
  await meanwhile();
  await device.runtime.settled();
  await device.stop();
  rmSync(device.place.folder, { recursive: true });
  cpSync(backup.path, device.place.folder, { recursive: true });
  backup.remove();
  device.start();
}

async function remove(by: ServedChat, other: ServedChat): Promise<void> {
  const id = toText((await other.runtime.self())?.device.id ?? new Uint8Array());
  expect(await by.chat.removeDevices([id])).toMatchObject({ value: { kind: "removed" } });
}

async function arrived(name: string): Promise<ServedChat> {
  const [device] = await world.arrive(name);
  if (device === undefined) throw new Error("one was to come");
  return device;
}

async function another(of: ServedChat, deviceLabel: string): Promise<ServedChat> {
  const device = world.make(of.name, { deviceLabel });
  await confirmedBy(of, device);
  return device;
}

async function confirmedBy(confirming: ServedChat, device: ServedChat): Promise<void> {
  await world.until(() => device.chat.standing.kind === "pending");
  const { standing } = device.chat;
  const code = standing.kind === "pending" ? (standing.code ?? "") : "";
  await world.until(async () => (await confirming.chat.confirmDevice(code)).kind === "answered");
  await isConfirmed(device);
}

async function isConfirmed({ chat, runtime }: ServedChat): Promise<void> {
  await world.until(() => chat.standing.kind === "confirmed" && chat.state.kind === "online");
  await runtime.settled();
}
