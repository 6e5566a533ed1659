import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ServerAddress } from "./address.ts";

/**
 * How a client gets to its server: resolves with a connection on which nothing was said yet. Called anew for each attempt.
 * A rejection is `unreachable`, with the error's `code`. `signal` aborts when the connection is no longer wanted.
 */
export type Open = (server: ServerAddress, signal: AbortSignal) => Promise<Duplex>;

/** Milliseconds of quiet before the system asks the other machine whether it is there. */
const KEEP_ALIVE = 30_000;

/** By TCP: what `connect` does unless it is told otherwise. Throws a RangeError for a port that is none. */
export function openTcp(server: ServerAddress, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ ...server, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE });
  return connected(socket, signal);
}

async function connected(socket: Socket, signal: AbortSignal): Promise<Socket> {
  try {
    await once(socket, "connect", { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
