import { afterEach, beforeEach, expect, test } from "vitest";
import { answered, chatWorld } from "./served-chats.ts";
import type { ChatWorld, ServedChat } from "./served-chats.ts";

let world: ChatWorld;
beforeEach(async () => {
  world = await chatWorld();
});
afterEach(async () => {
  expect(world.failures).toEqual([]);
  await world.end();
});

test("AD-5 a second device shows its code and waits; confirmed by it, it is its person's on both sides, also after a restart", async () => {
  const [laptop] = await world.arrive("alice");
  if (laptop === undefined) throw new Error("one was to come");
  const phone = world.make("alice", { deviceLabel: "phone" });
  await waits(phone);
  expect(await phone.chat.devices()).toMatchObject({ kind: "answered", value: [{ isThis: true, status: "pending" }] });
  await world.until(() => laptop.events.some(({ kind }) => kind === "device-waits"));
  const [asking] = laptop.chat.waitingDevices;
  expect(asking).toMatchObject({ label: "phone", status: "pending", code: codeOf(phone) });

  expect(await laptop.chat.confirmDevice("KQ3F-0000-0000-0000")).toEqual(NO_SUCH_DEVICE);
  expect(await laptop.chat.confirmDevice(codeOf(phone).toLowerCase())).toMatchObject({
    kind: "answered",
    value: { id: asking?.id, label: "phone", status: "confirmed" },
  });
  await isConfirmed(phone);
  for (const device of [laptop, phone]) {
    const devices = answered(await device.chat.devices());
    expect(devices.map(({ label, status, isOnline }) => ({ label, status, isOnline }))).toEqual([
      { label: "alice's laptop", status: "confirmed", isOnline: true },
      { label: "phone", status: "confirmed", isOnline: true },
    ]);
    expect(devices.filter(({ isThis }) => isThis).length).toBe(1);
  }
  expect(await phone.chat.ownNumber()).toEqual(await laptop.chat.ownNumber());
  expect(laptop.chat.waitingDevices).toEqual([]);

  await phone.stop();
  phone.start();
  await isConfirmed(phone);
  expect(phone.events.filter(({ kind }) => kind === "standing").length).toBeLessThan(2);
});

function codeOf({ chat }: ServedChat): string {
  const { standing } = chat;
  if (standing.kind !== "pending") throw new Error(`it is ${standing.kind}`);
  return standing.code;
}

async function waits(device: ServedChat): Promise<void> {
  await world.until(() => device.chat.standing.kind === "pending");
}

async function isConfirmed(device: ServedChat): Promise<void> {
  await world.until(() => device.chat.standing.kind === "confirmed" && device.chat.state.kind === "online");
  await device.runtime.settled();
}

const NO_SUCH_DEVICE = { kind: "refused", error: { reason: "no-such-device" } };
