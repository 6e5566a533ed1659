import type { Figure } from "../figures.ts";
import { startLoad } from "../load-process.ts";
import type { Effort } from "../pair.ts";
import { SERVER_ARGUMENTS, startServer } from "../subject.ts";

/** Committing and coming in through the server, in rooms of so many devices, all of whom are there; the floor is the engine's part of it. */
export async function committing({ runs }: Effort): Promise<readonly Figure[]> {
  const sizes = runs < 5 ? [10] : [10, 100, 500];
  const figures: Figure[] = [];
  for (const devices of sizes) {
    const server = await startServer(SERVER_ARGUMENTS);
    const load = startLoad();
    try {
      const { commit, join } = await load.order({ kind: "commits", port: server.port, devices, repetitions: 9 });
      const about = { scenario: "sealed", conditions: `rooms of ${devices} devices`, unit: "ms", goal: null } as const;
      figures.push(
        { ...about, measured: "a commit, until answered", server: commit.through, floor: commit.alone },
        { ...about, measured: "coming in, until answered", server: join.through, floor: join.alone },
      );
    } finally {
      load.stop();
      await server.stop();
    }
  }
  return figures;
}
