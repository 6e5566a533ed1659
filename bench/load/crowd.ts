import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { Order } from "../orders.ts";
import { setUp, type Client, type ClientEvents } from "./client.ts";

/** Clients of one server that stay connected, and hear. */
export interface Crowd {
  readonly clients: readonly Client[];
  /** What each client tells; the same index is the same client. */
  readonly events: readonly ClientEvents[];
}

/** Connects so many clients; resolves when all are set up and the server holds nothing back from them any more. */
export async function gather({ port, clients: size, first }: Extract<Order, { kind: "gather" }>): Promise<Crowd> {
  const events = Array.from({ length: size }, (): ClientEvents => ({ onBytes: () => {} }));
  const clients: Client[] = [];
  while (clients.length < size) {
    const next = clients.length;
    const group = events.slice(next, next + ABREAST);
    clients.push(...(await Promise.all(group.map((each, i) => setUp(port, memberName(first + next + i), each)))));
  }
  await delay(HELD);
  return { clients, events };
}

/** Hangs up all of them. */
export async function scatter({ clients }: Crowd): Promise<void> {
  await Promise.all(
    clients.map(async ({ socket }) => {
      socket.end();
      if (!socket.closed) await once(socket, "close");
    }),
  );
}

/** Names of one length, so that what is heard of them has one length, too. */
export function memberName(number: number): string {
  return `member${String(number).padStart(5, "0")}`;
}

const ABREAST = 64;

/** Milliseconds. Messages are held for 100 ms behind the acknowledgement of a key (PROTOCOL.md); sending begins after it. */
const HELD = 200;
