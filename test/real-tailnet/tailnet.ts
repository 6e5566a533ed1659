import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { DOMAIN, startHeadscale, type Headscale, type Owner, type Policy } from "./headscale.ts";
import { createNetwork, setResolver, sweepLeftOvers, type Network } from "./network.ts";
import { TailnetNode, type NodeOptions } from "./node.ts";

/** A tailnet of real daemons on this one machine: a headscale and, in a network namespace each, its nodes. */
export interface Tailnet {
  readonly network: Network;
  readonly control: Headscale;
  /** A new node; when this resolves, it and those that are logged in know each other. */
  join(name: string, options: Owner & NodeOptions): Promise<TailnetNode>;
  /** Logs a node in that is logged out, or again. */
  login(node: TailnetNode, owner: Owner): Promise<void>;
  /** Ends a node's right to be there, as when its key's time is over. */
  expire(node: TailnetNode): Promise<void>;
  /** Deletes a node at the control server, which may give its addresses to others. */
  forget(node: TailnetNode): Promise<void>;
  /** Gives a node another name, as an admin does at the control server; it stays the node that it is. */
  rename(node: TailnetNode, name: string): Promise<void>;
  /** Gives a node other tags. */
  retag(node: TailnetNode, ...tags: readonly string[]): Promise<void>;
  /** Lets others reach a network through a node that has offered to route for it. */
  approveRoutes(node: TailnetNode, ...routes: readonly string[]): Promise<void>;
  /** Replaces the policy. Until then everybody may reach everybody. */
  policy(policy: Policy | string): Promise<void>;
  /** Stops all that was started and removes all that was made. */
  stop(): Promise<void>;
}

/** Lets everybody reach everybody: for policies that are about something else. */
export const EVERYBODY = { src: ["*"], dst: ["*"], ip: ["*"] } as const;

export async function startTailnet(): Promise<Tailnet> {
  sweepLeftOvers();
  const network = createNetwork();
  const bury = callUndertaker(network.prefix);
  const control = await startHeadscale(network.addHost("headscale"));
  const nodes: TailnetNode[] = [];

  async function login(node: TailnetNode, owner: Owner): Promise<void> {
    await node.login(control.url, await control.authKey(owner), "--force-reauth");
  }

  return {
    network,
    control,
    login,
    async join(name, options) {
      const host = network.addHost(name);
      if (options.userspace !== true) setResolver(host, `nameserver 100.100.100.100\nsearch ${DOMAIN}\n`);
      const node = new TailnetNode(name, host, options);
      await node.daemon.start();
      await login(node, options);
      const others = await running(nodes);
      nodes.push(node);
      const names = others.map((other) => other.name);
      await Promise.all([knows(node, names), ...others.map((other) => knows(other, [name]))]);
      return node;
    },
    expire: (node) => control.nodes("expire", node.id),
    forget: (node) => control.nodes("delete", node.id),
    rename: (node, name) => control.nodes("rename", node.id, name),
    retag: (node, ...tags) => control.nodes("tag", node.id, "--tags", tags.join(",")),
    approveRoutes: (node, ...routes) => control.nodes("approve-routes", node.id, "--routes", routes.join(",")),
    policy: (policy) => control.setPolicy(policy),
    stop: bury,
  };
}

/** Those that can know others now. */
async function running(nodes: readonly TailnetNode[]): Promise<readonly TailnetNode[]> {
  const states = await Promise.all(nodes.map((node) => node.status().catch(() => null)));
  return nodes.filter((_, i) => states[i]?.BackendState === "Running");
}

async function knows(node: TailnetNode, names: readonly string[]): Promise<void> {
  await node.until(({ Peer }) => {
    const peers = Object.values(Peer ?? {});
    return names.every((name) => peers.some(({ HostName, Online }) => HostName === name && Online));
  });
}

/** Everything ends with this process, also when it is killed; whoever wants it sooner calls what is returned. */
function callUndertaker(prefix: string): () => Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "undertaker.ts"), prefix], {
    stdio: ["pipe", "inherit", "inherit"],
    detached: true,
  });
  return async () => {
    const ended = once(child, "exit");
    child.stdin.end();
    const [code] = await ended;
    if (code !== 0) throw new Error(`something of ${prefix} is left`);
  };
}
