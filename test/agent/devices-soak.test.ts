import { expect, test } from "vitest";
import { devicesSoak } from "./server-soak/devices-soak.ts";

// A quick one; .ci/run has ten seeds of five people with three devices each, `npm run soak -- --devices` a hundred.
test("SR-59 people with several devices, which come, go, end, are added and removed, agree in the end, and nobody who was removed reads on: seed 1", async () => {
  const figures = await devicesSoak(1, 40, { persons: 2, devices: 2 });
  expect(figures.messages).toBeGreaterThan(5);
});
