import { test as base } from "vitest";
import type { ClassicPeer } from "../helpers/classic-peer.ts";
import { runPadserve } from "../helpers/program.ts";
import type { Serving } from "../helpers/serve.ts";
import type { TailnetNode } from "./node.ts";
import { startTailnet } from "./tailnet.ts";

/**
 * A test on a real tailnet. It names the nodes that it is about; they join when they are named for the first time in a
 * file, and the tailnet is the file's own. The server's node, `chat`, is alice's.
 */
export const test = base
  // oxlint-disable-next-line no-empty-pattern -- vitest reads from the pattern which fixtures are wanted: none
  .extend("tailnet", { scope: "file" }, async ({}, { onCleanup }) => {
    const tailnet = await startTailnet();
    onCleanup(() => tailnet.stop());
    return tailnet;
  })
  .extend("chat", { scope: "file" }, ({ tailnet }) => tailnet.join("chat", { user: "alice" }))
  .extend("alice", { scope: "file" }, ({ tailnet }) => tailnet.join("alice-laptop", { user: "alice" }))
  .extend("alicesPhone", { scope: "file" }, ({ tailnet }) => tailnet.join("alice-phone", { user: "alice" }))
  .extend("bob", { scope: "file" }, ({ tailnet }) => tailnet.join("bob-laptop", { user: "bob" }))
  .extend("bobsPhone", { scope: "file" }, ({ tailnet }) => tailnet.join("bob-phone", { user: "bob" }))
  .extend("carol", { scope: "file" }, ({ tailnet }) => tailnet.join("carol-laptop", { user: "carol" }))
  .extend("nas", { scope: "file" }, ({ tailnet }) => tailnet.join("nas", { tags: ["tag:backup"] }))
  .extend("pod", { scope: "file" }, ({ tailnet }) => tailnet.join("pod", { user: "dave", userspace: true }));

/** Somebody comes from a node to a server's node, or to an address, registers, exchanges keys, and stays. */
export async function join(from: TailnetNode, id: string, at: TailnetNode | string): Promise<ClassicPeer> {
  const peer = from.dial(addressOf(at));
  await peer.setUp(id);
  return peer;
}

/** What somebody is answered who comes, registers and leaves again. */
export async function visit(from: TailnetNode, id: string, at: TailnetNode | string): Promise<string> {
  const peer = from.dial(addressOf(at));
  const reply = await peer.ask(`REGISTER ${id}`);
  peer.say("EXIT");
  await peer.closed();
  return reply;
}

/** Whose each name is, as the server's administrator is told. */
export async function namesAt(node: TailnetNode, { data }: Serving): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await runPadserve(["names", "--json", "--data", data], node);
  const records: { name: string; identity: string }[] = JSON.parse(stdout);
  return Object.fromEntries(records.map(({ name, identity }) => [name, identity]));
}

/** Ends a server as its administrator does, and starts another on what it kept. */
export async function restart(node: TailnetNode, { program, data }: Serving): Promise<Serving> {
  program.kill("SIGTERM");
  await program.exited;
  return node.serve({ data });
}

function addressOf(at: TailnetNode | string): string {
  return typeof at === "string" ? at : at.v4;
}
