/**
 * Puts every hostile text through every function: `node hostile-program.ts`. It has a process of its own, since a function that takes
 * quadratic time can't be interrupted otherwise. One line of JSON for each function that it begins, so that who ends the process knows
 * which it was, and one when it is done with the steps that it took (blocks of our own code that ran, as V8 counts them) for texts of one
 * length and of four times that.
 */
import { Session } from "node:inspector/promises";

const session = new Session();
session.connect();
await session.post("Profiler.enable");
// Before our code is compiled, else its blocks have no counters.
await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
const { SUBJECTS } = await import("./hostile-subjects.ts");
const { HOSTILE_TEXTS } = await import("./hostile-texts.ts");

for (const { name, take, length } of SUBJECTS) {
  tell({ name });
  const steps = [await stepsOf(take, 4_096), await stepsOf(take, 4 * 4_096)];
  if (length > 4 * 4_096) for (const make of Object.values(HOSTILE_TEXTS)) take(make(length));
  tell({ name, steps });
}

/** The steps for all texts of a length together: a single one for which they grow too fast outweighs the others. */
async function stepsOf(take: (text: string) => unknown, length: number): Promise<number> {
  await session.post("Profiler.takePreciseCoverage");
  for (const make of Object.values(HOSTILE_TEXTS)) take(make(length));
  const { result } = await session.post("Profiler.takePreciseCoverage");
  return result
    .filter(({ url }) => /\/src\/(view|tui)\//.test(url))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges))
    .reduce((sum, { count }) => sum + count, 0);
}

function tell(news: object): void {
  process.stdout.write(`${JSON.stringify(news)}\n`);
}
