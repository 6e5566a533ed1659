/** The HTTP side of the port: who asks is known from the connection, never from a header; a connection costs only itself. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { identityKey } from "../../core/identity.ts";
import { giveToHttp, HttpStream } from "../../net/http-stream.ts";
import { plainAddress } from "../../tailnet/addresses.ts";
import type { IdentifiedSocket } from "../acceptor.ts";
import { HttpConnection, type Answer } from "./connection.ts";
import { createRequestRates } from "./request-rates.ts";

/** A peer asks to speak another protocol on its socket: take it, or refuse on it. `head` is what it has sent after the request. */
export type Upgrade = (request: IncomingMessage, socket: IdentifiedSocket, head: Buffer) => void;

export interface HttpSide {
  /** Serves a socket that speaks HTTP. */
  take(socket: IdentifiedSocket): void;
  /** Closes idle connections at once, and the others after their answer. */
  close(): void;
}

export interface HttpSideOptions {
  readonly answer: Answer;
  readonly upgrade: Upgrade;
  /** Milliseconds for a whole request to come, and again for its answer to be taken. */
  readonly timeout: number;
  /** Milliseconds between two requests of one identity, in the long run. */
  readonly requestEvery: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

export function createHttpSide({ answer, upgrade, timeout, requestEvery, now }: HttpSideOptions): HttpSide {
  const connections = new Map<Duplex, HttpConnection>();
  const rateOf = createRequestRates(now, requestEvery);
  // Node checks its own timeouts only for a server that listens itself; ours are in the connection.
  // Importing node:http would load its fetch as well: memory and time for nothing.
  const server = process.getBuiltinModule("node:http").createServer({
    maxHeaderSize: 8192,
    keepAliveTimeout: 0,
    requestTimeout: 0,
    headersTimeout: 0,
    // `curl --http2` asks for h2c with every request; whoever isn't given it goes on in HTTP/1.1.
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === "websocket",
  });
  server.on("request", (request, response) => {
    const connection = connections.get(request.socket);
    if (connection === undefined) response.destroy();
    else connection.take(request, response);
  });
  server.on("upgrade", (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const connection = connections.get(stream);
    const socket = connection?.detach() ?? null;
    if (connection === undefined || socket === null) stream.destroy();
    else upgrade(request, connection.peer, head);
  });
  server.on("clientError", (_error, stream) => stream.destroy());
  return {
    take: (socket) => {
      const stream = new HttpStream(socket.socket);
      connections.set(stream, new HttpConnection(stream, socket, rateOf(whoIs(socket)), timeout, answer));
      stream.once("close", () => connections.delete(stream));
      giveToHttp(server, stream);
    },
    close: () => {
      for (const connection of connections.values()) connection.close();
    },
  };
}

function whoIs({ identified, peer }: IdentifiedSocket): string {
  return identified.kind === "known" ? identityKey(identified.identity) : plainAddress(peer.address);
}
