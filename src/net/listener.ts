import { Server } from "node:net";
import type { Socket } from "node:net";

export interface ListenerOptions {
  /** One address of this machine, of either family; not a wildcard. */
  readonly address: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /**
   * A fresh socket, paused: nothing of it is read until somebody asks. Its errors are listened to already; that it closed
   * is told by its `close` event.
   */
  readonly onConnection: (socket: Socket) => void;
  /**
   * Accepting failed for now; the listener goes on. Not told when files run out: libuv then accepts and closes the
   * newcomers without a word.
   */
  readonly onTrouble?: (error: Error) => void;
}

export interface Listener {
  readonly address: string;
  readonly port: number;
  /** Stops accepting; the address is free at once. Connections go on. */
  close(): void;
}

export type ListenFailure =
  | { readonly kind: "address-in-use"; readonly error: Error }
  | { readonly kind: "address-not-available"; readonly error: Error }
  | { readonly kind: "not-permitted"; readonly error: Error }
  | { readonly kind: "failed"; readonly error: Error };

export type ListenResult = { readonly kind: "listening"; readonly listener: Listener } | ListenFailure;

/** Opens a port on one address. Expected failures are values; the promise never rejects for them. */
export async function openListener(options: ListenerOptions): Promise<ListenResult> {
  const server = new Server({
    pauseOnConnect: true,
    // A script that writes, half-closes and waits for its answers must get them.
    allowHalfOpen: true,
    noDelay: true,
    // First probe after 60 s of silence; libuv then sends 10, one a second (TCP_KEEPINTVL 1, TCP_KEEPCNT 10): a quiet peer
    // that vanished is gone after 70 s.
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    // Bounds what is read ahead of a connection that isn't listened to yet.
    highWaterMark: 16 * 1024,
  });
  server.on("connection", (socket) => {
    socket.on("error", ignore);
    options.onConnection(socket);
  });
  const { promise, resolve } = Promise.withResolvers<ListenResult>();
  server.once("error", (error) => resolve(failure(error)));
  server.once("listening", () => {
    server.removeAllListeners("error");
    server.on("error", options.onTrouble ?? ignore);
    resolve({ kind: "listening", listener: face(server, options.address) });
  });
  const { address, port } = options;
  server.listen({ host: address, port, exclusive: true, backlog: 1024 });
  return promise;
}

function face(server: Server, address: string): Listener {
  const bound = server.address();
  return {
    address,
    port: bound !== null && typeof bound === "object" ? bound.port : 0,
    close: () => void server.close(),
  };
}

function failure(error: NodeJS.ErrnoException): ListenFailure {
  switch (error.code) {
    case "EADDRINUSE":
      return { kind: "address-in-use", error };
    case "EADDRNOTAVAIL":
      return { kind: "address-not-available", error };
    case "EACCES":
    case "EPERM":
      return { kind: "not-permitted", error };
    default:
      return { kind: "failed", error };
  }
}

function ignore(): void {}
