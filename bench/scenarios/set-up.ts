import type { Figure } from "../figures.ts";
import { medians, takeTurns, withCpu, withPair, type Effort } from "../pair.ts";

export const ABREAST = 32;

/** Clients come, register a name that is new to the server, agree on a key, and leave. */
export function setUp({ runs, visits }: Effort): Promise<readonly Figure[]> {
  const about = {
    scenario: "set-up",
    conditions: `connect, register, key, leave; ${ABREAST} abreast`,
    goal: null,
  } as const;
  return withPair(async (pair, load) => {
    const told = await takeTurns({ warmUps: 1, runs }, async (side) => {
      const subject = pair[side];
      const visited = await withCpu(subject, () =>
        load.order({ kind: "visit", port: subject.port, visits, abreast: ABREAST }),
      );
      return { cpu: (1e6 * visited.cpu) / visits, rate: visits / visited.result.seconds };
    });
    return [
      { ...about, measured: "CPU per set-up", unit: "µs", ...medians(told, ({ cpu }) => cpu) },
      { ...about, measured: "set-ups", unit: "/s", ...medians(told, ({ rate }) => rate) },
    ];
  });
}
