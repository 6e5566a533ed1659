/** The frame protocol on this server: frames of `wire/frames` in and out, for the core and for the delivery service. */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { WebSocketServer } from "ws";
import { FrameConnection } from "../../net/frame-connection.ts";
import { MAX_FIRST_FRAME, MAX_FRAME } from "../../wire/frames/version.ts";
import { encodePush } from "../../wire/frames/server-frames.ts";
import type { IdentifiedSocket } from "../acceptor.ts";
import type { HostNames } from "../host-names.ts";
import type { Limits } from "../session/limits.ts";
import type { Protocol } from "../session/protocol.ts";
import type { FramesServices } from "./services.ts";
import { FramesSession } from "./session.ts";
import { sourceOf } from "./source.ts";
import { refusalResponse, refuseUpgrade } from "./upgrade.ts";
import { refusalOfCore } from "./outbound.ts";

/** Of one message. Each costs as much as a small message, and none is counted as one. */
const MOST_FRAGMENTS = 128;

export interface FramesOptions {
  readonly limits: Limits;
  readonly hostNames: () => HostNames;
  readonly port: () => number;
  readonly services: FramesServices;
  readonly makeSession: (protocol: Protocol, socket: IdentifiedSocket) => void;
}

/** What an HTTP upgrade leads to. */
export type FramesUpgrade = (request: IncomingMessage, socket: IdentifiedSocket, head: Buffer) => void;

export function createFramesUpgrade(options: FramesOptions): FramesUpgrade {
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME,
    maxFragments: MOST_FRAGMENTS,
    skipUTF8Validation: false,
  });
  return (request, identified, head) => {
    const { socket } = identified;
    const refusal = refuseUpgrade(request, options.hostNames(), options.port());
    if (refusal !== null) {
      socket.end(refusalResponse(refusal));
      socket.resume();
      // By the clock: a peer that goes on sending is never idle.
      const timer = setTimeout(() => socket.destroy(), 2_000);
      socket.once("close", () => clearTimeout(timer));
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      options.makeSession(protocolOver(webSocket, sourceOf(identified), options), identified);
    });
  };
}

type WebSocketOf = Parameters<Parameters<WebSocketServer["handleUpgrade"]>[3]>[0];

function protocolOver(
  webSocket: WebSocketOf,
  source: () => Promise<string>,
  { limits, services }: FramesOptions,
): Protocol {
  let connection: FrameConnection | null = null;
  return {
    sharing: "shared",
    setUpFactor: 1,
    connect: (socket: Socket, handler) => {
      const options = { queueLimit: limits.output, messageLimit: MAX_FIRST_FRAME };
      connection = new FrameConnection(webSocket, socket, options, handler);
      return connection;
    },
    start: (link, identified) =>
      new FramesSession(link, { identified, source }, services, () => connection?.allow(MAX_FRAME)),
    turnAway: (_socket, refusal) => {
      webSocket.on("error", () => {});
      webSocket.send(encodePush({ type: "ended", cause: { kind: "refused", refusal: refusalOfCore(refusal) } }));
      webSocket.close(1008);
    },
  };
}
