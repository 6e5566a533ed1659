import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { ClassicPeer } from "../helpers/classic-peer.ts";
import { startServe, type Serving } from "../helpers/serve.ts";
import { startPadserve, type Program } from "../helpers/program.ts";
import { Daemon } from "./daemon.ts";
import { dialFrom } from "./dial.ts";
import { localDial, localStatus, localStatusUntil, type NodeStatus } from "./local-api.ts";
import type { Host } from "./network.ts";
import { toolPath } from "./tools.ts";

export interface NodeOptions {
  /** Without a network interface of its own, as in a container. */
  readonly userspace?: boolean;
  /** The oldest tailscaled that headscale takes, instead of the newest. */
  readonly oldest?: boolean;
  /** Networks behind it for which it routes. */
  readonly routes?: readonly string[];
}

export interface ServeOptions {
  readonly args?: readonly string[];
  readonly data?: string;
  /** Where the server asks for tailscaled; by default the node's own. */
  readonly tailscaleSocket?: string;
}

/** The port of every server in these tests. */
export const PORT = 12_345;

/** One machine of the tailnet, with its tailscaled and what runs beside it. */
export class TailnetNode {
  readonly name: string;
  readonly host: Host;
  readonly through: readonly string[];
  /** LocalAPI. */
  readonly socket: string;
  readonly daemon: Daemon;
  readonly #options: NodeOptions;
  #addresses: readonly string[] = [];
  #id = 0;

  constructor(name: string, host: Host, options: NodeOptions) {
    this.name = name;
    this.host = host;
    this.through = host.through;
    this.socket = join(host.folder, "tailscaled.sock");
    this.#options = options;
    this.daemon = new Daemon({
      words: [
        ...host.through,
        this.#tool("tailscaled"),
        `--statedir=${host.folder}`,
        `--socket=${this.socket}`,
        `--tun=${options.userspace === true ? "userspace-networking" : "tailscale0"}`,
        "--port=0",
        "--no-logs-no-support",
      ],
      env: ENVIRONMENT(host.folder),
      log: join(host.folder, "log"),
      socket: this.socket,
    });
  }

  /** What headscale calls it; like the addresses, as `status` told it at the last `login`. */
  get id(): number {
    return this.#id;
  }

  get v4(): string {
    return this.#addresses.find((address) => !address.includes(":")) ?? "";
  }

  get v6(): string {
    return this.#addresses.find((address) => address.includes(":")) ?? "";
  }

  /** `tailscale …` there, to its end. Rejects when it fails. */
  tailscale(...words: readonly string[]): Promise<string> {
    return this.#run(this.#tool("tailscale"), `--socket=${this.socket}`, ...words);
  }

  /** `tailscale up` with a key; resolves when it is Running, or approval is awaited. */
  async login(url: string, authKey: string, ...words: readonly string[]): Promise<void> {
    const { routes = [] } = this.#options;
    await this.tailscale(
      "up",
      `--login-server=${url}`,
      `--auth-key=${authKey}`,
      `--hostname=${this.name}`,
      "--accept-dns=false",
      "--netfilter-mode=off",
      ...(routes.length === 0 ? [] : [`--advertise-routes=${routes.join(",")}`]),
      ...words,
    );
    const { TailscaleIPs: addresses, Self } = await this.status();
    this.#addresses = addresses ?? [];
    this.#id = Number(Self.ID);
  }

  /** Passes on what is not for itself. */
  async forward(): Promise<void> {
    await this.#run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
  }

  /** Gives its own address to whatever leaves by an interface: source NAT. */
  async masquerade(leavesBy: string): Promise<void> {
    await this.#run(toolPath("masquerade", "masquerade"), leavesBy);
  }

  status(): Promise<NodeStatus> {
    return localStatus(this.socket);
  }

  until(satisfies: (status: NodeStatus) => boolean): Promise<NodeStatus> {
    return localStatusUntil(this.socket, satisfies);
  }

  /** `padserve serve` there, listening; ends with the test. */
  serve({ args = [], ...options }: ServeOptions = {}): Promise<Serving> {
    return startServe({
      through: this.through,
      args: ["--port", String(PORT), ...args],
      tailscaleSocket: this.socket,
      ...options,
    });
  }

  /** `pad …` there. */
  pad(...words: readonly string[]): Program {
    return startPadserve(words, { through: this.through, env: { PADSERVE_TAILSCALE_SOCKET: this.socket } });
  }

  /** A connection from there on which nothing was said yet. */
  dial(address: string): ClassicPeer {
    return dialFrom(this.host, address, PORT);
  }

  /** The same through its tailscaled: the only way out for programs in userspace mode. `host` may be a MagicDNS name. */
  async dialThrough(host: string): Promise<ClassicPeer> {
    return new ClassicPeer(await localDial(this.socket, host, PORT));
  }

  async #run(...words: readonly string[]): Promise<string> {
    const [file = "", ...args] = [...this.through, ...words];
    return (await promisify(execFile)(file, args)).stdout;
  }

  #tool(program: string): string {
    return toolPath(this.#options.oldest === true ? "tailscale-oldest" : "tailscale", program);
  }
}

/** What keeps a tailscaled from looking for the internet, and from leaving anything outside its folder. */
function ENVIRONMENT(folder: string): Readonly<Record<string, string>> {
  return {
    // It would speak TLS to the relay, although its control server doesn't.
    TS_DEBUG_USE_DERP_HTTP: "1",
    TS_DISABLE_PORTMAPPER: "1",
    TS_ASSUME_NETWORK_UP_FOR_TEST: "1",
    TS_PANIC_IF_HIT_MAIN_CONTROL: "1",
    // Without it, a file in /var/lib/tailscale, whatever --statedir says.
    TS_LOGS_DIR: folder,
    HOME: folder,
  };
}
