import { execFile, spawn } from "node:child_process";
import { linkSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { BUS_MASK, localApiContract, questions, type Tailscaled } from "../contracts/local-api.ts";
import { userspaceContract, type UserspaceTailscaled } from "../contracts/local-api-userspace.ts";
import { Program } from "../helpers/program.ts";
import { askRaw, busLines, type RawAnswer } from "../helpers/raw-local-api.ts";
import { PORT, type TailnetNode } from "./node.ts";
import { withoutIdentities } from "./recorded.ts";
import { EVERYBODY, startTailnet } from "./tailnet.ts";

const RECORDED = join(import.meta.dirname, "../fakes/recorded");

localApiContract("tailscaled", open);
localApiContract("the oldest tailscaled", () => open({ oldest: true }));
userspaceContract("tailscaled", openUserspace);
userspaceContract("the oldest tailscaled", () => openUserspace({ oldest: true }));

test("LC-8 what is recorded is what this tailscaled says, but for identities and what differs from run to run", async () => {
  const tailscaled = await open();
  onTestFinished(() => tailscaled.dispose());
  for (const [name, path] of Object.entries(questions(tailscaled))) {
    const { body } = await askRaw(tailscaled.socket, path);
    await expect(withoutIdentities(body)).toMatchFileSnapshot(join(RECORDED, `${name}.json`));
  }
  const bus = busLines(tailscaled.socket, BUS_MASK);
  const { value } = await bus.next();
  await bus.return();
  await expect(withoutIdentities(value ?? "")).toMatchFileSnapshot(join(RECORDED, "bus.json"));
});

async function open({ oldest = false }: { readonly oldest?: boolean } = {}): Promise<Tailscaled> {
  const tailnet = await startTailnet();
  const chat = await tailnet.join("chat", { user: "alice", oldest });
  const bob = await tailnet.join("bob-laptop", { user: "bob" });
  const nas = await tailnet.join("nas", { tags: ["tag:backup"] });
  await tailnet.policy({
    tagOwners: { "tag:backup": ["alice@example.com"] },
    grants: [
      EVERYBODY,
      {
        src: ["bob@example.com", "tag:backup"],
        dst: ["alice@example.com"],
        app: { "padserve.dev/cap/chat": [{ operator: true }] },
      },
    ],
  });
  // In force at headscale; each node hears of it a moment later.
  await Promise.all([bob, nas].map((node) => isGranted(chat, node)));
  return {
    oldest,
    socket: chat.socket,
    addresses: { chat: [chat.v4, chat.v6], bob: [bob.v4, bob.v6], nas: [nas.v4, nas.v6] },
    down: async () => void (await chat.tailscale("down")),
    up: async () => void (await chat.tailscale("up")),
    denied: () => askAsNobody(chat),
    dispose: () => tailnet.stop(),
  };
}

async function openUserspace({ oldest = false }: { readonly oldest?: boolean } = {}): Promise<UserspaceTailscaled> {
  const tailnet = await startTailnet();
  const chat = await tailnet.join("chat", { user: "alice", userspace: true, oldest });
  const bob = await tailnet.join("bob-laptop", { user: "bob" });
  const echo = await listenThere(bob, "socket.pipe(socket);");
  const here = await listenThere(chat, "console.log(socket.remotePort);");
  return {
    oldest,
    socket: chat.socket,
    addresses: { chat: [chat.v4, chat.v6], bob: [bob.v4, bob.v6] },
    echo: PORT,
    async arrive() {
      const peer = bob.dial(chat.v4);
      return { port: Number(await here.line()), close: () => peer[Symbol.dispose]() };
    },
    async dispose() {
      for (const program of [echo, here]) program.kill("SIGKILL");
      await tailnet.stop();
    },
  };
}

/** A program on a node that listens, and does this with each connection. */
async function listenThere({ through }: TailnetNode, act: string): Promise<Program> {
  const [file, ...args] = [...through, process.execPath, "-e", LISTEN, String(PORT), act] as const;
  const program = new Program(spawn(file, args));
  await program.line();
  return program;
}

const LISTEN = `
  const [port, act] = process.argv.slice(1);
  const met = new Function("socket", act);
  require("node:net")
    .createServer((socket) => met(socket.on("error", () => {})))
    .listen(Number(port), () => console.log("listening"));
`;

/** Resolves when the grants of `node` have reached the tailscaled of `at`. */
async function isGranted(at: TailnetNode, node: TailnetNode): Promise<void> {
  for (;;) {
    const { body } = await askRaw(at.socket, `whois?addr=${node.v4}`);
    const { CapMap: grants }: { readonly CapMap: unknown } = JSON.parse(body);
    if (grants !== null) return;
    await pause(20);
  }
}

/** Reading is free to every user on Linux, so nobody's attempt to write is what tailscaled denies. */
async function askAsNobody({ socket, host }: TailnetNode): Promise<RawAnswer> {
  // tailscaled keeps others out of its folder, and its socket is there.
  const forAll = join(dirname(host.folder), "tailscaled.sock");
  linkSync(socket, forAll);
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", AS_NOBODY, forAll]);
  return JSON.parse(stdout);
}

const AS_NOBODY = `
  const { request } = require("node:http");
  const { text } = require("node:stream/consumers");
  process.setgroups([]);
  process.setgid(65534);
  process.setuid(65534);
  request({
    socketPath: process.argv[1],
    method: "PATCH",
    path: "/localapi/v0/prefs",
    headers: { Host: "local-tailscaled.sock" },
  }, async (response) => {
    const { statusCode: status, headers } = response;
    console.log(JSON.stringify({ status, type: headers["content-type"], body: await text(response) }));
  }).end();
`;
