import { expect } from "vitest";
import { startMeddler, type Meddler } from "./meddler.ts";
import type { TailnetNode } from "./node.ts";
import { join, namesAt, test, visit } from "./scene.ts";
import { EVERYBODY } from "./tailnet.ts";

const UNAVAILABLE = "ERROR Identity unavailable";

const TROUBLES: readonly (readonly [string, (meddler: Meddler) => void])[] = [
  ["denies its answers with 403", (meddler) => meddler.offend()],
  ["does not answer", (meddler) => meddler.delay("whois")],
];

for (const [trouble, begin] of TROUBLES) {
  test(`RT-17 tailscaled ${trouble}: newcomers are refused, sessions go on, this machine comes in, and it mends by itself`, async ({
    chat,
    alice,
    bob,
    carol,
  }) => {
    const meddler = await startMeddler(chat.socket);
    await chat.serve({ tailscaleSocket: meddler.socket });
    const operator = await join(alice, "alice", chat);
    const session = await join(bob, "bob", chat);
    begin(meddler);

    const newcomer = carol.dial(chat.v4);
    newcomer.say("REGISTER carol");
    // Nobody waits for an answer that does not come, nor loses what he had.
    session.direct("alice", "still here");
    expect(await operator.message()).toMatchObject({ from: "bob", text: "still here" });
    expect(await newcomer.closed()).toEqual([UNAVAILABLE]);
    expect(await operator.ask("UNBAN mallory")).toBe("ERROR Client mallory not found in banned list");
    expect(await visit(chat, "here", "127.0.0.1")).toBe("REGISTERED");

    meddler.behave();
    let reply = await visit(carol, "carol", chat);
    while (reply === UNAVAILABLE) reply = await visit(carol, "carol", chat);
    expect(reply).toBe("REGISTERED");
  });
}

test("RT-18 tailscaled is killed, and started again: the server says it, goes on, listens again, with its sessions", async ({
  tailnet,
  bob,
  carol,
}) => {
  const chat = await tailnet.join("restarting", { user: "alice" });
  const { program, listening } = await chat.serve();
  const session = await join(bob, "bob", chat);
  await chat.daemon.stop("SIGKILL");
  await program.until("Tailscale's socket is there, but no tailscaled answers behind it.");
  expect(await visit(chat, "here", "127.0.0.1")).toBe("REGISTERED");
  await chat.daemon.start();
  await program.until(listening);
  expect(await session.ask("LIST")).toBe("BEGIN_RESPONSE");
  expect(await visit(carol, "carol", chat)).toBe("REGISTERED");
});

test("RT-19 the oldest tailscaled that headscale takes and the newest give the same results", async ({
  tailnet,
  alice,
  bob,
  nas,
}) => {
  await tailnet.policy({
    tagOwners: { "tag:backup": ["alice@example.com"] },
    grants: [
      EVERYBODY,
      { src: ["tag:backup"], dst: ["alice@example.com"], app: { "padserve.dev/cap/chat": [{ operator: true }] } },
    ],
  });
  const results = async (node: TailnetNode) => {
    const server = await node.serve();
    const replies = [];
    for (const address of [node.v4, node.v6]) {
      for (const from of [alice, bob, nas]) replies.push(await visit(from, from.name, address));
    }
    replies.push(await visit(bob, alice.name, node), await visit(node, "here", "127.0.0.1"));
    await node.tailscale("down");
    await server.program.until("Tailscale is stopped.");
    await node.tailscale("up");
    await server.program.until(server.listening);
    return { replies, names: await namesAt(node, server) };
  };
  const newest = await tailnet.join("newest", { user: "alice" });
  const oldest = await tailnet.join("oldest", { user: "alice", oldest: true });
  expect((await oldest.status()).Version).toMatch(/^1\.80\./);
  const expected = await results(newest);
  expect(expected.replies).toEqual([
    "REGISTERED as operator",
    "REGISTERED",
    "REGISTERED as operator",
    "REGISTERED as operator",
    "REGISTERED",
    "REGISTERED as operator",
    "ERROR Client name already registered",
    "REGISTERED",
  ]);
  expect(await results(oldest)).toEqual(expected);
});
