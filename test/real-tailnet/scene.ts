import { test as base } from "vitest";
import { runPadserve, type Program } from "../helpers/program.ts";
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

/** What the first line says to a node that registers, and stays. */
export interface Registered {
  readonly reply: string;
  readonly connection: Program;
}

/** Somebody registers from a node at a server's node, or at an address. */
export async function register(from: TailnetNode, id: string, at: TailnetNode | string): Promise<Registered> {
  const connection = from.dial(typeof at === "string" ? at : at.v4);
  connection.type(`REGISTER ${id}`);
  return { reply: await connection.line(), connection };
}

/** The same, and leaves again. */
export async function visit(from: TailnetNode, id: string, at: TailnetNode | string): Promise<string> {
  const { reply, connection } = await register(from, id, at);
  connection.type("EXIT");
  await connection.exited;
  return reply;
}

/** Says a command and gives the first line of what comes back, past what came before. */
export function ask(connection: Program, command: string): Promise<string> {
  connection.type(command);
  return connection.until(/^(?!PUBLICKEY|[0-9a-f]{130}$|END PUBLICKEY)/);
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
