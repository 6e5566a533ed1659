import { setTimeout as delay } from "node:timers/promises";
import type { Figure } from "../figures.ts";
import { startLoad, type LoadProcess } from "../load-process.ts";
import { openFilesLimit } from "../machine.ts";
import type { Effort } from "../pair.ts";
import { startFloorOf, type Subject } from "../subject.ts";
import type { FramesPlan } from "./floor-plan.ts";

const DEVICES = 10_000;
const FEWER = 1_000;
/** Seconds after which no more come: each is told to all others, so that they come slower and slower. */
const LONGEST = 200;
/** Devices that come before those that are counted. */
const BEFORE = 100;
/** So many come with one order. */
const STEP = 500;
/** Open files that the processes need for other things. */
const OTHER_FILES = 500;
/** Milliseconds. */
const SETTLE = 1_000;

/** What a device that is connected and says nothing costs in memory; the floor is a bare `ws` server. */
export async function connected({ runs }: Effort): Promise<readonly Figure[]> {
  const most = (openFilesLimit() ?? DEVICES + OTHER_FILES) - BEFORE - OTHER_FILES;
  const wanted = Math.min(runs < 5 ? FEWER : DEVICES, most);
  const { each: server, devices } = await growthOf("sealed/crowded-server.ts", "gather-devices", wanted);
  const { each: floor } = await growthOf("sealed/floor.ts", "gather-bare", devices);
  const about = { scenario: "crowd", conditions: `${devices} devices connected` } as const;
  const goal = { most: 25, of: "figure" } as const;
  return [{ ...about, measured: "resident memory for each", unit: "kB", server, floor, goal }];
}

async function growthOf(file: string, kind: "gather-devices" | "gather-bare", wanted: number): Promise<Growth> {
  const subject = await startFloorOf<FramesPlan>(file);
  const load = startLoad();
  try {
    return await growth(subject, load, kind, wanted);
  } finally {
    load.stop();
    await subject.stop();
  }
}

/** Kilobytes for each of so many. */
interface Growth {
  readonly each: number;
  readonly devices: number;
}

async function growth(
  { port, usage }: Pick<Subject, "port" | "usage">,
  load: LoadProcess,
  kind: "gather-devices" | "gather-bare",
  wanted: number,
): Promise<Growth> {
  const come = (count: number, first: number) => {
    const crowd = `from ${first}`;
    return kind === "gather-bare"
      ? load.order({ kind, crowd, port, sockets: count, bytes: 1 })
      : load.order({ kind, crowd, port, devices: count, first, rooms: "none", bytes: 1 });
  };
  await come(BEFORE, 0);
  await delay(SETTLE);
  const before = await usage();
  const start = performance.now();
  let devices = 0;
  while (devices < wanted && performance.now() - start < 1_000 * LONGEST) {
    const more = Math.min(STEP, wanted - devices);
    await come(more, BEFORE + devices);
    devices += more;
  }
  await delay(SETTLE);
  const after = await usage();
  return { each: (after.residentBytes - before.residentBytes) / devices / 1_000, devices };
}
