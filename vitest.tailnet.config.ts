import { defineConfig } from "vitest/config";

/** `npm run test:tailnet`: real daemons, see docs/testing-on-a-tailnet.md. Not part of `npm test`. */
export default defineConfig({
  test: {
    setupFiles: ["test/setup.ts"],
    include: ["test/real-tailnet/*.scenario.ts"],
    // Each file has a tailnet of its own, and one such is enough for a small machine.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: "forks",
  },
});
