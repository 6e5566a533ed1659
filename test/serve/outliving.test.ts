import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { ClassicPeer } from "../helpers/classic-peer.ts";
import { startServe } from "../helpers/serve.ts";

test("SV-30 with a full disk under its log the server goes on", async () => {
  const { port, program } = await startServe({
    args: ["--log-level", "debug"],
    through: ["sh", "-c", 'exec "$0" "$@" 2>/dev/full'],
  });
  await twoTalk(port);
  program.kill("SIGTERM");
  expect(await program.exited).toMatchObject({ code: 0 });
});

test("SV-30 when the reader of its log has gone the server goes on", async () => {
  const { port, program } = await startServe({
    args: ["--log-level", "debug"],
    through: ["bash", "-c", 'exec "$0" "$@" 2> >(exit)'],
  });
  await twoTalk(port);
  program.kill("SIGTERM");
  expect(await program.exited).toMatchObject({ code: 0 });
});

test("SV-31 with 64 open files and 200 sockets it says how many it takes, and those who are in go on", async () => {
  const { port, program } = await startServe({ through: ["sh", "-c", 'ulimit -n 64; exec "$0" "$@"'] });
  using alice = await ClassicPeer.connect(port);
  await alice.setUp("alice");
  using bob = await ClassicPeer.connect(port);
  await bob.setUp("bob");
  const crowd = await Promise.all(Array.from({ length: 200 }, () => open(port)));
  for (let number = 0; number < 10; number++) {
    alice.direct("bob", `${number}`);
    expect(await bob.message()).toMatchObject({ text: `${number}` });
  }
  for (const socket of crowd) socket.destroy();
  // Those that were destroyed go one by one; until then she is turned away.
  while (!(await getsIn(port, "carol")));
  program.kill("SIGTERM");
  const { code, stderr } = await program.exited;
  expect(code).toBe(0);
  expect(stderr).toContain("fewer connections than configured");
  expect(stderr).toContain("too many connections");
});

async function getsIn(port: number, id: string): Promise<boolean> {
  using peer = await ClassicPeer.connect(port);
  return (await peer.setUp(id).catch(() => "")) !== "";
}

async function twoTalk(port: number): Promise<void> {
  using alice = await ClassicPeer.connect(port);
  await alice.setUp("alice");
  using bob = await ClassicPeer.connect(port);
  await bob.setUp("bob");
  alice.direct("bob", "still here");
  expect(await bob.message()).toMatchObject({ text: "still here" });
}

/** Whether or not it is closed again at once. */
async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}
