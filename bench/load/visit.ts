import { once } from "node:events";
import { performance } from "node:perf_hooks";
import type { Order, Visited } from "../orders.ts";
import { setUp } from "./client.ts";

let visitors = 0;

/** Clients come, are set up under a name that nobody had before, and leave. */
export async function visit({ port, visits, abreast }: Extract<Order, { kind: "visit" }>): Promise<Visited> {
  let left = visits;
  const start = performance.now();
  await Promise.all(Array.from({ length: abreast }, comeAndGo));
  return { seconds: (performance.now() - start) / 1000 };

  async function comeAndGo(): Promise<void> {
    while (left > 0) {
      left--;
      const { socket } = await setUp(port, `visitor${visitors++}`, { onBytes: () => {} });
      socket.end();
      await once(socket, "close");
    }
  }
}
