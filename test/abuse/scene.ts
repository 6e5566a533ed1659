import { onTestFinished } from "vitest";
import { ClassicPeer } from "../helpers/classic-peer.ts";
import { startServerProcess, type ServerProcess } from "../helpers/server-process.ts";
import type { Config } from "../../src/config/config.ts";

/** A server in a process of its own and two people who talk, whatever happens beside them. */
export interface AbuseScene {
  readonly server: ServerProcess;
  readonly port: number;
  /** Another connection, closed with the test. */
  readonly connect: () => Promise<ClassicPeer>;
  readonly join: (id: string) => Promise<ClassicPeer>;
  /** The bystanders exchange so many messages both ways, none lost, none twice, in order. */
  readonly talk: (rounds: number) => Promise<void>;
}

export async function startAbuse(config: Partial<Config> = {}): Promise<AbuseScene> {
  const server = await startServerProcess(config);
  onTestFinished(() => server[Symbol.asyncDispose]());
  const alice = await joined("alice");
  const bob = await joined("bob");
  let said = 0;

  async function connect(): Promise<ClassicPeer> {
    const peer = await ClassicPeer.connect(server.port);
    onTestFinished(() => peer[Symbol.dispose]());
    return peer;
  }

  async function joined(id: string): Promise<ClassicPeer> {
    const peer = await connect();
    await peer.setUp(id);
    return peer;
  }

  async function talk(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      const text = `bystander ${said++}`;
      alice.direct("bob", text);
      await hears(bob, "alice", text);
      bob.direct("alice", text);
      await hears(alice, "bob", text);
    }
  }

  return { server, port: server.port, connect, join: joined, talk };
}

/** The next direct message; what others say to everybody meanwhile is passed over. */
async function hears(peer: ClassicPeer, from: string, text: string): Promise<void> {
  for (;;) {
    const message = await peer.message();
    if (message.to !== null) continue;
    if (message.from !== from || message.text !== text) {
      throw new Error(`wanted ${text} from ${from}, heard ${JSON.stringify(message)}`);
    }
    return;
  }
}
