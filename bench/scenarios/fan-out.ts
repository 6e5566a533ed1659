import type { Figure } from "../figures.ts";
import type { Traffic } from "../orders.ts";
import { gatherBoth, saturatedRun, medians, takeTurns, withPair, type Effort } from "../pair.ts";

export const IN_FLIGHT = 16;
export const PER_SECOND = 20;

interface Size {
  readonly clients: number;
  readonly bytes: number;
  /** The goal: the most that a delivery may cost, in times of the floor's. */
  readonly mostRatio?: number;
}

const SIZES: readonly Size[] = [
  { clients: 2, bytes: 64 },
  { clients: 2, bytes: 4096 },
  { clients: 100, bytes: 64, mostRatio: 4 },
  { clients: 100, bytes: 4096, mostRatio: 2 },
  { clients: 1000, bytes: 64 },
  { clients: 1000, bytes: 4096 },
];

/** One says something, all others hear it. */
export async function fanOut(effort: Effort): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const size of SIZES) figures.push(...(await measure(size, effort)));
  return figures;
}

function measure({ clients, bytes, mostRatio }: Size, effort: Effort): Promise<readonly Figure[]> {
  const traffic: Traffic = { pattern: "broadcast", bytes };
  const about = { scenario: "fan-out", conditions: `broadcast, ${clients} clients, ${bytes} B`, goal: null } as const;
  const goal = mostRatio === undefined ? null : ({ most: mostRatio, of: "ratio" } as const);
  return withPair(async (pair, load) => {
    await gatherBoth(pair, load, clients, traffic);
    const saturated = await takeTurns({ warmUps: 1, runs: effort.runs }, (side) =>
      saturatedRun(pair, side, load, { traffic, inFlight: IN_FLIGHT, seconds: effort.seconds }),
    );
    const paced = await takeTurns({ warmUps: 0, runs: 2 }, (side) =>
      load.order({ kind: "pace", crowd: side, traffic, perSecond: PER_SECOND, messages: effort.pacedMessages }),
    );
    return [
      { ...about, measured: "CPU per delivery, saturated", unit: "µs", ...medians(saturated, ({ cpu }) => cpu), goal },
      { ...about, measured: "deliveries, saturated", unit: "/s", ...medians(saturated, ({ rate }) => rate) },
      { ...about, measured: `latency p50, ${PER_SECOND} a second`, unit: "ms", ...medians(paced, ({ p50 }) => p50) },
      { ...about, measured: `latency p99, ${PER_SECOND} a second`, unit: "ms", ...medians(paced, ({ p99 }) => p99) },
    ];
  });
}
