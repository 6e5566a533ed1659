/**
 * `server`: joins all: sockets, identities, sessions, the core's mailbox, the store, HTTP. `serve.ts` is the command,
 * `main.ts` the order in which things start and stop.
 */

import type { Socket } from "node:net";
import { identityKey } from "../core/identity.ts";
import { detectProtocol } from "../net/detect-protocol.ts";
import { isLoopback, plainAddress } from "../tailnet/addresses.ts";
import type { Identified, Identifier, Peer } from "../tailnet/identify.ts";

/** A socket whose peer is known, or known to be refused. */
export interface IdentifiedSocket {
  readonly socket: Socket;
  readonly peer: Peer;
  readonly identified: Identified;
  /** When it came in, in milliseconds of `now`. */
  readonly since: number;
}

/** What a socket speaks, by its first bytes. */
export type Speech = "lines" | "plain" | "http";

export interface AcceptorOptions {
  readonly identifier: Pick<Identifier, "identify">;
  /** Milliseconds to say the first bytes. */
  readonly timeout: number;
  /** Sockets in all, whatever they speak; over it one that is leaving or the longest silent one makes room, or else the newcomer is closed. */
  readonly maxSockets: number;
  /** Sockets of one identity, whatever they speak and whether they have spoken; `local` is exempt. */
  readonly maxPerIdentity: number;
  /**
   * Sockets from one address of another machine, known or not yet: one device can't fill the server for all. Loopback is
   * exempt; in userspace mode the whole tailnet comes from there.
   */
  readonly maxPerAddress: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly onIdentified: (speech: Speech, socket: IdentifiedSocket) => void;
  /** Said too little in time. */
  readonly onSilence: (socket: Socket) => void;
  /** One too many from its address, or of its identity. `speech` is null where nothing was said yet. */
  readonly onCrowd: (socket: Socket, speech: Speech | null) => void;
  /** One too many in all was closed without a word. */
  readonly onFull: () => void;
}

/** Where new sockets come in: the first bytes show what one speaks, and the tailnet is asked at once who it is. */
export interface Acceptor {
  accept(socket: Socket): void;
  /**
   * Destroys those that came in through such an address of this machine. Once an address is gone nothing arrives there, and
   * the system would take minutes to notice; for that long, whoever was there would find their name taken.
   */
  dropLost(isLost: (localAddress: string) => boolean): void;
  /**
   * Destroys those that nobody has been handed yet. Resolves when every socket that came in has closed; those that are open
   * after `timeout` milliseconds are destroyed.
   */
  closeAll(timeout: number): Promise<void>;
}

/** After this many milliseconds a silent socket may be closed to make room for a new one. */
const SILENCE = 1000;

export function createAcceptor(options: AcceptorOptions): Acceptor {
  const sockets = new Set<Socket>();
  /** Those that nobody has been handed yet; and of them those that have said nothing, the oldest first, since when. */
  const waiting = new Set<Socket>();
  const silent = new Map<Socket, number>();
  /** Those that were told to go, and have a moment to hear it. */
  const leaving = new Set<Socket>();
  const perAddress = new Counts();
  const perIdentity = new Counts();
  let whenEmpty: (() => void) | null = null;

  return {
    accept: (socket) => {
      const { remoteAddress: address, remotePort: port } = socket;
      // Without an address the peer is gone already.
      if (address === undefined || port === undefined || !hasRoom()) {
        if (address !== undefined) options.onFull();
        socket.destroy();
        return;
      }
      const since = options.now();
      sockets.add(socket);
      waiting.add(socket);
      silent.set(socket, since);
      perAddress.add(address);
      socket.once("close", () => {
        sockets.delete(socket);
        leaving.delete(socket);
        handed(socket);
        perAddress.remove(address);
        if (sockets.size === 0) whenEmpty?.();
      });
      if (perAddress.of(address) > options.maxPerAddress && !isLoopback(plainAddress(address))) {
        sendAway(socket, null);
      } else receive(socket, { address, port }, since);
    },
    dropLost: (isLost) => {
      for (const socket of sockets) {
        if (socket.localAddress !== undefined && isLost(plainAddress(socket.localAddress))) socket.destroy();
      }
    },
    closeAll: async (timeout) => {
      for (const socket of waiting) socket.destroy();
      if (sockets.size === 0) return;
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, timeout);
      await new Promise<void>((resolve) => {
        whenEmpty = resolve;
      });
      clearTimeout(timer);
    },
  };

  /** What it says and who it is are found out side by side: a silent socket counts for its identity, too. */
  function receive(socket: Socket, peer: Peer, since: number): void {
    let speech: Speech | null = null;
    let identified: Identified | null = null;

    const stopDetecting = detectProtocol(socket, {
      timeout: options.timeout,
      onTimeout: () => {
        handed(socket);
        options.onSilence(socket);
      },
      onLines: () => hear("lines"),
      onPlain: () => hear("plain"),
      onHttp: () => hear("http"),
    });
    void identify();

    async function identify(): Promise<void> {
      const answer = await options.identifier.identify(peer);
      if (!waiting.has(socket)) return;
      identified = answer;
      if (!isOneTooMany(socket, answer)) {
        handOn();
        return;
      }
      stopDetecting();
      sendAway(socket, speech);
    }

    function hear(what: Speech): void {
      speech = what;
      silent.delete(socket);
      handOn();
    }

    function handOn(): void {
      if (speech === null || identified === null) return;
      handed(socket);
      options.onIdentified(speech, { socket, peer, identified, since });
    }
  }

  function isOneTooMany(socket: Socket, identified: Identified): boolean {
    if (identified.kind === "refused" || identified.identity.kind === "local") return false;
    const key = identityKey(identified.identity);
    perIdentity.add(key);
    socket.once("close", () => perIdentity.remove(key));
    return perIdentity.of(key) > options.maxPerIdentity;
  }

  function sendAway(socket: Socket, speech: Speech | null): void {
    handed(socket);
    leaving.add(socket);
    options.onCrowd(socket, speech);
  }

  function hasRoom(): boolean {
    if (sockets.size < options.maxSockets) return true;
    const [gone] = leaving;
    if (gone !== undefined) return giveUp(gone);
    const [oldest] = silent;
    return oldest !== undefined && options.now() - oldest[1] >= SILENCE && giveUp(oldest[0]);
  }

  /** Its own `close` comes later; the place is free at once. */
  function giveUp(socket: Socket): true {
    sockets.delete(socket);
    silent.delete(socket);
    leaving.delete(socket);
    socket.destroy();
    return true;
  }

  function handed(socket: Socket): void {
    waiting.delete(socket);
    silent.delete(socket);
  }
}

/** How many there are of each. */
class Counts {
  readonly #counts = new Map<string, number>();

  of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: string): void {
    this.#counts.set(key, this.of(key) + 1);
  }

  remove(key: string): void {
    const left = this.of(key) - 1;
    if (left <= 0) this.#counts.delete(key);
    else this.#counts.set(key, left);
  }
}
