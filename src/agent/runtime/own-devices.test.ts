import { expect, test } from "vitest";
import type { PendingDevice } from "../../wire/frames/devices.ts";
import type { Entrance } from "./entrance.ts";
import { ownDevices } from "./own-devices.ts";

const text = (word: string, bytes: number) => Buffer.from(word.padEnd(bytes, "_")).toString("base64url");

function waiting(word: string): PendingDevice {
  const sealKey = { key: text(word, 32), signature: new Uint8Array(64) };
  return { device: text(word, 16), key: text(word, 32), label: "vm", sealKey, token: null, at: 1 };
}

test("AD-36 a device that was dismissed and asks once more is told of once more", async () => {
  // What is asked of it here.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const entrance = {
    system: { now: () => 0 },
    client: { request: async () => await Promise.resolve({ kind: "answered", value: {} }) },
    store: { load: async () => await Promise.resolve({ invitations: [] }) },
    self: { server: new Uint8Array(16), owner: { kind: "name", identity: "alice" } },
  } as unknown as Entrance;
  const told: string[] = [];
  const own = ownDevices({
    entranceOf: async () => await Promise.resolve(entrance),
    onWaiting: ({ device }) => void told.push(device.device),
    onChanged: () => {},
  });
  const phone = waiting("phone");
  await own.waits(entrance, phone);
  await own.waits(entrance, phone);
  expect(told).toEqual([phone.device]);
  expect(await own.asked.dismiss(phone.device)).toEqual({ kind: "done" });
  await own.waits(entrance, phone);
  expect(told).toEqual([phone.device, phone.device]);
});

test("AD-13 whoever asks without end under somebody's name is told of sixteen times, and then once in half a minute", async () => {
  let now = 1_000_000;
  // What is asked of it here.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const entrance = {
    system: { now: () => now },
    store: { load: async () => await Promise.resolve({ invitations: [] }) },
    self: { server: new Uint8Array(16), owner: { kind: "name", identity: "alice" } },
  } as unknown as Entrance;
  const told: string[] = [];
  const own = ownDevices({
    entranceOf: async () => await Promise.resolve(entrance),
    onWaiting: ({ device }) => void told.push(device.device),
    onChanged: () => {},
  });
  for (let count = 0; count < 1_000; count += 1) await own.waits(entrance, waiting(`flood ${count}`));
  expect(told).toHaveLength(16);
  now += 29_999;
  await own.waits(entrance, waiting("late"));
  now += 1;
  await own.waits(entrance, waiting("later"));
  await own.waits(entrance, waiting("latest"));
  expect(told.slice(16)).toEqual([text("later", 16)]);
  now += 3_600_000;
  for (let count = 0; count < 1_000; count += 1) await own.waits(entrance, waiting(`again ${count}`));
  expect(told).toHaveLength(33);
});
