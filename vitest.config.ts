import { existsSync, globSync, readFileSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

const UNITS = "src/**/*.test.ts";
const SCENARIOS = ["test/**/*.test.ts", "bench/**/*.test.ts"];
/** What replaces a module for all who import it needs modules of its own, and what tells how a process's memory grows a process. */
const ALONE = [
  ...globSync([UNITS, ...SCENARIOS], { cwd: import.meta.dirname }).filter(replacesModules),
  "test/frames/fuzz.test.ts",
];

/**
 * Where scenarios put what their servers and agents keep: in memory, where a system has much of that. None of them takes the power away, so
 * the disk has nothing to prove; each fsync of a hundred small databases costs time all the same. Tests of the stores choose their place themselves.
 */
const MEMORY = "/dev/shm";
/** Bytes: many times what a run needs at once. Containers often have 64 MB there. */
const ENOUGH = 4 * 1024 ** 3;
const place = hasRoom(MEMORY) ? { TMPDIR: MEMORY } : {};

/**
 * Where the launcher of a checkout keeps what has been compiled: for threads and for programs that tests start by themselves, too. To take the
 * types out of some hundred files at each start takes longer than most of them run.
 */
const NODE_COMPILE_CACHE = join(import.meta.dirname, "node_modules/.cache/padserve");

const each = {
  setupFiles: "test/setup.ts",
  // Scenarios start real servers and open many sockets; they are correct at any speed, so give slow and busy machines room.
  testTimeout: 240_000,
  hookTimeout: 240_000,
  pool: "forks",
  env: { NODE_COMPILE_CACHE },
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
        test: { ...each, name: "units", include: [UNITS], exclude: ALONE, isolate: false },
      },
      {
        extends: false,
        test: {
          ...each,
          name: "scenarios",
          include: SCENARIOS,
          exclude: ALONE,
          isolate: false,
          env: { NODE_COMPILE_CACHE, ...place },
        },
      },
      { extends: false, test: { ...each, name: "alone", include: ALONE, env: { NODE_COMPILE_CACHE, ...place } } },
    ],
    reporters: ["default", "./test/project/rules-reporter.ts"],
  },
});

function replacesModules(file: string): boolean {
  return readFileSync(join(import.meta.dirname, file), "utf8").includes("vi.mock(");
}

function hasRoom(folder: string): boolean {
  if (!existsSync(folder)) return false;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize >= ENOUGH;
}
