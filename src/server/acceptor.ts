import type { Socket } from "node:net";
import { detectProtocol, giveToHttp } from "../net/detect-protocol.ts";
import type { Server as HttpServer } from "node:http";
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

export interface AcceptorOptions {
  readonly identifier: Pick<Identifier, "identify">;
  /** Milliseconds to say the first bytes. */
  readonly timeout: number;
  /** Sockets in all, whatever they speak; one more is closed at once. */
  readonly maxSockets: number;
  /**
   * Sockets from one address of another machine, known or not yet: one device can't fill the server for all. Loopback is
   * exempt; in userspace mode the whole tailnet comes from there.
   */
  readonly maxPerAddress: number;
  readonly http: HttpServer;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  readonly onLines: (identified: IdentifiedSocket) => void;
  /** Who is behind an HTTP connection, said before its first request. */
  readonly onHttp: (identified: IdentifiedSocket) => void;
  /** Said too little in time. */
  readonly onSilence: (socket: Socket) => void;
  /** One too many from its address. */
  readonly onCrowd: (socket: Socket) => void;
}

/** Where fresh sockets come in: what it speaks is read off its first bytes, then the tailnet is asked who it is. */
export interface Acceptor {
  accept(socket: Socket): void;
  /**
   * Destroys those that came in by such an address of this machine. Where one is gone nothing arrives any more, and it
   * would take minutes until the system notices; as long, who was there would find their name taken.
   */
  dropLost(isLost: (localAddress: string) => boolean): void;
  /**
   * Destroys those that nobody has been handed yet. Resolves when every socket that came in has closed; those that are open
   * after `timeout` milliseconds are destroyed.
   */
  closeAll(timeout: number): Promise<void>;
}

export function createAcceptor(options: AcceptorOptions): Acceptor {
  const sockets = new Set<Socket>();
  const waiting = new Set<Socket>();
  const perAddress = new Map<string, number>();
  let whenEmpty: (() => void) | null = null;

  return {
    accept: (socket) => {
      const { remoteAddress: address, remotePort: port } = socket;
      // Without an address the peer is gone already.
      if (address === undefined || port === undefined || sockets.size >= options.maxSockets) {
        socket.destroy();
        return;
      }
      const since = options.now();
      const fromThere = (perAddress.get(address) ?? 0) + 1;
      sockets.add(socket);
      waiting.add(socket);
      perAddress.set(address, fromThere);
      socket.once("close", () => {
        sockets.delete(socket);
        waiting.delete(socket);
        leave(address);
        if (sockets.size === 0) whenEmpty?.();
      });
      if (fromThere > options.maxPerAddress && !isLoopback(plainAddress(address))) {
        waiting.delete(socket);
        options.onCrowd(socket);
        return;
      }
      detectProtocol(socket, {
        timeout: options.timeout,
        onTimeout: (silent) => {
          waiting.delete(silent);
          options.onSilence(silent);
        },
        onLines: () => void admit({ socket, peer: { address, port }, since }, options.onLines),
        onHttp: () =>
          void admit({ socket, peer: { address, port }, since }, (identified) => {
            options.onHttp(identified);
            giveToHttp(options.http, socket);
          }),
      });
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

  function leave(address: string): void {
    const left = (perAddress.get(address) ?? 1) - 1;
    if (left === 0) perAddress.delete(address);
    else perAddress.set(address, left);
  }

  async function admit(
    newcomer: Omit<IdentifiedSocket, "identified">,
    handOn: (identified: IdentifiedSocket) => void,
  ): Promise<void> {
    const identified = await options.identifier.identify(newcomer.peer);
    if (newcomer.socket.destroyed) return;
    waiting.delete(newcomer.socket);
    handOn({ ...newcomer, identified });
  }
}
