import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { withCpu } from "../pair.ts";
import { readUsage, USAGE_ARGUMENTS } from "../usage.ts";
import type { Appended, AppendOrder } from "./appender.ts";

/** The floor of appending, or the server's store alone, in a process of its own. */
export async function startAppender(
  file: "appender.ts" | "threaded-appender.ts" | "store-appender.ts" = "appender.ts",
) {
  const child = fork(join(import.meta.dirname, file), { execArgv: [...USAGE_ARGUMENTS] });
  await once(child, "message");
  return {
    append: (order: AppendOrder) =>
      withCpu({ usage: () => readUsage(child) }, async (): Promise<Appended> => {
        child.send(order);
        return (await once(child, "message"))[0];
      }),
    stop: () => child.disconnect(),
  };
}

/** CPU microseconds for each, and how many a second. */
export function costOf<R extends { readonly seconds: number }>(
  { cpu, result }: { readonly cpu: number; readonly result: R },
  countOf: (result: R) => number,
): { readonly cpu: number; readonly rate: number } {
  const count = countOf(result);
  return { cpu: (1e6 * cpu) / count, rate: count / result.seconds };
}

/** Bytes that the server keeps with a sealed message: its line of words, see `encodeEntry`. */
export const ENTRY_HEAD = 140;
