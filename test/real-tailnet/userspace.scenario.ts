import { expect } from "vitest";
import { startMeddler } from "./meddler.ts";
import type { Exit } from "../helpers/program.ts";
import { DOMAIN } from "./headscale.ts";
import { PORT, type TailnetNode } from "./node.ts";
import { join, namesAt, test as base, visit } from "./scene.ts";

/** The server's node is alice's here, too, but has no network interface of its own: peers arrive at its 127.0.0.1. */
const test = base.override("chat", { scope: "file" }, ({ tailnet }) =>
  tailnet.join("chat", { user: "alice", userspace: true }),
);

const NOT_A_MEMBER = "ERROR Not a member of this tailnet";

test("RT-14 in userspace mode peers arrive on 127.0.0.1 and are still who they are, over both families", async ({
  chat,
  alice,
  bob,
  nas,
}) => {
  const server = await chat.serve();
  expect(server.listening).toBe(
    `Listening on 127.0.0.1:${PORT} and [::1]:${PORT}. Tailscale is running in userspace mode: peers arrive at 127.0.0.1.`,
  );
  expect(server.join).toBe("Others join with:  npm run -s pad -- chat chat");
  expect(await visit(alice, "alice", chat.v6)).toBe("REGISTERED as operator");
  expect(await visit(bob, "bob", chat)).toBe("REGISTERED");
  expect(await visit(bob, "alice", chat)).toBe("ERROR Client name already registered");
  expect(await visit(nas, "nas", chat)).toBe("REGISTERED");
  expect(await namesAt(chat, server)).toEqual({
    alice: "alice@example.com",
    bob: "bob@example.com",
    nas: "machine nas (tag:backup)",
  });
});

test("RT-14 nobody is taken for the local user there: whom who-is does not name is refused", async ({ chat, bob }) => {
  await chat.serve({ args: ["--trust-local"] });
  const local = chat.dial("127.0.0.1");
  local.say("REGISTER alice");
  expect(await local.closed()).toEqual([NOT_A_MEMBER]);
  expect(await visit(bob, "bob", chat)).toBe("REGISTERED");
});

test("RT-14 a session there is still the same person when the server asks again", async ({ chat, bob }) => {
  const meddler = await startMeddler(chat.socket);
  await chat.serve({ tailscaleSocket: meddler.socket });
  const session = await join(bob, "bob", chat);
  await meddler.answered("whois");
  expect(await session.ask("LIST")).toBe("BEGIN_RESPONSE");
});

test("RT-15 forged headers and PROXY lines change nothing", async ({ chat, alice, bob }) => {
  const server = await chat.serve();
  const status = async (from: typeof bob) => {
    const peer = from.dial(chat.v4);
    const headers = [
      "Tailscale-User-Login: alice@example.com",
      "Tailscale-Headers-Info: https://tailscale.com/s/serve-headers",
      `X-Forwarded-For: ${alice.v4}`,
    ];
    peer.write(["GET /healthz HTTP/1.1", "Host: chat", "Connection: close", ...headers, "", ""].join("\r\n"));
    return (await peer.line()).trim();
  };
  expect(await status(bob)).toBe("HTTP/1.1 404 Not Found");
  expect(await status(alice)).toBe("HTTP/1.1 200 OK");

  const peer = bob.dial(chat.v4);
  const line = `PROXY TCP4 ${alice.v4} ${chat.v4} 51234 ${PORT}`;
  expect(await peer.ask(line)).toBe(`ERROR Unknown command: ${line}`);
  expect(await peer.setUp("bob")).toBe("REGISTERED");
  expect(await namesAt(chat, server)).toEqual({ bob: "bob@example.com" });
});

test("RT-16 `pad` inside a userspace node reaches a server there and elsewhere by name and address, as its owner", async ({
  tailnet,
  chat,
  alice,
  pod,
}) => {
  const elsewhere = await tailnet.join("elsewhere", { user: "alice" });
  for (const node of [chat, elsewhere]) {
    const server = await node.serve();
    const hearer = await join(alice, "alice", node);
    for (const where of [node.name, `${node.name}.${DOMAIN}`, node.v4, node.v6]) {
      const sent = await send(pod, where);
      expect(sent).toMatchObject({ code: 0, stderr: "" });
      expect(await hearer.message()).toMatchObject({ from: "dave", text: `by way of ${where}` });
    }
    const chatting = pod.pad("chat", "dave", node.name);
    chatting.type("and talks");
    expect(await hearer.message()).toMatchObject({ from: "dave", text: "and talks" });
    chatting.endInput();
    expect(await chatting.exited).toMatchObject({ code: 0 });
    const looked = await pod.pad("doctor", node.name).exited;
    expect(looked).toMatchObject({ code: 0, stdout: expect.stringContaining("dave@example.com, says this machine's") });
    expect(await namesAt(node, server)).toMatchObject({ dave: "dave@example.com" });
  }
});

test("RT-16 it reaches a server on its own node, too, and is the local user there", async ({ pod }) => {
  const server = await pod.serve();
  for (const where of [pod.name, pod.v4, pod.v6]) expect(await send(pod, where)).toMatchObject({ code: 0, stderr: "" });
  expect(await namesAt(pod, server)).toEqual({ dave: "this machine" });
});

test("RT-16 what it can't reach is what it would be elsewhere: nobody listens, or nobody bears the name", async ({
  chat,
  pod,
}) => {
  expect(await send(pod, chat.name)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("Nobody listens at chat"),
  });
  expect(await send(pod, "nobody")).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("no machine called nobody"),
  });
});

/** `pad send` there, as dave. */
function send(from: TailnetNode, where: string): Promise<Exit> {
  return from.pad("send", "ALL", `by way of ${where}`, "--server", where, "--as", "dave").exited;
}
