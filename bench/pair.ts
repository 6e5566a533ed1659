import { startLoad, type LoadProcess } from "./load-process.ts";
import { memberName } from "./load/crowd.ts";
import { linesHeard } from "./load/lines.ts";
import type { Order, Traffic } from "./orders.ts";
import { median } from "./statistics.ts";
import { startFloor, startServer, type Subject } from "./subject.ts";

/** How long and how often to measure. */
export interface Effort {
  /** Runs of each kind; the median of their figures is told. */
  readonly runs: number;
  /** Seconds of one saturated run. */
  readonly seconds: number;
  /** Messages of one paced run. */
  readonly pacedMessages: number;
  /** Clients of one set-up run. */
  readonly visits: number;
  readonly idleConnections: number;
  /** Keys of one run of the terminal. */
  readonly keys: number;
}

/** The server and the floor, side by side. */
export interface Pair {
  readonly server: Subject;
  readonly floor: Subject;
}

export type Side = keyof Pair;

/** Two figures of one kind. */
export type Sides = Readonly<Record<Side, number>>;

/** Starts both, and the load for them; all three are gone when `work` is done. */
export async function withPair<T>(work: (pair: Pair, load: LoadProcess) => Promise<T>): Promise<T> {
  const [server, floor] = await Promise.all([startServer(), startFloor()]);
  const load = startLoad();
  try {
    return await work({ server, floor }, load);
  } finally {
    load.stop();
    await Promise.all([server.stop(), floor.stop()]);
  }
}

/** Connects as many clients to the one as to the other, and tells the floor which lines it will be asked for. */
export async function gatherBoth(pair: Pair, load: LoadProcess, clients: number, traffic: Traffic): Promise<void> {
  await pair.floor.plan({ pattern: traffic.pattern, lineLength: linesHeard(traffic, memberName(0)).heard });
  for (const side of SIDES) {
    await load.order({ kind: "gather", crowd: side, port: pair[side].port, clients, first: 0 });
  }
}

/**
 * Server, floor, server, floor …: whatever else the machine does meets both alike.
 * @param warmUps runs before those that count: code is compiled in them, and buffers grow.
 * @returns what `measure` told in the runs that count.
 */
export async function takeTurns<T>(
  { warmUps, runs }: { readonly warmUps: number; readonly runs: number },
  measure: (side: Side) => Promise<T>,
): Promise<Readonly<Record<Side, readonly T[]>>> {
  for (let run = 0; run < warmUps; run++) for (const side of SIDES) await measure(side);
  const told = { server: [] as T[], floor: [] as T[] };
  for (let run = 0; run < runs; run++) for (const side of SIDES) told[side].push(await measure(side));
  return told;
}

/** The median of one figure, for each side. */
export function medians<T>(told: Readonly<Record<Side, readonly T[]>>, figureOf: (told: T) => number): Sides {
  return { server: median(told.server.map(figureOf)), floor: median(told.floor.map(figureOf)) };
}

/** One saturated run: CPU µs for each delivery, and deliveries a second. */
export async function saturatedRun(
  pair: Pair,
  side: Side,
  load: LoadProcess,
  order: Omit<Extract<Order, { kind: "saturate" }>, "kind" | "crowd">,
): Promise<{ readonly cpu: number; readonly rate: number }> {
  const { cpu, result } = await withCpu(pair[side], () => load.order({ kind: "saturate", crowd: side, ...order }));
  return { cpu: (1e6 * cpu) / result.deliveries, rate: result.deliveries / result.seconds };
}

/** The CPU seconds that a side uses while `work` is done, and what `work` gives. */
export async function withCpu<T>(
  subject: Pick<Subject, "usage">,
  work: () => Promise<T>,
): Promise<{ cpu: number; result: T }> {
  const before = await subject.usage();
  const result = await work();
  const after = await subject.usage();
  return { cpu: after.cpuSeconds - before.cpuSeconds, result };
}

const SIDES = ["server", "floor"] as const;
