import { defineConfig } from "vitest/config";

const UNITS = "src/**/*.test.ts";
const SCENARIOS = ["test/**/*.test.ts", "bench/**/*.test.ts"];
/** Each replaces a module for all who import it, so it needs modules of its own. */
const REPLACES_MODULES = ["src/wire/classic/vectors.test.ts", "src/core/many-claims.test.ts"];

const each = {
  setupFiles: "test/setup.ts",
  // Scenarios start real servers and open many sockets; they are correct at any speed, so give slow and busy machines room.
  testTimeout: 240_000,
  hookTimeout: 240_000,
  pool: "forks",
  // More than a small machine has cores: most files wait for processes, disks and sockets rather than compute.
  maxWorkers: 4,
} as const;

export default defineConfig({
  test: {
    include: [UNITS, ...SCENARIOS],
    projects: [
      // They share a process and its modules, one file after the other: to make both anew for each takes longer than most run.
      {
        extends: false,
        test: { ...each, name: "units", include: [UNITS], exclude: REPLACES_MODULES, isolate: false },
      },
      { extends: false, test: { ...each, name: "scenarios", include: [...SCENARIOS, ...REPLACES_MODULES] } },
    ],
    reporters: ["default", "./test/project/rules-reporter.ts"],
  },
});
