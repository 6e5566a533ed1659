import type { Figure } from "../figures.ts";
import { medians, takeTurns, type Effort } from "../pair.ts";
import { costOf, ENTRY_HEAD, startAppender } from "./appenders.ts";

/** Bytes of a sealed message of 100 B. */
const SEALED = 400;

/** Bytes of the rows that an entry leaves, by entries in a transaction: a row that several of them change is kept once. */
const ROWS: Readonly<Record<8 | 64, number>> = { 8: 457, 64: 97 };

/**
 * The store alone, without a socket: what a durable entry costs with its rows, sums and chained digests, beside the bare appender; and beside one that
 * has as many bytes to keep and a thread of its own, which says how much of the rest is ours.
 */
export async function storing({ runs, seconds }: Effort): Promise<readonly Figure[]> {
  const [own, bare] = [await startAppender("store-appender.ts"), await startAppender()];
  const threaded = await startAppender("threaded-appender.ts");
  const figures: Figure[] = [];
  try {
    for (const batch of [8, 64] as const) {
      const order = { seconds, batch, bytes: SEALED + ENTRY_HEAD };
      const told = await takeTurns({ warmUps: 1, runs }, async (side) =>
        costOf(await (side === "server" ? own : bare).append(order), ({ entries }) => entries),
      );
      const about = { scenario: "sealed", conditions: `the store alone, ${batch} entries in a transaction` } as const;
      figures.push(
        {
          ...about,
          measured: "CPU per entry",
          unit: "µs",
          ...medians(told, ({ cpu }) => cpu),
          goal: { most: 2.5, of: "ratio" },
        },
        {
          ...about,
          measured: "entries, stored durably",
          unit: "/s",
          ...medians(told, ({ rate }) => rate),
          goal: { least: 10_000, of: "figure" },
        },
      );
      const whole = { ...order, bytes: order.bytes + ROWS[batch] };
      const beside = await takeTurns({ warmUps: 1, runs }, async (side) =>
        costOf(await (side === "server" ? own.append(order) : threaded.append(whole)), ({ entries }) => entries),
      );
      figures.push({
        ...about,
        measured: "the same, floor with a thread and the rows' bytes",
        unit: "µs",
        ...medians(beside, ({ cpu }) => cpu),
        goal: null,
      });
    }
  } finally {
    own.stop();
    bare.stop();
    threaded.stop();
  }
  return figures;
}
