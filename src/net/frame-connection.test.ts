import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { FrameConnection } from "./frame-connection.ts";

test("NE-21 more frames for a reader that takes nothing don't change how much was taken", async () => {
  const { connection, client } = await connect();
  client.pause();
  const frame = "x".repeat(256 * 1024);
  // Until the buffers of both kernels are full, and a turn later still.
  for (let queued = -1; connection.queued === 0 || connection.queued !== queued;) {
    connection.send(frame);
    connection.flush();
    queued = connection.queued;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const before = connection.taken;
  expect(before).toBeGreaterThan(0);
  for (let i = 0; i < 100; i++) connection.send("short");
  connection.flush();
  expect(connection.taken).toBe(before);
});

async function connect(): Promise<{ readonly connection: FrameConnection; readonly client: WebSocket }> {
  const server = createServer();
  const webSockets = new WebSocketServer({ noServer: true });
  const accepted = Promise.withResolvers<FrameConnection>();
  server.on("upgrade", (request, socket: Socket, head) => {
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const handler = {
        onMessage: () => {},
        onTooLong: () => {},
        onEnd: () => {},
        onDrain: () => {},
        onClose: () => {},
      };
      accepted.resolve(new FrameConnection(webSocket, socket, { queueLimit: 64 * 1024 * 1024 }, handler));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on an IP address
  const { port } = server.address() as AddressInfo;
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  const [connection] = await Promise.all([accepted.promise, once(client, "open")]);
  onTestFinished(() => {
    connection.destroy();
    client.terminate();
    server.close();
  });
  return { connection, client };
}
