import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ServerAddress } from "./address.ts";
import { raceToConnect } from "./race.ts";

/**
 * How a client gets to its server: resolves with a connection on which nothing was said yet. Called anew for each attempt.
 * A rejection is `unreachable`, with the error's `code`. `signal` aborts when the connection is no longer wanted.
 */
export type Open = (server: ServerAddress, signal: AbortSignal) => Promise<Duplex>;

/** By TCP: what `connect` does unless it is told otherwise. Throws a RangeError for a port that is none. */
export function openTcp(server: ServerAddress, signal: AbortSignal): Promise<Socket> {
  return raceToConnect(server, signal);
}
