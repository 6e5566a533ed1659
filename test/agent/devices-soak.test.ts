import { expect, test, vi } from "vitest";
import { KEY_USES } from "../helpers/key-uses.ts";
import { devicesSoak } from "./server-soak/devices-soak.ts";

vi.mock(import("../../src/mls/member-group.ts"), async (original) => {
  const [{ memberGroup }, { KEY_USES: uses }] = [await original(), await import("../helpers/key-uses.ts")];
  return { memberGroup: uses.sealing(memberGroup) };
});
vi.mock(import("../../src/agent/delivery/frames-delivery.ts"), async (original) => {
  const [{ framesDelivery }, { KEY_USES: uses }] = [await original(), await import("../helpers/key-uses.ts")];
  return { framesDelivery: uses.sending(framesDelivery) };
});

// A quick one; `npm run soak -- --devices` has five people with three devices each.
test(
  "SR-59 people with several devices, which come, go, end, are added and removed, agree in the end, and nobody who was removed reads on: seed 1",
  async () => {
    const figures = await devicesSoak(1, 40, { persons: 2, devices: 2 });
    expect(figures.messages).toBeGreaterThan(5);
    // Of what was sealed some never leaves, since a device was ended between; then its key seals something else.
    const { sealed, left } = KEY_USES.seen;
    expect(left).toBeGreaterThan(5);
    expect(sealed).toBe(left);
    expect(KEY_USES.usedTwice).toEqual([]);
    // The soak has a bound of its own, by what changes.
  },
  20 * 60_000,
);
