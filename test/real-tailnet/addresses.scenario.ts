import { execFileSync } from "node:child_process";
import { expect } from "vitest";
import { PORT, type TailnetNode } from "./node.ts";
import { test, visit } from "./scene.ts";

test("RT-1 the server finds its addresses by LocalAPI: both families of this node, loopback, and nothing else", async ({
  chat,
}) => {
  const { listening } = await chat.serve();
  expect(listening).toBe(
    `Listening on ${chat.v4}:${PORT} and [${chat.v6}]:${PORT}, and for this machine on 127.0.0.1:${PORT} and [::1]:${PORT}.`,
  );
  expect(listeningOn(chat)).toEqual(
    [`${chat.v4}:${PORT}`, `[${chat.v6}]:${PORT}`, `127.0.0.1:${PORT}`, `[::1]:${PORT}`].toSorted(),
  );
});

test("RT-2 a client on another node registers by MagicDNS name, short and whole, and by address, of both families", async ({
  chat,
  bob,
}) => {
  const { join } = await chat.serve();
  expect(join).toBe("Others join with:  npm run -s pad -- chat chat");
  for (const server of ["chat", "chat.tail.test", chat.v4, `[${chat.v6}]`]) {
    const sent = await bob.pad("send", "ALL", "hello", "--as", "bob", "--server", server).exited;
    expect(sent).toMatchObject({ code: 0, stderr: "" });
  }
});

test("RT-2 every kind of node comes in: people's, a tagged one, one in userspace mode; and two of them talk", async ({
  chat,
  alice,
  bob,
  bobsPhone,
  nas,
  pod,
}) => {
  await chat.serve();
  for (const node of [alice, bob, bobsPhone, nas]) {
    expect(await visit(node, node.name, chat)).toMatch(/^REGISTERED/);
  }
  using through = await pod.dialThrough("chat");
  expect(await through.setUp("pod")).toBe("REGISTERED");
  const one = alice.pad("chat", "alice", "chat", "--commands");
  const other = bob.pad("chat", "bob", "chat", "--commands");
  await Promise.all([one.complains("Connected to"), other.complains("Connected to")]);
  other.type("hello, everybody");
  expect(await one.line()).toBe("bob: hello, everybody");
  one.type("SEND bob only for you");
  expect(await other.line()).toBe("alice (to you): only for you");
});

/** What the system says that is listened on, tailscaled's own ports (of peers' API) left out. */
function listeningOn(node: TailnetNode): readonly string[] {
  return execFileSync("ip", ["netns", "exec", node.host.namespace, "ss", "-tlnH"], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((row) => row.split(/\s+/)[3] ?? "")
    .filter((address) => address.endsWith(`:${PORT}`))
    .toSorted();
}
