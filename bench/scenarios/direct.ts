import type { Figure } from "../figures.ts";
import type { Traffic } from "../orders.ts";
import { gatherBoth, saturatedRun, medians, takeTurns, withPair, type Effort } from "../pair.ts";
import { IN_FLIGHT } from "./fan-out.ts";

const CLIENTS = 100;

/** Pairs who talk with each other. */
export function direct(effort: Effort): Promise<readonly Figure[]> {
  const traffic: Traffic = { pattern: "direct", bytes: 64 };
  const about = { scenario: "direct", conditions: `direct messages, ${CLIENTS} clients, 64 B`, goal: null } as const;
  return withPair(async (pair, load) => {
    await gatherBoth(pair, load, CLIENTS, traffic);
    const told = await takeTurns({ warmUps: 1, runs: effort.runs }, (side) =>
      saturatedRun(pair, side, load, { traffic, inFlight: IN_FLIGHT, seconds: effort.seconds }),
    );
    return [
      { ...about, measured: "CPU per message, saturated", unit: "µs", ...medians(told, ({ cpu }) => cpu) },
      { ...about, measured: "messages, saturated", unit: "/s", ...medians(told, ({ rate }) => rate) },
    ];
  });
}
