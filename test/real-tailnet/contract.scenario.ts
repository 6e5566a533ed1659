import { execFile } from "node:child_process";
import { linkSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { BUS_MASK, localApiContract, questions, type Tailscaled } from "../contracts/local-api.ts";
import { askRaw, busLines, type RawAnswer } from "../helpers/raw-local-api.ts";
import type { TailnetNode } from "./node.ts";
import { withoutIdentities } from "./recorded.ts";
import { EVERYBODY, startTailnet } from "./tailnet.ts";

const RECORDED = join(import.meta.dirname, "../fakes/recorded");

localApiContract("tailscaled", open);

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

async function open(): Promise<Tailscaled> {
  const tailnet = await startTailnet();
  const chat = await tailnet.join("chat", { user: "alice" });
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
    socket: chat.socket,
    addresses: { chat: [chat.v4, chat.v6], bob: [bob.v4, bob.v6], nas: [nas.v4, nas.v6] },
    down: async () => void (await chat.tailscale("down")),
    up: async () => void (await chat.tailscale("up")),
    denied: () => askAsNobody(chat),
    dispose: () => tailnet.stop(),
  };
}

/** Resolves when the grants of `node` have reached the tailscaled of `at`. */
async function isGranted(at: TailnetNode, node: TailnetNode): Promise<void> {
  for (;;) {
    const { body } = await askRaw(at.socket, `whois?addr=${node.v4}`);
    const { CapMap: grants }: { readonly CapMap: unknown } = JSON.parse(body);
    if (grants !== null) return;
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
