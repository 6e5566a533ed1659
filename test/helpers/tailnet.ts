import { onTestFinished } from "vitest";
import { listClaims } from "../../src/admin/records.ts";
import { startFakeLocalApi, type FakeLocalApi, type FakeNode } from "../fakes/fake-local-api.ts";
import { ClassicPeer } from "./classic-peer.ts";
import { startTestServer, type TestServer, type TestServerOptions } from "./server.ts";

/** The people and machines of the tailnet in these tests. The server's own node is `chat`, owned by alice@example.com. */
export const NODES: Readonly<Record<string, FakeNode>> = {
  "alice-laptop": { user: "alice@example.com", addresses: ["100.64.0.11"] },
  "bob-laptop": { user: "bob@example.com", addresses: ["100.64.0.12", "fd7a:115c:a1e0::12"] },
  "bob-phone": { user: "bob@example.com", addresses: ["100.64.0.13"] },
  "carol-laptop": { user: "carol@example.com", addresses: ["100.64.0.14", "fd7a:115c:a1e0::14"] },
  nas: { tags: ["tag:backup"], addresses: ["100.64.0.15"] },
  printer: { tags: ["tag:backup"], addresses: ["100.64.0.16"] },
};

/** Short enough to wait for; no test asks how long anything took. */
export const QUICK = {
  refreshEvery: 20,
  listenRetry: 20,
  whoIs: 1000,
  monitor: { debounce: 5, poll: 50, interfaces: 20, retryFirst: 5, retryMost: 20 },
};

/**
 * A tailscaled, faked, with these people and machines. In userspace mode, unless told otherwise: then all of them reach
 * the server on loopback, and the fake knows which port is whose, as the real one does.
 */
export async function startFakeTailscaled(
  mode: "userspace" | "tun" = "userspace",
  path?: string,
): Promise<FakeLocalApi> {
  const fake = await startFakeLocalApi(path === undefined ? {} : { path });
  onTestFinished(() => fake.stop());
  fake.setMode(mode);
  for (const [name, node] of Object.entries(NODES)) fake.node(name, node);
  return fake;
}

/** The real server in this process beside a fake tailscaled, both stopped with the test. */
export interface Scene {
  readonly fake: FakeLocalApi;
  readonly server: TestServer;
  /** A connection from a node, on which nothing was said yet. */
  dial(node: string): Promise<ClassicPeer>;
  /** The same, registered and with keys exchanged; what REGISTER was answered is `reply`. */
  join(node: string, id: string): Promise<ClassicPeer>;
  /** What a node is answered that comes, registers and leaves again. */
  visit(node: string, id: string): Promise<string>;
  /** Waits, by round trips of this peer, until the server has asked once more who each of its peers is. */
  round(peer: ClassicPeer): Promise<void>;
}

export async function startScene(options: TestServerOptions & { readonly fake?: FakeLocalApi } = {}): Promise<Scene> {
  const { fake = await startFakeTailscaled() } = options;
  const server = await startTestServer({
    ...options,
    tailscaleSocket: fake.path,
    timings: { ...QUICK, ...options.timings },
  });
  onTestFinished(() => server.stop());

  async function dial(node: string): Promise<ClassicPeer> {
    const peer = new ClassicPeer(await fake.dial(node, server.port));
    onTestFinished(() => peer[Symbol.dispose]());
    return peer;
  }

  return {
    fake,
    server,
    dial,
    join: async (node, id) => {
      const peer = await dial(node);
      await peer.setUp(id);
      return peer;
    },
    visit: async (node, id) => {
      const peer = await dial(node);
      const reply = await peer.ask(`REGISTER ${id}`);
      peer.say("EXIT");
      await peer.closed();
      return reply;
    },
    round: async (peer) => {
      // A round that is under way, a whole one, and one question more: the next is asked when the last was judged.
      const enough = questions(fake) + 2 * server.running.state().sessions.size + 1;
      await until(peer, () => questions(fake) >= enough);
    },
  };
}

function questions({ asked }: FakeLocalApi): number {
  return asked.filter((question) => question.includes("whois")).length;
}

/** Whose each name is, as `padserve names` tells it. */
export function namesOf({ server }: Pick<Scene, "server">): Readonly<Record<string, string>> {
  return Object.fromEntries(listClaims(server.running.state()).map(({ name, identity }) => [name, identity]));
}

/** Waits, by round trips of this peer, until something is so; the server's rounds go on meanwhile. */
export async function until(peer: ClassicPeer, isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    peer.say("SERVERHELP");
    await peer.until("END_RESPONSE");
  }
}
