import { performance } from "node:perf_hooks";
import { setInterval } from "node:timers/promises";
import type { Order, Paced } from "../orders.ts";
import { percentile } from "../statistics.ts";
import type { Crowd } from "./crowd.ts";
import { readyLine } from "./lines.ts";

const NEWLINE = 0x0a;
/** A direct message's line begins with it; none of the lines that a bystander hears besides does. */
const DIRECT = "M".charCodeAt(0);

/** Two who talk while others do what they like. Resolves when all messages were heard, so a lost one makes the order fail. */
export async function bystand(
  { clients, events }: Crowd,
  { bytes, perSecond, messages }: Extract<Order, { kind: "bystand" }>,
): Promise<Paced> {
  const [sender, hearer] = clients;
  const heard = events[1];
  if (sender === undefined || hearer === undefined || heard === undefined) throw new Error("nobody is there to talk");
  const line = readyLine({ pattern: "direct", bytes }, sender, hearer);
  const sentAt: number[] = [];
  const latencies: number[] = [];
  const { promise: allHeard, resolve } = Promise.withResolvers<void>();
  let isDirect: boolean | null = null;
  heard.onBytes = (count, buffer) => {
    for (let at = 0; at < count;) {
      isDirect ??= buffer[at] === DIRECT;
      const end = buffer.subarray(0, count).indexOf(NEWLINE, at);
      if (end === -1) return;
      if (isDirect) latencies.push(performance.now() - (sentAt[latencies.length] ?? Number.NaN));
      isDirect = null;
      at = end + 1;
    }
    if (latencies.length === messages) resolve();
  };
  for await (const _ of setInterval(1000 / perSecond)) {
    sentAt.push(performance.now());
    sender.socket.write(line);
    if (sentAt.length === messages) break;
  }
  await allHeard;
  heard.onBytes = () => {};
  const all = Float64Array.from(latencies);
  return { p50: percentile(all, 50), p99: percentile(all, 99) };
}
