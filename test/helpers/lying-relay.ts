import { once } from "node:events";
import { createServer } from "node:http";
import { WebSocket, WebSocketServer } from "ws";
import { CLIENT_HEADER, PATH, SUBPROTOCOL } from "../../src/wire/frames/version.ts";

type Frame = Readonly<Record<string, unknown>>;

/** A server that lies, as its clients see it: the real one, with frames changed on their way. Null: that frame doesn't come through. */
export interface LyingRelay extends AsyncDisposable {
  readonly port: number;
  /** What it changes; it may be set at any time. */
  toClient: (frame: Frame) => Frame | null;
  toServer: (frame: Frame) => Frame | null;
}

export async function startLyingRelay(to: number): Promise<LyingRelay> {
  const http = createServer();
  const sockets = new WebSocketServer({ server: http, path: PATH, handleProtocols: () => SUBPROTOCOL });
  const ends = new Set<WebSocket>();
  const relay: LyingRelay = {
    port: 0,
    toClient: (frame) => frame,
    toServer: (frame) => frame,
    async [Symbol.asyncDispose]() {
      for (const end of ends) end.terminate();
      sockets.close();
      http.close();
      await once(http, "close");
    },
  };
  sockets.on("connection", (client) => {
    const server = new WebSocket(`ws://127.0.0.1:${to}${PATH}`, SUBPROTOCOL, { headers: { [CLIENT_HEADER]: "1" } });
    const waiting: string[] = [];
    pass(client, (frame) => {
      const said = relay.toServer(frame);
      if (said === null) return;
      if (server.readyState === WebSocket.OPEN) server.send(JSON.stringify(said));
      else waiting.push(JSON.stringify(said));
    });
    pass(server, (frame) => {
      const said = relay.toClient(frame);
      if (said !== null && client.readyState === WebSocket.OPEN) client.send(JSON.stringify(said));
    });
    server.on("open", () => {
      for (const text of waiting.splice(0)) server.send(text);
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      ends.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        ends.delete(one);
        other.terminate();
      });
    }
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const address = http.address();
  return Object.assign(relay, { port: typeof address === "object" && address !== null ? address.port : 0 });
}

function pass(from: WebSocket, tell: (frame: Frame) => void): void {
  from.on("message", (data) => {
    // Frames are JSON objects (docs/frames.md), and both ends are ours.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion, typescript/no-base-to-string
    tell(JSON.parse(String(data)) as Frame);
  });
}
