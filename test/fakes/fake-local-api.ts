import { mkdtempSync, rmSync } from "node:fs";
import { createServer, ServerResponse } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { connect, isIP } from "node:net";
import type { Socket } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeDial, refuse } from "./fake-dial.ts";
import { FakeTailnet } from "./fake-tailnet.ts";
import type { BackendState, FakeNode, FakeSettings } from "./fake-tailnet.ts";

export type { BackendState, FakeNode } from "./fake-tailnet.ts";

/** What the server asks for unless configured otherwise. */
export const CAPABILITY = "padserve.dev/cap/chat";

/** A fake tailscaled on a real unix socket: LocalAPI as the server meets it, over a tailnet that the test tells. */
export async function startFakeLocalApi(options: { readonly path?: string } = {}): Promise<FakeLocalApi> {
  const folder = mkdtempSync(join(tmpdir(), "fake-tailscaled-"));
  const fake = new FakeLocalApi(options.path ?? join(folder, "tailscaled.sock"), folder);
  await fake.comeBack();
  return fake;
}

const ENDPOINTS = ["status", "whois", "watch-ipn-bus", "prefs", "dial"] as const;
type Endpoint = (typeof ENDPOINTS)[number];

export class FakeLocalApi {
  /** Where the server finds this tailscaled. */
  readonly path: string;
  /** Each question that came, as `GET path?query`. */
  readonly asked: string[] = [];
  readonly #tailnet = new FakeTailnet();
  readonly #dial = new FakeDial(this.#tailnet);
  readonly #folder: string;
  readonly #watchers = new Map<ServerResponse, number>();
  /** Which node dialled from this port of 127.0.0.1, in userspace mode. */
  readonly #arrivals = new Map<number, string>();
  readonly #dialling = new Set<Promise<unknown>>();
  readonly #held = new Map<Endpoint, Promise<void>>();
  #server: Server | null = null;
  #forbidden: (endpoint: Endpoint) => string | null = () => null;

  constructor(path: string, folder: string) {
    this.path = path;
    this.#folder = folder;
  }

  /** The server's own node; until told otherwise `chat`, owned by alice@example.com, at 100.64.0.1 and fd7a:115c:a1e0::1. */
  self(name: string, node: FakeNode): void {
    this.#tailnet.self(name, node);
    this.#tell({ state: true });
  }

  /** A node joins the tailnet, or returns changed. */
  node(name: string, node: FakeNode): void {
    this.#tailnet.node(name, node);
    this.#tell({ peers: true });
  }

  /** A node stays the node that it is, under another name. */
  rename(from: string, to: string): void {
    this.#tailnet.rename(from, to);
    this.#tell({ peers: true });
  }

  /** A node is removed from the tailnet. */
  leave(name: string): void {
    this.#tailnet.leave(name);
    this.#tell({ peers: true });
  }

  setState(state: BackendState, loginUrl = ""): void {
    this.#tailnet.state = state;
    this.#tailnet.loginUrl = loginUrl;
    this.#tell({ state: true });
  }

  /** As on the command line of tailscaled: a change of mode is a restart, so call it before, or between goAway and comeBack. */
  setMode(mode: "tun" | "userspace"): void {
    this.#tailnet.mode = mode;
  }

  /** The tailnet policy grants `who` (a login or a tag) our capability, with these arguments (null: none at all). */
  grant(who: string, args: object | readonly unknown[] | null, capability: string = CAPABILITY): void {
    this.#tailnet.grant(who, args === null || Array.isArray(args) ? args : [args], capability);
    this.#tell({ peers: true });
  }

  withdraw(who: string): void {
    this.#tailnet.withdraw(who);
    this.#tell({ peers: true });
  }

  /** What the administrator of this node set, or the tailnet's admin for it. */
  set(settings: FakeSettings): void {
    Object.assign(this.#tailnet.settings, settings);
  }

  /** A program of another node listens on a port of its; here it is one of 127.0.0.1. */
  listens(name: string, port: number, here: number): void {
    this.#dial.listens(name, port, here);
  }

  /** Userspace mode: a connection from a node of the tailnet, which reaches our port as all do there, from 127.0.0.1. */
  async dial(name: string, port: number): Promise<Socket> {
    const socket = connect({ host: "127.0.0.1", port });
    const connected = once(socket, "connect").then(() => this.#arrived(name, socket));
    this.#dialling.add(connected);
    try {
      await connected;
    } finally {
      this.#dialling.delete(connected);
    }
    return socket;
  }

  /** tailscaled ends, as when its service is stopped: the socket is removed. */
  async goAway(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.#watchers.clear();
    if (server !== null) {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      this.#dial.hangUp();
      await closed;
    }
  }

  async comeBack(): Promise<void> {
    await this.goAway();
    rmSync(this.path, { force: true });
    this.#server = createServer({ keepAlive: true }, (request, response) => void this.#answer(request, response));
    this.#server.on("upgrade", (request: IncomingMessage, socket: Socket) => {
      const response = new ServerResponse(request);
      response.assignSocket(socket);
      this.#dial.holds(socket);
      void this.#answer(request, response, socket);
    });
    this.#server.listen(this.path);
    await once(this.#server, "listening");
  }

  /** From now on this user may not ask: 403 with tailscaled's reason, by default its own for each question. */
  forbid(reason?: string, endpoints: readonly Endpoint[] = ENDPOINTS): void {
    this.#forbidden = (endpoint) =>
      endpoints.includes(endpoint) ? (reason ?? `${endpoint.replaceAll("-", " ")} access denied`) : null;
  }

  permit(): void {
    this.#forbidden = () => null;
  }

  /** Answers to this question wait until the returned function is called, as before the backend is up. */
  hold(endpoint: Endpoint): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.set(endpoint, promise);
    return () => {
      this.#held.delete(endpoint);
      resolve();
    };
  }

