import { expect } from "vitest";
import { PORT } from "./node.ts";
import { join, namesAt, test, visit } from "./scene.ts";

// Between two states that last Tailscale may pass through others, and the server says those, too.
const ONLY_HERE = `Listening for this machine only, on 127.0.0.1:${PORT} and [::1]:${PORT}.`;

test("RT-11 Tailscale stops and comes back: the server says it, keeps running, listens again, and sessions have outlived it", async ({
  tailnet,
  alice,
  bob,
}) => {
  const chat = await tailnet.join("stopping", { user: "alice" });
  const { program, listening } = await chat.serve();
  const session = await join(bob, "bob", chat);
  await chat.tailscale("down");
  await program.until(`${ONLY_HERE} Tailscale is stopped. Run: sudo tailscale up`);
  await join(chat, "here", "127.0.0.1");
  await chat.tailscale("up");
  await program.until(listening);
  expect(await session.ask("LIST")).toBe("BEGIN_RESPONSE");
  await join(alice, "alice", chat);
});

test("RT-12 the server's key expires: it says so, and after a new login it listens again, with its sessions", async ({
  tailnet,
  bob,
  bobsPhone,
}) => {
  const chat = await tailnet.join("expiring", { user: "alice" });
  const { program, listening } = await chat.serve();
  const session = await join(bob, "bob", chat);
  await tailnet.expire(chat);
  await program.until(`${ONLY_HERE} This machine's Tailscale key has expired. Run: sudo tailscale up`);
  await tailnet.login(chat, { user: "alice" });
  await program.until(listening);
  expect(await session.ask("LIST")).toBe("BEGIN_RESPONSE");
  await join(bobsPhone, "phone", chat);
});

test("RT-12 a person's key expires: the session ends, and who logs in again is the same person", async ({
  tailnet,
  chat,
}) => {
  const carol = await tailnet.join("carol", { user: "carol" });
  const server = await chat.serve({ args: ["--log-level", "debug"] });
  await join(carol, "carol", chat);
  await tailnet.expire(carol);
  await server.program.complains("connection closed");
  await tailnet.login(carol, { user: "carol" });
  await join(carol, "carol", chat);
  expect(await namesAt(chat, server)).toEqual({ carol: "carol@example.com" });
});

test("RT-13 it logs out and returns with another address: the server follows, and clients find it again by its name", async ({
  tailnet,
  bob,
  bobsPhone,
}) => {
  const chat = await tailnet.join("moving", { user: "alice" });
  const { program } = await chat.serve();
  const before = chat.v4;
  const client = bob.pad("chat", "bob", "moving", "--commands");
  await client.complains("Connected to moving");
  await chat.tailscale("logout");
  await program.until(`${ONLY_HERE} Tailscale is not logged in. Run: sudo tailscale up`);
  await tailnet.forget(chat);
  await tailnet.join("newcomer", { user: "carol" });
  await tailnet.login(chat, { user: "alice" });
  expect(chat.v4).not.toBe(before);
  await program.until(`Listening on ${chat.v4}:${PORT} and [${chat.v6}]:${PORT},`);
  // What was connected to the address of before is let go at once, so nobody finds the own name taken.
  expect(await visit(bobsPhone, "bob", chat)).toBe("REGISTERED");
  client.type("is anybody there?");
  await client.complains(/stopped answering[^]*Connected again/);
});

test("RT-25 a person whose own Tailscale is stopped, or logged out, is told so by `pad`", async ({ tailnet, chat }) => {
  await chat.serve();
  const dora = await tailnet.join("dora", { user: "dora" });
  const send = () => dora.pad("send", "ALL", "hello", "--server", chat.v4, "--as", "dora").exited;
  expect(await send()).toMatchObject({ code: 0, stderr: "" });
  await dora.tailscale("down");
  expect(await send()).toMatchObject({ code: 3, stderr: expect.stringContaining("Tailscale is stopped. Run: sudo") });
  await dora.tailscale("logout");
  expect(await send()).toMatchObject({ code: 3, stderr: expect.stringContaining("Tailscale is not logged in. Run:") });
});
