import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect, isIP } from "node:net";
import type { Socket } from "node:net";
import type { FakeTailnet } from "./fake-tailnet.ts";

/** LocalAPI's `dial`, as tailscaled 1.102 answers it; its words are Go's. */
export class FakeDial {
  readonly #tailnet: FakeTailnet;
  /** Ports of nodes, as `name:port`, and those of 127.0.0.1 that they are here. */
  readonly #listeners = new Map<string, number>();
  readonly #open = new Set<Socket>();

  constructor(tailnet: FakeTailnet) {
    this.#tailnet = tailnet;
  }

  listens(name: string, port: number, here: number): void {
    this.#listeners.set(`${name}:${port}`, here);
  }

  /** A connection that was asked for upgrading: Node's HTTP server lets go of it. */
  holds(stream: Socket): void {
    this.#open.add(stream);
    stream.on("error", () => {}).on("close", () => this.#open.delete(stream));
  }

  /** tailscaled ends, and with it what goes through it. */
  hangUp(): void {
    for (const stream of this.#open) stream.destroy();
  }

  async answer(request: IncomingMessage, response: ServerResponse, upgrading: Socket | null): Promise<void> {
    if (request.method !== "POST") return refuse(response, 405, "POST required");
    if (upgrading === null || request.headers.upgrade !== "ts-dial")
      return refuse(response, 400, "bad ts-dial upgrade");
    const [host, port] = [String(request.headers["dial-host"] ?? ""), String(request.headers["dial-port"] ?? "")];
    if (host === "" || port === "") return refuse(response, 400, "missing Dial-Host or Dial-Port header");
    const node = this.#tailnet.byAddress(host) ?? this.#tailnet.byName(host);
    const address = isIP(host) === 0 ? this.#resolve(host, node) : host;
    if (address === null) return refuse(response, 502, `resolve failure: lookup ${host}: no such host`);
    if (node === null || this.#isOwnInterface(node, address)) return leaveToAsker(response, address, port);
    const socket = await this.#connect(`${node}:${port}`);
    if (socket === null) return refuse(response, 502, this.#refusal(withPort(address, port)));
    this.#join(upgrading, socket);
  }

  #resolve(host: string, node: string | null): string | null {
    if (node !== null) return this.#tailnet.firstAddress(node);
    return host === "localhost" ? "127.0.0.1" : null;
  }

  /** Where it has an interface, it dials peers; our own IPv6 address goes with them, since the tailnet's range is one route. */
  #isOwnInterface(node: string, address: string): boolean {
    return this.#tailnet.mode === "tun" && this.#tailnet.isSelf(node) && !address.includes(":");
  }

  /** The system's words where it has an interface, else those of its own network stack. */
  #refusal(address: string): string {
    return this.#tailnet.mode === "tun"
      ? `dial failure: dial tcp ${address}: connect: connection refused`
      : `dial failure: connect tcp ${address}: connection was refused`;
  }

  async #connect(listener: string): Promise<Socket | null> {
    const port = this.#listeners.get(listener);
    if (port === undefined) return null;
    const socket = connect({ host: "127.0.0.1", port });
    return once(socket, "connect").then(
      () => socket,
      () => null,
    );
  }

  #join(asker: Socket, socket: Socket): void {
    asker.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: ts-dial\r\n\r\n");
    this.holds(socket);
    asker.pipe(socket);
    socket.pipe(asker);
    // Who ends one way ends both; what was said before still arrives.
    for (const one of [asker, socket]) {
      one.on("end", () => [asker, socket].map((other) => other.destroySoon()));
      one.on("close", () => [asker, socket].map((other) => other.destroy()));
    }
  }
}

export function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff" });
  response.end(`${text}\n`);
}

/** 200 without a body. */
function leaveToAsker(response: ServerResponse, address: string, port: string): void {
  response.writeHead(200, { "Dial-Self": "true", "Dial-Addr": withPort(address, port) });
  response.end();
}

function withPort(address: string, port: string): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
