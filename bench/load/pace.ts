import { performance } from "node:perf_hooks";
import { setInterval } from "node:timers/promises";
import { percentile } from "../statistics.ts";
import type { Order, Paced } from "../orders.ts";
import type { Crowd } from "./crowd.ts";
import { linesHeard, readyLine } from "./lines.ts";

/**
 * The first client sends at an even pace; each of the others notes when it has each message whole. Resolves when all
 * have all.
 */
export async function pace(
  { clients, events }: Crowd,
  { traffic, perSecond, messages }: Extract<Order, { kind: "pace" }>,
): Promise<Paced> {
  const [sender, other] = clients;
  if (sender === undefined || other === undefined) throw new Error("nobody is there to talk");
  const line = readyLine(traffic, sender, other);
  const { heard } = linesHeard(traffic, sender.name);
  const hearers = clients.length - 1;

  const sentAt: number[] = [];
  const latencies = new Float64Array(messages * hearers);
  let noted = 0;
  const { promise: allHeard, resolve } = Promise.withResolvers<void>();
  for (const each of events.slice(1)) {
    let bytes = 0;
    let told = 0;
    each.onBytes = (count) => {
      bytes += count;
      for (; (told + 1) * heard <= bytes; told++) {
        latencies[noted++] = performance.now() - (sentAt[told] ?? Number.NaN);
      }
      if (noted === latencies.length) resolve();
    };
  }
  for await (const _ of setInterval(1000 / perSecond)) {
    sentAt.push(performance.now());
    sender.socket.write(line);
    if (sentAt.length === messages) break;
  }
  await allHeard;
  for (const each of events) each.onBytes = () => {};
  return { p50: percentile(latencies, 50), p99: percentile(latencies, 99) };
}
