import { expect } from "vitest";
import type { TailnetNode } from "./node.ts";
import { join, namesAt, restart, test, visit } from "./scene.ts";
import { EVERYBODY, type Tailnet } from "./tailnet.ts";

const REFUSED = "ERROR You are banned from this server";
const IMMUNE = "ERROR Cannot ban the operator";

test("RT-9 a ban on a person holds against another name, another connection, the second node, and a restart; unban undoes it", async ({
  chat,
  alice,
  bob,
  bobsPhone,
  carol,
}) => {
  const before = await chat.serve();
  const operator = await join(alice, "alice", chat);
  const session = await join(bob, "bob", chat);
  const nameless = bobsPhone.dial(chat.v6);
  expect(await nameless.ask("LIST")).toBe("ERROR Not registered");

  expect(await operator.ask("BAN bob")).toBe("SUCCESS Banned client bob");
  for (const peer of [session, nameless]) {
    expect(await peer.closed()).toEqual(["BANNED You have been banned by the operator"]);
  }
  expect(await visit(bob, "bob", chat)).toBe(REFUSED);
  expect(await visit(bob, "robert", chat.v6)).toBe(REFUSED);
  expect(await visit(bobsPhone, "bobs-phone", chat)).toBe(REFUSED);
  expect(await visit(carol, "carol", chat)).toBe("REGISTERED");

  await restart(chat, before);
  expect(await visit(bobsPhone, "robert", chat)).toBe(REFUSED);
  const again = await join(alice, "alice", chat);
  expect(await again.ask("UNBAN bob")).toBe("SUCCESS Unbanned client bob");
  expect(await visit(bobsPhone, "robert", chat)).toBe("REGISTERED");
  expect(await visit(bob, "bob", chat)).toBe("REGISTERED");
});

test("RT-10 a ban never reaches an operator, whatever the right comes from, nor the server's machine", async ({
  chat,
  alice,
  alicesPhone,
  bob,
}) => {
  await chat.serve({ args: ["--operator", "bob@example.com"] });
  const owner = await join(alice, "alice", chat);
  const configured = await join(bob, "bob", chat);
  const local = await join(chat, "here", "127.0.0.1");
  expect(await visit(alicesPhone, "phone", chat)).toBe("REGISTERED as operator");
  for (const name of ["bob", "phone"]) expect(await owner.ask(`BAN ${name}`)).toBe(IMMUNE);
  expect(await configured.ask("BAN alice")).toBe(IMMUNE);

  expect(await owner.ask("BAN here")).toBe("SUCCESS Banned client here");
  await local.closed();
  expect(await visit(chat, "here", "127.0.0.1")).toBe(REFUSED);
  expect(await visit(chat, "there", "127.0.0.1")).toBe("REGISTERED");
});

test("RT-26 a machine whose host is renamed, and that gets a tag more, keeps its name and its ban; a new one under its old name has neither", async ({
  tailnet,
  chat,
  alice,
  nas,
}) => {
  const owners = ["alice@example.com"];
  const tagOwners = { "tag:backup": owners, "tag:extra": owners, "tag:other": owners };
  await tailnet.policy({ grants: [EVERYBODY], tagOwners });
  const server = await chat.serve();
  const operator = await join(alice, "alice", chat);
  expect(await visit(nas, "backup", chat)).toBe("REGISTERED");
  await becomes(tailnet, chat, nas, "storage", ["tag:backup", "tag:extra"]);
  expect(await visit(nas, "backup", chat)).toBe("REGISTERED");
  expect((await namesAt(chat, server))["backup"]).toBe("machine storage (tag:backup, tag:extra)");

  expect(await operator.ask("BAN backup")).toBe("SUCCESS Banned client backup");
  await becomes(tailnet, chat, nas, "attic", ["tag:backup", "tag:other"]);
  expect(await visit(nas, "other", chat)).toBe(REFUSED);
  const other = await tailnet.join("storage", { tags: ["tag:backup", "tag:extra"] });
  expect(await visit(other, "other", chat)).toBe("REGISTERED");
  expect(await operator.ask("UNBAN backup")).toBe("SUCCESS Unbanned client backup");
  expect(await visit(nas, "backup", chat)).toBe("REGISTERED");
});

/** An admin renames a node and gives it these tags; resolves when another node has heard of it. */
async function becomes(
  tailnet: Tailnet,
  witness: TailnetNode,
  node: TailnetNode,
  name: string,
  tags: readonly string[],
): Promise<void> {
  await tailnet.rename(node, name);
  await tailnet.retag(node, ...tags);
  await witness.until(({ Peer }) =>
    Object.values(Peer ?? {}).some(
      ({ DNSName, Tags }) => DNSName.startsWith(`${name}.`) && tags.every((tag) => Tags?.includes(tag) === true),
    ),
  );
}
