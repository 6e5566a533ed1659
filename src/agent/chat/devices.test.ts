import { expect, test } from "vitest";
import type { DeviceRuntime } from "../runtime/runtime.ts";
import { Devices } from "./devices.ts";
import type { ChatState } from "./state.ts";

test("CS-36 a removal that nobody has answered is none that is done, and all that go are told", async () => {
  const devices = ["phone", "nas"];
  for (const kind of ["removed", "waiting"] as const) {
    const { own } = meet({ removeDevices: async () => await Promise.resolve({ kind, devices }) });
    expect(await own.remove(["phone"])).toEqual({ kind: "answered", value: { kind, devices } });
  }
});

function meet(runtime: Partial<DeviceRuntime>) {
  // What isn't asked here needs no answer.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const state = { runtime } as unknown as ChatState;
  return { own: new Devices(state, () => {}) };
}
