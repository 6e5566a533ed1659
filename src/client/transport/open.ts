import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { connect, isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ServerAddress } from "./address.ts";

/**
 * How a client gets to its server: resolves with a connection on which nothing was said yet. Called anew for each attempt.
 * A rejection is `unreachable`, with the error's `code`. `signal` aborts when the connection is no longer wanted.
 */
export type Open = (server: ServerAddress, signal: AbortSignal) => Promise<Duplex>;

/** By TCP: what `connect` does unless it is told otherwise. Throws a RangeError for a port that is none. */
export function openTcp(server: ServerAddress, signal: AbortSignal): Promise<Socket> {
  return raceToConnect(server, signal);
}

/** Milliseconds before the next address is tried beside the ones that are still being tried (RFC 8305, 5: 250 is recommended). */
const HEAD_START = 250;
/** So many addresses of one name are tried. */
const MOST = 16;
/** Milliseconds of quiet before the system asks the other machine whether it is there. */
const KEEP_ALIVE = 30_000;

/** How to ask for addresses and to connect to one: for tests, which have no network that is slow or broken. */
export interface Network {
  readonly lookup: (host: string) => Promise<readonly LookupAddress[]>;
  readonly connect: (address: ServerAddress) => Socket;
}

const NETWORK: Network = {
  lookup: (host) => lookup(host, { all: true, order: "verbatim" }),
  connect: (address) =>
    connect({ ...address, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE, autoSelectFamily: false }),
};

/**
 * Connects to the first of a name's addresses that takes it, the families in turns, and each with all the time there is: Node's own
 * way gives up an address after a quarter of a second, though a slow way may be the only one ("Happy Eyeballs", RFC 8305).
 * Rejects with the error that says most when none takes it, and when `signal` aborts.
 */
export async function raceToConnect(
  { host, port }: ServerAddress,
  signal: AbortSignal,
  network: Network = NETWORK,
): Promise<Socket> {
  signal.throwIfAborted();
  const family = isIP(host);
  const found = family === 0 ? await abortable(network.lookup(host), signal) : [{ address: host, family }];
  const addresses = inTurns(found).slice(0, MOST);
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const attempts = new Set<Socket>();
  const errors: Error[] = [];
  let tried = 0;
  let timer: NodeJS.Timeout | undefined;

  function tryNext(): void {
    clearTimeout(timer);
    const address = addresses[tried];
    if (address === undefined) return;
    tried += 1;
    const socket = network.connect({ host: address, port });
    attempts.add(socket);
    socket.once("connect", () => {
      attempts.delete(socket);
      resolve(socket);
    });
    socket.on("error", (error) => {
      // Behind its connection an error is its owner's.
      if (!attempts.delete(socket)) return;
      errors.push(error);
      if (tried < addresses.length) tryNext();
      else if (attempts.size === 0) reject(mostTelling(errors));
    });
    timer = setTimeout(tryNext, HEAD_START);
  }

  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (addresses.length === 0) reject(Object.assign(new Error(`${host} has no address`), { code: "ENOTFOUND" }));
  else tryNext();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
    for (const socket of attempts) socket.destroy();
    attempts.clear();
  }
}

/** The first family, as the resolver put it, and the other, one after the other. */
function inTurns(found: readonly LookupAddress[]): readonly string[] {
  const first = found.filter(({ family }) => family === found[0]?.family);
  const others = found.filter(({ family }) => family !== found[0]?.family);
  const turns = Array.from({ length: Math.max(first.length, others.length) }, (_, i) => [first[i], others[i]]);
  return turns.flat().flatMap((one) => (one === undefined ? [] : [one.address]));
}

/** A machine that answered says more than none that did, and both more than a family that has no way at all. */
const TELLING = ["ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EHOSTUNREACH"];

function mostTelling(errors: readonly Error[]): Error {
  return errors.reduce((best, error) => (rank(error) < rank(best) ? error : best));
}

function rank(error: Error): number {
  const at = TELLING.indexOf("code" in error ? String(error.code) : "");
  return at === -1 ? TELLING.length : at;
}

async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
