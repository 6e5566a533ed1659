import { join } from "node:path";
import type { Figure } from "../figures.ts";
import { startLoad, type LoadProcess } from "../load-process.ts";
import { medians, takeTurns, withCpu, type Effort } from "../pair.ts";
import { readMark } from "../../src/store/sqlite/mark.ts";
import { SERVER_ARGUMENTS, startFloorOf, startServer, type ServerSubject, type Subject } from "../subject.ts";
import { median } from "../statistics.ts";
import { costOf, ENTRY_HEAD, startAppender } from "./appenders.ts";
import { catchUp } from "./catch-up.ts";
import { committing } from "./commits.ts";
import { startingUp } from "./start-up.ts";
import { storing } from "./storing.ts";
import { planFor, type FramesPlan } from "./floor-plan.ts";

/** Bytes of a message before it is sealed. */
export const SEALED_BYTES = 100;
/** Messages in flight where nobody is to hear them, and where all others are. */
export const APPENDS_IN_FLIGHT = 128;
const FAN_OUT_IN_FLIGHT = 16;
const WRITERS = 8;

/** What sealed messages cost the server: storing them, handing them on, and devices that are there. */
export async function sealed(effort: Effort): Promise<readonly Figure[]> {
  const figures = [
    ...(await storing(effort)),
    ...(await appending(effort)),
    ...(await fanOut(100, effort)),
    ...(await catchUp(SEALED_BYTES)),
    ...(await committing(effort)),
    ...(await startingUp(effort)),
  ];
  if (effort.runs < 5) return figures;
  return [...figures, ...(await fanOut(1_000, effort))];
}

/** Devices write as fast as they are answered, each in a room where nobody else is. The floor's transactions are as long as the server's were. */
function appending({ runs, seconds }: Effort): Promise<readonly Figure[]> {
  return withServer(async (server, load) => {
    const crowd = { crowd: "writers", port: server.port, devices: WRITERS, first: 0, bytes: SEALED_BYTES } as const;
    const sealedBytes = await load.order({ kind: "gather-devices", rooms: "each", ...crowd });
    const appender = await startAppender();
    try {
      let batch = 1;
      const batches: number[] = [];
      const told = await takeTurns({ warmUps: 1, runs }, async (side) => {
        if (side === "floor") {
          const order = { seconds, batch, bytes: sealedBytes + ENTRY_HEAD };
          return costOf(await appender.append(order), ({ entries }) => entries);
        }
        const write = { crowd: "writers", inFlight: APPENDS_IN_FLIGHT, seconds, heard: false } as const;
        const before = commitsOf(server);
        const run = await withCpu(server, () => load.order({ kind: "write", ...write }));
        batch = Math.max(1, Math.round(run.result.messages / (commitsOf(server) - before)));
        batches.push(batch);
        return costOf(run, ({ messages }) => messages);
      });
      const conditions = `stored: messages of ${SEALED_BYTES} B from ${WRITERS} devices, ${median(batches)} in a transaction`;
      const about = { scenario: "sealed", conditions } as const;
      return [
        {
          ...about,
          measured: "CPU per entry, the whole path",
          unit: "µs",
          ...medians(told, ({ cpu }) => cpu),
          goal: null,
        },
        {
          ...about,
          measured: "entries, stored durably",
          unit: "/s",
          ...medians(told, ({ rate }) => rate),
          goal: { least: 10_000, of: "figure" },
        },
      ];
    } finally {
      appender.stop();
    }
  });
}

/** One device writes, and all others of its room hear it. */
function fanOut(devices: number, { runs, seconds }: Effort): Promise<readonly Figure[]> {
  return withServer(async (server, load) => {
    const floor = await startFloorOf<FramesPlan>("sealed/floor.ts");
    try {
      const crowd = { crowd: "server", port: server.port, devices, first: 0, bytes: SEALED_BYTES } as const;
      const sealedBytes = await load.order({ kind: "gather-devices", rooms: "one", ...crowd });
      await floor.plan(planFor(sealedBytes));
      const bare = { crowd: "floor", port: floor.port, sockets: devices, bytes: sealedBytes } as const;
      await load.order({ kind: "gather-bare", ...bare });
      const told = await takeTurns({ warmUps: 1, runs }, async (side) => {
        const subject: Pick<Subject, "usage"> = side === "server" ? server : floor;
        const write = { crowd: side, inFlight: FAN_OUT_IN_FLIGHT, seconds, heard: true } as const;
        const run = await withCpu(subject, () => load.order({ kind: "write", ...write }));
        return costOf(run, ({ deliveries }) => deliveries);
      });
      const about = {
        scenario: "sealed",
        conditions: `stored messages, ${devices} devices, ${SEALED_BYTES} B`,
      } as const;
      return [
        {
          ...about,
          measured: "CPU per delivery, saturated",
          unit: "µs",
          ...medians(told, ({ cpu }) => cpu),
          goal: { most: 4, of: "ratio" },
        },
        { ...about, measured: "deliveries, saturated", unit: "/s", ...medians(told, ({ rate }) => rate), goal: null },
      ];
    } finally {
      await floor.stop();
    }
  });
}

/** Commits of the server's store so far. */
function commitsOf({ data }: ServerSubject): number {
  return readMark(join(data, "padserve.db-mark")) ?? 0;
}

async function withServer<T>(work: (server: ServerSubject, load: LoadProcess) => Promise<T>): Promise<T> {
  const server = await startServer(SERVER_ARGUMENTS);
  const load = startLoad();
  try {
    return await work(server, load);
  } finally {
    load.stop();
    await server.stop();
  }
}
