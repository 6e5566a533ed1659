import { performance } from "node:perf_hooks";
import type { Order, Saturated } from "../orders.ts";
import type { Crowd } from "./crowd.ts";
import { linesHeard, readyLine } from "./lines.ts";

/** So many clients take turns at sending; the others only hear. */
const MOST_SENDERS = 16;

/**
 * Sends as fast as messages arrive and resolves when the last has arrived. All lines of a run have the same length, so
 * what has arrived is known by counting bytes, over all clients together: that costs the load next to nothing.
 */
export function saturate(
  { clients, events }: Crowd,
  { traffic, inFlight, seconds }: Extract<Order, { kind: "saturate" }>,
): Promise<Saturated> {
  const senders = clients.slice(0, MOST_SENDERS);
  const lines = senders.map((from, i) => readyLine(traffic, from, clients[i ^ 1] ?? from));
  const { heard, acknowledged } = linesHeard(traffic, clients[0]?.name ?? "");
  const hearers = traffic.pattern === "broadcast" ? clients.length - 1 : 1;
  const bytesPerMessage = hearers * heard + acknowledged;

  const { promise, resolve } = Promise.withResolvers<Saturated>();
  const start = performance.now();
  const end = start + 1000 * seconds;
  let sent = 0;
  let bytes = 0;
  const onBytes = (count: number): void => {
    bytes += count;
    const arrived = Math.floor(bytes / bytesPerMessage);
    if (sent - arrived < inFlight && performance.now() < end) sendUpTo(arrived + inFlight);
    else if (arrived === sent && performance.now() >= end) finish();
  };
  for (const each of events) each.onBytes = onBytes;
  sendUpTo(inFlight);
  return promise;

  function sendUpTo(total: number): void {
    for (; sent < total; sent++) {
      const turn = sent % senders.length;
      senders[turn]?.socket.write(lines[turn] ?? "");
    }
  }

  function finish(): void {
    for (const each of events) each.onBytes = () => {};
    resolve({ messages: sent, deliveries: sent * hearers, seconds: (performance.now() - start) / 1000 });
  }
}
