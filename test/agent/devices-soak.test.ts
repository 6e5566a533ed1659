import { expect, test } from "vitest";
import { devicesSoak } from "./server-soak/devices-soak.ts";

// A quick one; `npm run soak -- --devices` has five people with three devices each.
test("SR-59 people with several devices, which come, go, end, are added and removed, agree in the end, and nobody who was removed reads on: seed 1", async () => {
  const figures = await devicesSoak(1, 40, { persons: 2, devices: 2 });
  expect(figures.messages).toBeGreaterThan(5);
});
