/**
 * `npm run test:tailnet [-- words for vitest]`: makes sure of the programs, then runs the scenarios. Exits with 77 where
 * this machine can't have a real tailnet, and says in one line what it lacks; otherwise with vitest's own code.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { buildTools, findObstacle } from "./tools.ts";

/** What test programs of other houses exit with when they could not be run (automake). */
const NOT_POSSIBLE_HERE = 77;

const root = join(import.meta.dirname, "../..");
const obstacle = findObstacle();
if (obstacle === null) {
  buildTools((line) => console.log(line));
  process.exitCode = await runScenarios(process.argv.slice(2));
} else {
  console.error(`No real tailnet on this machine: ${obstacle}.`);
  process.exitCode = NOT_POSSIBLE_HERE;
}

async function runScenarios(words: readonly string[]): Promise<number> {
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const child = spawn(process.execPath, [vitest, "run", "--config", "vitest.tailnet.config.ts", ...words], {
    cwd: root,
    stdio: "inherit",
  });
  // It ends in its own way, its tailnets with it; we only wait. A terminal tells both of us.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  const [code]: (number | null)[] = await once(child, "exit");
  return code ?? 1;
}
