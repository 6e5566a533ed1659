import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts", "bench/**/*.test.ts"],
    // Scenarios start real servers and open many sockets; they are correct at any speed, so give slow machines room.
    setupFiles: ["test/setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    // Most files wait for processes and sockets rather than compute.
    maxWorkers: 2,
    reporters: ["default", "./test/project/rules-reporter.ts"],
  },
});