  async stop(): Promise<void> {
    await this.goAway();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** @param upgrading the connection, where the question asks to have it for itself. */
  async #answer(request: IncomingMessage, response: ServerResponse, upgrading: Socket | null = null): Promise<void> {
    const url = new URL(request.url ?? "", "http://local-tailscaled.sock");
    this.asked.push(`${request.method} ${request.url}`);
    const { host, origin, referer } = request.headers;
    if (origin !== undefined || referer !== undefined || !["", "local-tailscaled.sock"].includes(host ?? "")) {
      return refuse(response, 403, "invalid localapi request");
    }
    response.setHeader("Tailscale-Version", "1.102.3-tfake");
    response.setHeader("Tailscale-Cap", "142");
    const endpoint = ENDPOINTS.find((one) => url.pathname === `/localapi/v0/${one}`);
    if (endpoint === undefined) {
      return refuse(response, 404, "404 page not found");
    }
    await this.#held.get(endpoint);
    const denied = this.#forbidden(endpoint);
    if (denied !== null) {
      return refuse(response, 403, denied);
    }
    switch (endpoint) {
      case "dial":
        return this.#dial.answer(request, response, upgrading);
      case "status":
        return json(response, this.#tailnet.status({ peers: url.searchParams.get("peers") !== "false" }));
      case "prefs":
        return json(response, this.#tailnet.prefs());
      case "whois":
        return this.#whoIs(url.searchParams.get("addr") ?? "", response);
      case "watch-ipn-bus":
        return this.#watch(url.searchParams.get("mask") ?? "", response);
    }
  }

  async #whoIs(asked: string, response: ServerResponse): Promise<void> {
    if (asked === "") {
      return refuse(response, 400, "missing 'addr' parameter");
    }
    const peer = parsePeer(asked);
    if (peer === null) {
      return refuse(response, 400, "invalid 'addr' parameter");
    }
    const name = this.#tailnet.byAddress(peer.address) ?? (await this.#behindLoopback(peer.address, peer.port));
    const answer = name === null ? null : this.#tailnet.whoIs(name);
    return answer === null ? refuse(response, 404, "no match for IP:port") : json(response, answer);
  }

  /** The real one too looks again for a moment, since a connection can arrive before it is written down. */
  async #behindLoopback(address: string, port: number): Promise<string | null> {
    if (address !== "127.0.0.1") {
      return null;
    }
    if (!this.#arrivals.has(port)) {
      await Promise.allSettled(this.#dialling);
    }
    return this.#arrivals.get(port) ?? null;
  }

  #arrived(name: string, socket: Socket): void {
    const port = socket.localPort ?? 0;
    this.#arrivals.set(port, name);
    socket.once("close", () => this.#arrivals.delete(port));
  }

  #watch(asked: string, response: ServerResponse): void {
    if (!/^\d*$/.test(asked)) {
      return refuse(response, 400, "bad mask");
    }
    const mask = Number(asked);
    response.setHeader("Content-Type", "application/json");
    response.flushHeaders();
    this.#watchers.set(response, mask);
    response.once("close", () => this.#watchers.delete(response));
    if ((mask & 2) !== 0) {
      response.write(`${JSON.stringify({ SessionID: "0f", ...this.#tailnet.notify({ state: true }) })}\n`);
    }
  }

  #tell(news: { readonly state?: true; readonly peers?: true }): void {
    for (const [watcher, mask] of this.#watchers) {
      if (news.state === true || (mask & 4096) !== 0) {
        watcher.write(`${JSON.stringify(this.#tailnet.notify(news))}\n`);
      }
    }
  }
}

function parsePeer(asked: string): { readonly address: string; readonly port: number } | null {
  if (isIP(asked) !== 0) {
    return { address: asked, port: 0 };
  }
  const [, v6, v4, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(asked) ?? [];
  const address = v6 ?? v4 ?? "";
  return isIP(address) === 0 ? null : { address, port: Number(port) };
}

function json(response: ServerResponse, body: object): void {
  response.setHeader("Content-Type", "application/json");
  response.end(`${JSON.stringify(body, null, "\t")}\n`);
}
