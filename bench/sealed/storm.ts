import type { Figure } from "../figures.ts";
import { startLoad } from "../load-process.ts";
import type { Storm } from "../orders.ts";
import type { Effort } from "../pair.ts";
import { SERVER_ARGUMENTS, startServer } from "../subject.ts";

/** Devices that want in at once; where each comes by its own commit, so many, since each commit is work for all who are in. */
const DEVICES = 500;
const ALONE = 100;

/**
 * Many who want into one room at once, while somebody writes there: a writer's times beside the quiet ones, and how long it takes beside
 * a hundred who each come by their own commit.
 */
export async function storms({ runs }: Effort): Promise<readonly Figure[]> {
  const devices = runs < 5 ? ALONE : DEVICES;
  const few = await run(ALONE, true);
  const alone = await run(ALONE, false);
  const figures = figuresOf(ALONE, few, alone);
  return devices === ALONE ? figures : [...figures, ...figuresOf(devices, await run(devices, true), alone)];
}

async function run(devices: number, batches: boolean): Promise<Storm> {
  const server = await startServer(SERVER_ARGUMENTS);
  const load = startLoad();
  try {
    return await load.order({ kind: "storm", port: server.port, devices, batches });
  } finally {
    load.stop();
    await server.stop();
  }
}

/** @param alone a hundred, each by its own commit. */
function figuresOf(devices: number, storm: Storm, alone: Storm): Figure[] {
  const about = {
    scenario: "storm",
    conditions: `${devices} devices want in at once: ${storm.commits} commits`,
    unit: "ms",
    goal: null,
  } as const;
  return [
    { ...about, measured: "a writer, p50; floor: quiet", server: storm.during.p50, floor: storm.quiet.p50 },
    { ...about, measured: "a writer, p99; floor: quiet", server: storm.during.p99, floor: storm.quiet.p99 },
    { ...about, measured: "p99; floor: 100 one by one", server: storm.during.p99, floor: alone.during.p99 },
    { ...about, measured: "until all are in, for each", server: storm.took / devices, floor: alone.took / ALONE },
  ];
}
