import { expect, test } from "vitest";
import { serverSoak } from "./server-soak/server-soak.ts";

// A quick set; .ci/run has ten seeds, `npm run soak -- --server` a hundred.
test.each([1, 2])(
  "SR-23 random devices on a server that is killed, and restored from backups, lose and double nothing without a word: seed %i",
  async (seed) => {
    const figures = await serverSoak(seed, 40);
    expect(figures.messages).toBeGreaterThan(15);
  },
  // It has its own bound, by what changes, and says more than that it took too long.
  20 * 60_000,
);
