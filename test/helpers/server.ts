import type { FullStore } from "../../src/store/stored.ts";
import { readConfig, type Config } from "../../src/config/config.ts";
import type { Log } from "../../src/server/log.ts";
import { startServer, type Padserve } from "../../src/server/main.ts";
import type { Timings } from "../../src/server/timings.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { ClassicPeer } from "./classic-peer.ts";

export interface TestServerOptions {
  /** What differs from the defaults that users get; the port is 0 unless given. */
  readonly config?: Partial<Config>;
  /** Default: in memory. The server closes it. */
  readonly store?: FullStore;
  readonly timings?: Partial<Timings>;
  /** Default: a path where there is nothing, so a machine without Tailscale. */
  readonly tailscaleSocket?: string;
  /** Default: nobody listens. */
  readonly log?: Log;
}

/** The real server in this process, on loopback. */
export interface TestServer extends AsyncDisposable {
  readonly port: number;
  readonly running: Padserve;
  /** A peer that has said nothing yet. */
  connect(): Promise<ClassicPeer>;
  /** A peer that is registered and has exchanged keys. */
  join(id: string): Promise<ClassicPeer>;
  /** One sample of `/metrics` by its name and labels as they stand there; 0 while there is none. */
  metric(sample: string): Promise<number>;
  /** Stops the server, then destroys what is left of the peers made here. */
  stop(): Promise<void>;
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { store = createMemoryStore(), timings = {}, log = silence } = options;
  const saved = await store.load();
  const started = await startServer({ config: configOf(options), store, saved, log, token: "token", timings });
  if (started.kind !== "started") throw started.trouble.failure.error;
  return faceOf(started.server);
}

function faceOf(running: Padserve): TestServer {
  const { port } = running;
  const peers: ClassicPeer[] = [];

  async function connect(): Promise<ClassicPeer> {
    const peer = await ClassicPeer.connect(port);
    peers.push(peer);
    return peer;
  }

  async function join(id: string): Promise<ClassicPeer> {
    const peer = await connect();
    await peer.setUp(id);
    return peer;
  }

  async function metric(sample: string): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { connection: "close" } });
    const line = (await response.text()).split("\n").find((other) => other.startsWith(`${sample} `));
    return line === undefined ? 0 : Number(line.slice(sample.length));
  }

  async function stop(): Promise<void> {
    await running.stop();
    for (const peer of peers) peer[Symbol.dispose]();
  }

  return { port, running, connect, join, metric, stop, [Symbol.asyncDispose]: stop };
}

const silence: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function nothing(): void {}

function configOf({ config, tailscaleSocket = "/nonexistent/tailscaled.sock" }: TestServerOptions): Config {
  const defaults = readConfig({ port: 0, "tailscale-socket": tailscaleSocket }, {});
  if ("wrong" in defaults) throw new Error(defaults.wrong);
  return { ...defaults.config, ...config };
}
