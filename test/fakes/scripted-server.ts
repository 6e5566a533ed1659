import { once } from "node:events";
import { createServer } from "node:net";
import type { Socket } from "node:net";

/** A fake that isn't a Padserve server: on each connection it waits for some bytes, says its text and closes. */
export interface ScriptedServer {
  readonly address: { readonly host: string; readonly port: number };
  /** All that it heard. */
  readonly heard: () => string;
  readonly connections: () => number;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The text for connection number `connection`, counted from 0. */
export async function startScriptedServer(text: (connection: number) => string): Promise<ScriptedServer> {
  const sockets = new Set<Socket>();
  let heard = "";
  let connections = 0;
  const server = createServer((socket) => {
    const script = text(connections++);
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      heard += chunk.toString();
    });
    socket.once("data", () => socket.end(script));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the scripted server is not listening");
  return {
    address: { host: "127.0.0.1", port: address.port },
    heard: () => heard,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.resetAndDestroy();
      await once(server, "close");
    },
  };
}
