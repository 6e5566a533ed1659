import { expect, test } from "vitest";
import { soak } from "./soak.ts";

// A quick set; .ci/run has ten seeds of 300 steps, `npm run soak` a hundred.
test.each([1, 2, 3])(
  "GS-17 random devices lose and double nothing, agree, and use no key twice: seed %i",
  async (seed) => {
    const figures = await soak(seed, 60);
    expect(figures.messages).toBeGreaterThan(20);
    expect(figures.epochs).toBeGreaterThan(3);
  },
);
