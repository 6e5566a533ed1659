import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A way to a server on loopback that can be cut so that the server doesn't notice, as when a laptop is closed. */
export interface Relay extends AsyncDisposable {
  readonly port: number;
  /** Ends the connections at the client's side only: the server goes on believing in them. */
  cut(): void;
  /** Ends each further connection at once, or lets them through again. */
  block(blocked: boolean): void;
  /** Carries nothing more, and says so to nobody: as where a firewall drops all. */
  swallow(): void;
  /** Lets the server see the end of those that were cut. */
  bury(): void;
}

export async function startRelay(to: number): Promise<Relay> {
  const clients = new Set<Socket>();
  const ghosts = new Set<Socket>();
  let isBlocked = false;
  let isSilent = false;
  const server = createServer((client) => {
    if (isBlocked) {
      client.destroy();
      return;
    }
    const upstream = connect(to, "127.0.0.1");
    clients.add(client);
    ghosts.add(upstream);
    client.on("data", (chunk) => void (isSilent || upstream.write(chunk)));
    upstream.on("data", (chunk) => void (isSilent || client.write(chunk)));
    for (const socket of [client, upstream]) socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const bury = () => {
    for (const ghost of ghosts) ghost.destroy();
    ghosts.clear();
  };
  const cut = () => {
    for (const client of clients) client.destroy();
    clients.clear();
  };
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cut,
    bury,
    swallow: () => {
      isSilent = true;
    },
    block: (blocked) => {
      isBlocked = blocked;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      cut();
      bury();
      await once(server, "close");
    },
  };
}
