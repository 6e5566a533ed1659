import { setTimeout as delay } from "node:timers/promises";
import type { Figure } from "../figures.ts";
import type { LoadProcess } from "../load-process.ts";
import { withPair, type Effort } from "../pair.ts";
import type { Subject } from "../subject.ts";

/** What a connection that has been set up and says nothing costs in memory. */
export function memory({ idleConnections }: Effort): Promise<readonly Figure[]> {
  return withPair(async (pair, load) => [
    {
      scenario: "memory",
      conditions: `${idleConnections} idle connections`,
      measured: "resident memory for each",
      unit: "kB",
      server: await perConnection(pair.server, load, "server", idleConnections),
      floor: await perConnection(pair.floor, load, "floor", idleConnections),
      goal: { most: 10, of: "figure" },
    },
  ]);
}

/** Kilobytes. Some connections come before those that are counted: code is loaded and compiled only once. */
async function perConnection(subject: Subject, load: LoadProcess, name: string, connections: number): Promise<number> {
  const { port } = subject;
  await load.order({ kind: "gather", crowd: `${name}, before`, port, clients: BEFORE, first: 0 });
  await delay(SETTLE);
  const before = await subject.usage();
  await load.order({ kind: "gather", crowd: name, port, clients: connections, first: BEFORE });
  await delay(SETTLE);
  const after = await subject.usage();
  await load.order({ kind: "scatter", crowd: name });
  await load.order({ kind: "scatter", crowd: `${name}, before` });
  return (after.residentBytes - before.residentBytes) / connections / 1000;
}

/** Open files that the load and the server need for so many connections, and some for themselves. */
export function filesNeeded(idleConnections: number): number {
  return idleConnections + BEFORE + 100;
}

/** Connections. */
export const BEFORE = 100;

/** Milliseconds. */
const SETTLE = 1000;
