import { expect, onTestFinished, test, vi } from "vitest";
import type { ChatEvent } from "../../client/index.ts";
import type { Waiting } from "../runtime/own-devices.ts";
import type { DeviceRuntime } from "../runtime/runtime.ts";
import { Devices } from "./devices.ts";
import type { ChatState } from "./state.ts";

test("CS-36 a removal that nobody has answered is none that is done, and all that go are told", async () => {
  const devices = ["phone", "nas"];
  for (const kind of ["removed", "waiting"] as const) {
    const { own } = meet({ client: ONLINE, removeDevices: async () => await Promise.resolve({ kind, devices }) });
    expect(await own.remove(["phone"])).toEqual({ kind: "answered", value: { kind, devices } });
  }
});

test("AD-15 of a device that was confirmed, dismissed, forgotten, or put out by a ninth is told that it waits no more, and nothing else", async () => {
  const { own, told } = meet({
    devices: {
      list: async () => await Promise.resolve(NOTHING),
      confirm: async () => await Promise.resolve({ kind: "confirmed", device: waiting("d1").device }),
      dismiss: async () => await Promise.resolve({ kind: "done" }),
      invite: async () => await Promise.resolve(NOTHING),
    },
  });
  for (let nth = 0; nth < 9; nth += 1) await own.hear({ kind: "device-waits", waiting: waiting(`d${nth}`) });
  expect(told.splice(0).slice(-2)).toMatchObject([
    { kind: "device-waits", device: { id: "d8" } },
    { kind: "device-waits-no-more", id: "d0" },
  ]);
  await own.confirm("KQ3F-7M2A-0T9X-WB41");
  await own.dismiss("d2");
  await own.dismiss("d2");
  await own.hear({ kind: "own-devices", pending: ["d4", "d5", "d6", "d7", "d8"] });
  expect(told).toEqual(["d1", "d2", "d3"].map((id) => ({ kind: "device-waits-no-more", id })));
  expect(own.waiting.map(({ id }) => id)).toEqual(["d4", "d5", "d6", "d7", "d8"]);
});

test("AD-34 a device that has just been made knows itself among those that the server lists", async () => {
  const listed = { device: "nas", label: "nas", seen: 0, online: true, hasCome: true };
  const list = async () => await Promise.resolve({ kind: "listed", devices: [listed], pending: [] });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { own, state } = meet({ devices: { list }, deviceLabel: "nas" } as unknown as Partial<DeviceRuntime>);
  Object.assign(state, {
    own: { device: "" },
    talks: new Map(),
    async learnDevice() {
      await Promise.resolve();
      Object.assign(state, { own: { device: "nas", label: "nas", who: "a" } });
    },
  });
  expect(await own.list()).toMatchObject({ kind: "answered", value: [{ id: "nas", isThis: true }] });
});

test("AD-17 rooms are asked for as soon as the first has come to a device that was just confirmed, and at once where none of its others is there", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  for (const online of [true, false]) {
    const { own } = meet({ ...beside({ online }), settled: async () => await Promise.resolve() });
    await own.hear({ kind: "own-standing", standing: { kind: "confirmed" } });
    let hasArrived = false;
    const arrived = own.arrived().then(() => (hasArrived = true));
    await vi.advanceTimersByTimeAsync(1000);
    expect(hasArrived).toBe(!online);
    await own.hear({ kind: "group", conversation: "room:ops", group: new Uint8Array(16), event: JOINED });
    await vi.advanceTimersByTimeAsync(300);
    expect(hasArrived).toBe(true);
    await arrived;
  }
});

test("AD-17 where no room comes, they are asked for in four seconds", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const { own } = meet(beside({ online: true }));
  await own.hear({ kind: "own-standing", standing: { kind: "confirmed" } });
  const arrived = own.arrived();
  await vi.advanceTimersByTimeAsync(4_000);
  await arrived;
});

const JOINED = { kind: "joined", number: 3 } as const;

/** Another device of the same person. */
function beside({ online }: { readonly online: boolean }): Partial<DeviceRuntime> {
  const other = { device: "laptop", online };
  const list = async () => await Promise.resolve({ kind: "listed", devices: [other], pending: [] });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { devices: { list } } as unknown as Partial<DeviceRuntime>;
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const ONLINE = { state: { kind: "online", operator: false } } as unknown as DeviceRuntime["client"];

const NOTHING = { kind: "failed", why: "offline" } as const;

function waiting(device: string): Waiting {
  const sealKey = { key: "", signature: new Uint8Array() };
  return { code: "KQ3F-7M2A-0T9X-WB41", device: { device, key: "", label: device, at: 0, token: null, sealKey } };
}

function meet(runtime: Partial<DeviceRuntime>) {
  // What isn't asked here needs no answer.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const state = {
    runtime,
    own: { device: "nas" },
    standing: { kind: "pending" },
    talks: new Map(),
    learnDevice,
  } as unknown as ChatState;
  const told: ChatEvent[] = [];
  return { told, state, own: new Devices(state, (event) => void told.push(event)) };
}

async function learnDevice(): Promise<void> {
  await Promise.resolve();
}
