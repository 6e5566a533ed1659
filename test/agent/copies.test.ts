import { cpSync, rmSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { toText } from "../../src/agent/delivery/base64url.ts";
import { endWithoutFailures } from "./no-failures.ts";
import { answered, chatWorld } from "./served-chats.ts";
import type { ChatWorld, ServedChat } from "./served-chats.ts";
import { KEY_USES } from "../helpers/key-uses.ts";
import { startLyingRelay } from "../helpers/lying-relay.ts";
import { scratchDirectory } from "../store/scratch.ts";

vi.mock(import("../../src/mls/member-group.ts"), async (original) => {
  const [{ memberGroup }, { KEY_USES: uses }] = [await original(), await import("../helpers/key-uses.ts")];
  return { memberGroup: uses.sealing(memberGroup) };
});
vi.mock(import("../../src/agent/delivery/frames-delivery.ts"), async (original) => {
  const [{ framesDelivery }, { KEY_USES: uses }] = [await original(), await import("../helpers/key-uses.ts")];
  return { framesDelivery: uses.sending(framesDelivery) };
});

let world: ChatWorld;
beforeEach(async () => {
  world = await chatWorld();
});
afterEach(async () => {
  await endWithoutFailures(world);
  const { sealed, left } = KEY_USES.seen;
  expect(left).toBeGreaterThan(2);
  expect(sealed).toBe(left);
  expect([...KEY_USES.usedTwice, ...KEY_USES.sealedTwice]).toEqual([]);
});

const ROOM = "#ops";
const IN_ITS_PLACE = "a new device of yours has taken its place";

test("AD-12 two agents on one copied folder: the copy seals nothing with their common keys and goes on as a new device, the other is out and says so; both are brought back by the person's third", async () => {
  const { laptop, phone, bob } = await inOneRoom();
  await laptop.stop();
  await using relay = await startLyingRelay(world.port());
  const copy = world.copyOf(laptop, { server: { host: "127.0.0.1", port: relay.port } });
  laptop.start();
  await isIn(laptop, 3);
  await laptop.send(ROOM, "two");
  await says(bob, ["alice: one", "alice: two"]);
  const before = await idOf(laptop);
  const asked: string[] = [];
  let as = "";
  relay.toServer = (frame) => {
    as = deviceIn(frame) ?? as;
    asked.push(`${as} ${String(frame["type"])}`);
    return frame;
  };
  // As a cloned machine does that is switched on beside the first.
  copy.start();
  await world.until(async () => copy.events.length > 0 && (await idOf(copy)) !== before);
  await isTold(copy);
  await isIn(copy, 3);
  // The one that it was made of is out with their common keys, says so, and keeps what it has read.
  await world.until(() => laptop.chat.standing.kind === "removed");
  expect(await laptop.chat.send(laptop.conversation(ROOM).id, "still here?")).toMatchObject({
    kind: "refused",
    error: { reason: "device-removed" },
  });
  expect(await laptop.chat.newDevice()).toEqual({ kind: "taken" });
  await laptop.stop();
  laptop.start();
  await world.until(async () => (await copy.chat.confirmDevice(codeOf(laptop))).kind === "answered");
  for (const device of [laptop, copy, phone, bob]) await isIn(device, 4);
  for (const device of [laptop, copy, phone, bob]) await device.look(ROOM);
  await laptop.send(ROOM, "three");
  await copy.send(ROOM, "four");
  const all = ["alice: one", "alice: two", "alice: three", "alice: four"];
  for (const device of [phone, bob]) await says(device, all);
  await usedOnce(bob);
  // Nothing was ever sealed by the copy as the device that it is a copy of.
  expect(asked.filter((each) => each.startsWith(before)).map((each) => each.split(" ")[1])).not.toContain("send");
  expect(asked.some((each) => !each.startsWith(before) && each.endsWith(" send"))).toBe(true);
  const devices = answered(await phone.chat.devices());
  expect(devices.map(({ id }) => Buffer.from(id, "base64url").toString("hex"))).not.toContain(before);
  expect(devices.length).toBe(3);
});

test("AD-12 a folder from yesterday's backup: what waited in it is told as not sent, nothing is sealed with its keys, and the person's other device brings the new one back", async () => {
  const { laptop, phone, bob } = await inOneRoom();
  await world.stopServer();
  void laptop.send(ROOM, "waits in the backup");
  await world.until(async () => (await laptop.store.outbox()).length === 1);
  await laptop.stop();
  const backup = scratchDirectory();
  cpSync(laptop.place.folder, backup.path, { recursive: true });
  await world.startServer();
  laptop.start();
  await says(bob, ["alice: one", "alice: waits in the backup"]);
  await laptop.send(ROOM, "two");
  await says(phone, ["alice: one", "alice: waits in the backup", "alice: two"]);
  const before = await idOf(laptop);
  await laptop.stop();
  rmSync(laptop.place.folder, { recursive: true });
  cpSync(backup.path, laptop.place.folder, { recursive: true });
  backup.remove();
  laptop.start();
  await world.until(async () => (await idOf(laptop)) !== before);
  await isTold(laptop);
  // Whether it was sent the old state can't know: it is told, and goes out no second time.
  await world.until(() =>
    laptop.events.some((event) => event.kind === "message" && event.message.delivery.kind === "failed"),
  );
  for (const device of [laptop, phone, bob]) await isIn(device, 3);
  for (const device of [laptop, phone, bob]) await device.look(ROOM);
  await laptop.send(ROOM, "three");
  for (const device of [phone, bob]) {
    await says(device, ["alice: one", "alice: waits in the backup", "alice: two", "alice: three"]);
  }
  await usedOnce(bob);
  expect(await phone.chat.ownNumber()).toEqual(await laptop.chat.ownNumber());
});

test("AD-16 a folder from before its person's new user key: what it would sign is nobody's, so it is out, says so, begins anew and waits; confirmed, it is back, and the old one goes for good", async () => {
  const { laptop, phone, bob } = await inOneRoom();
  const tablet = world.make("alice", { deviceLabel: "tablet" });
  await world.until(async () => (await phone.chat.confirmDevice(codeOf(tablet))).kind === "answered");
  await isIn(tablet, 4);
  await laptop.stop();
  const backup = scratchDirectory();
  cpSync(laptop.place.folder, backup.path, { recursive: true });
  laptop.start();
  await isIn(laptop, 4);
  expect(await phone.chat.removeDevices([toText(Buffer.from(await idOf(tablet), "hex"))])).toMatchObject({
    value: { kind: "removed" },
  });
  for (const device of [laptop, phone, bob]) await isIn(device, 3);
  const number = answered(await phone.chat.ownNumber());
  await world.until(async () => answered(await laptop.chat.ownNumber()) === number);
  await laptop.stop();
  rmSync(laptop.place.folder, { recursive: true });
  cpSync(backup.path, laptop.place.folder, { recursive: true });
  backup.remove();
  laptop.start();
  await world.until(() => laptop.chat.standing.kind === "removed");
  expect(await laptop.chat.newDevice()).toEqual({ kind: "taken" });
  await laptop.stop();
  laptop.start();
  await world.until(async () => (await phone.chat.confirmDevice(codeOf(laptop))).kind === "answered");
  for (const device of [laptop, phone, bob]) await isIn(device, 3);
  for (const device of [laptop, phone, bob]) await device.look(ROOM);
  await laptop.send(ROOM, "back");
  for (const device of [phone, bob]) await says(device, ["alice: one", "alice: back"]);
  await usedOnce(bob);
  await world.until(async () => answered(await phone.chat.ownNumber()) === answered(await laptop.chat.ownNumber()));
});

/** Alice at two devices and bob, in a room by invitation, in which one message was said. */
async function inOneRoom() {
  const [laptop, bob] = await world.arrive("alice", "bob");
  if (laptop === undefined || bob === undefined) throw new Error("two were to come");
  const phone = world.make("alice", { deviceLabel: "phone" });
  await world.until(() => phone.chat.standing.kind === "pending");
  await world.until(async () => (await laptop.chat.confirmDevice(codeOf(phone))).kind === "answered");
  await world.until(() => phone.chat.standing.kind === "confirmed" && phone.chat.state.kind === "online");
  answered(await laptop.chat.createRoom("ops", "invite"));
  await isIn(phone, 2);
  await laptop.chat.invite(laptop.conversation(ROOM).id, "bob");
  for (const device of [laptop, phone, bob]) await isIn(device, 3);
  for (const device of [laptop, phone, bob]) await device.look(ROOM);
  await laptop.send(ROOM, "one");
  await says(bob, ["alice: one"]);
  return { laptop, phone, bob };
}

async function isIn(device: ServedChat, members: number): Promise<void> {
  await world.until(async () => {
    if (device.chat.named(ROOM) === null) return false;
    const view = await (await device.runtime.session("room:ops"))?.look();
    return view?.row.status === "active" && view.members.length === members;
  });
}

async function says(device: ServedChat, lines: readonly string[]): Promise<void> {
  const said = async () =>
    (await device.messages(ROOM)).flatMap(({ from, text, sealed }) =>
      sealed?.body === "members" || sealed?.body === "brought-in" ? [] : `${from}: ${text}`,
    );
  await world.until(async () => JSON.stringify(await said()) === JSON.stringify(lines));
}

/** On the screen: a line about it. */
async function isTold({ events }: ServedChat): Promise<void> {
  await world.until(() =>
    events.some(({ kind, ...told }) => kind === "word" && "text" in told && told.text.includes(IN_ITS_PLACE)),
  );
}

function codeOf({ chat }: ServedChat): string {
  return chat.standing.kind === "pending" ? (chat.standing.code ?? "") : "";
}

/** Whose hello it is, in hex. */
function deviceIn({ type, body }: Readonly<Record<string, unknown>>): string | null {
  if (type !== "hello" || typeof body !== "object" || body === null || !("device" in body)) return null;
  const { device } = body;
  if (typeof device !== "object" || device === null || !("device" in device)) return null;
  return Buffer.from(String(device.device), "base64url").toString("hex");
}

async function idOf({ runtime }: ServedChat): Promise<string> {
  return Buffer.from((await runtime.self())?.device.id ?? []).toString("hex");
}

/** Each message of the log opened, and none came twice under one device and number: its key was used once. */
async function usedOnce(device: ServedChat): Promise<void> {
  const all = await device.messages(ROOM);
  expect(all.filter(({ sealed }) => sealed?.body === "unreadable" || sealed?.body === "gap")).toEqual([]);
}
