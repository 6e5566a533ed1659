import { expect } from "vitest";
import type { Grant } from "./headscale.ts";
import { startMeddler } from "./meddler.ts";
import { join, test, visit } from "./scene.ts";
import { EVERYBODY } from "./tailnet.ts";

const OPERATOR = "REGISTERED as operator";
const NOT_OPERATOR = "ERROR Not authorized as operator";
const CAPABILITY = "padserve.dev/cap/chat";

test("RT-6 the owner of the server's node is operator, from every node of hers; nobody else is", async ({
  chat,
  alice,
  alicesPhone,
  bob,
  nas,
}) => {
  const { program } = await chat.serve();
  expect(await program.line()).toBe("Operator: alice@example.com, who owns this machine in the tailnet.");
  expect(await visit(bob, "bob", chat)).toBe("REGISTERED");
  expect(await visit(alice, "alice", chat)).toBe(OPERATOR);
  expect(await visit(alicesPhone, "boss", chat)).toBe(OPERATOR);
  expect(await visit(nas, "nas", chat)).toBe("REGISTERED");
});

test("RT-7 whom the policy grants the capability is operator, person or machine, and is so no more within a minute of its withdrawal", async ({
  tailnet,
  chat,
  bob,
  carol,
  nas,
}) => {
  const meddler = await startMeddler(chat.socket);
  await chat.serve({ tailscaleSocket: meddler.socket });
  const session = await join(bob, "bob", chat);
  expect(await session.ask("LISTBANS")).toBe(NOT_OPERATOR);

  await tailnet.policy({
    tagOwners: { "tag:backup": ["alice@example.com"] },
    grants: [
      EVERYBODY,
      grant({ operator: true }, "bob@example.com", "tag:backup"),
      grant({ chatty: true }, "carol@example.com"),
    ],
  });
  // Who is here already becomes operator, without a word of theirs.
  expect(await session.line()).toBe(OPERATOR);
  expect(await visit(nas, "nas", chat)).toBe(OPERATOR);
  expect(await visit(carol, "carol", chat)).toBe("REGISTERED");

  await tailnet.policy({ grants: [EVERYBODY] });
  // The server asks again by itself; how often is its own affair.
  do await meddler.answered("whois");
  while ((await session.ask("UNBAN nobody")) !== NOT_OPERATOR);
  expect(await visit(nas, "nas", chat)).toBe("REGISTERED");
});

test("RT-8 a tagged server node has no owner, and nobody becomes operator by being first, at the machine neither", async ({
  tailnet,
  alice,
  bob,
}) => {
  const tagged = await tailnet.join("tagged-chat", { tags: ["tag:chat"] });
  const { program } = await tagged.serve();
  expect(await program.line()).toMatch(/^Nobody is operator yet/);
  expect(await visit(bob, "bob", tagged)).toBe("REGISTERED");
  expect(await visit(alice, "alice", tagged)).toBe("REGISTERED");
  expect(await visit(tagged, "here", "127.0.0.1")).toBe("REGISTERED");
});

/** Towards the nodes of alice, of which the server's is one. */
function grant(argument: unknown, ...src: readonly string[]): Grant {
  return { src, dst: ["alice@example.com"], app: { [CAPABILITY]: [argument] } };
}
