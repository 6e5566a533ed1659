import { createServer } from "node:net";
import { once } from "node:events";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { BackendState } from "../fakes/fake-local-api.ts";
import { scratchFolder } from "../helpers/program.ts";
import { startServe, type Serving } from "../helpers/serve.ts";
import { startFakeTailscaled } from "../helpers/tailnet.ts";

describe("what a person is told at the start", () => {
  test("SV-1 without Tailscale: that it is this machine only, why, and what to do", async () => {
    const { port, ...serving } = await startServe();
    expect(await wholeText(serving, 1)).toEqual([
      `Listening for this machine only, on 127.0.0.1:${port} and [::1]:${port}. Tailscale is not running on this machine. ` +
        "Install it from https://tailscale.com/download, or start its service.",
      `On this machine, join with:  npm run -s pad -- chat localhost:${port}`,
      "Operator: whoever registers while nobody else is here, since there is no Tailscale to ask.",
    ]);
  });

  test("SV-1 with Tailscale: where, the command that others type, and who is operator by owning the machine", async () => {
    const { path } = await startFakeTailscaled();
    const { port, ...serving } = await startServe({ tailscaleSocket: path });
    expect(await wholeText(serving, 1)).toEqual([
      `Listening on 127.0.0.1:${port} and [::1]:${port}. Tailscale is running in userspace mode: peers arrive at 127.0.0.1.`,
      `Others join with:  npm run -s pad -- chat chat:${port}`,
      "Operator: alice@example.com, who owns this machine in the tailnet.",
    ]);
  });

  test("SV-2 a server without any operator says how to get one", async () => {
    const fake = await startFakeTailscaled();
    fake.self("chat", { tags: ["tag:chat"], addresses: ["100.64.0.1"] });
    const serving = await startServe({ tailscaleSocket: fake.path, args: ["--capability", "example.com/cap/pad"] });
    expect((await wholeText(serving, 2)).slice(2)).toEqual([
      "Nobody is operator yet, unless the tailnet policy says so. To make somebody operator: start with --operator LOGIN,",
      'or grant the app capability example.com/cap/pad with {"operator": true} in the tailnet policy.',
    ]);
  });

  test("SV-2 who is operator by configuration, and of a name whose it is", async () => {
    const [fake, data] = [await startFakeTailscaled(), scratchFolder()];
    const first = await startServe({ tailscaleSocket: fake.path, data });
    const bob = await fake.dial("bob-laptop", first.port);
    bob.write("REGISTER bob\n");
    await once(bob, "data");
    first.program.kill("SIGTERM");
    await first.program.exited;

    const args = ["--operator", "bob", "--operator", "boss", "--operator", "login:carol@example.com"];
    const again = await startServe({ tailscaleSocket: fake.path, data, args });
    const [, , owner, ...configured] = await wholeText(again, 4);
    expect(owner).toContain("alice@example.com");
    expect(configured).toEqual([
      "Operator: bob, by configuration (a name that belongs to bob@example.com).",
      "Operator: boss, by configuration (a name that nobody has claimed yet: the first to register it will be operator).",
      "Operator: login:carol@example.com, by configuration.",
    ]);
  });
});

describe("what a person is told of Tailscale's state", () => {
  const STATES: readonly (readonly [state: BackendState, link: string, said: string])[] = [
    ["Stopped", "", "Tailscale is stopped. Run: sudo tailscale up"],
    ["NoState", "", "Tailscale has just been started and has no state yet. Wait a moment."],
    ["NeedsLogin", "", "Tailscale is not logged in. Run: sudo tailscale up"],
    [
      "NeedsLogin",
      "https://login.example.com/a/1",
      "Tailscale is not logged in. Log in at https://login.example.com/a/1",
    ],
    ["NeedsMachineAuth", "", "This machine waits for approval in the tailnet. An admin of the tailnet approves it"],
    ["InUseOtherUser", "", "Another user of this machine holds Tailscale."],
    ["Starting", "", "Tailscale is starting. If it stays so, this machine reaches neither a peer nor a relay"],
    ["Running", "", "Tailscale is running in userspace mode"],
  ];

  test("SV-3 each in a plain sentence with what to do, and again when it changes", async () => {
    const fake = await startFakeTailscaled();
    const { program } = await startServe({ tailscaleSocket: fake.path });
    for (const [state, link, said] of STATES) {
      fake.setState(state, link);
      expect(await program.until("Listening")).toContain(said);
    }
    fake.self("chat", { user: "alice@example.com", addresses: ["100.64.0.1"], keyExpiry: "2020-01-01T00:00:00Z" });
    fake.setState("NeedsLogin");
    expect(await program.until("Listening")).toContain(
      "This machine's Tailscale key has expired. Run: sudo tailscale up",
    );
    await fake.goAway();
    expect(await program.until("Listening")).toContain("Tailscale is not running on this machine.");
    fake.forbid("access denied");
    await fake.comeBack();
    expect(await program.until("Listening")).toContain(
      "This user may not ask tailscaled (access denied). Run the server as a user who may use Tailscale on this machine.",
    );
  });

  test("SV-3 a tailscaled that died and left its socket", async () => {
    const path = join(scratchFolder(), "tailscaled.sock");
    await leaveSocket(path);
    const { listening, join: how } = await startServe({ tailscaleSocket: path });
    expect(listening).toContain("Tailscale's socket is there, but no tailscaled answers behind it. Start its service");
    expect(how).toContain("On this machine, join with:");
  });
});

/** All lines of a start, of which so many are behind the two that were read. */
async function wholeText({ program, listening, join: how }: Omit<Serving, "port">, more: number): Promise<string[]> {
  const lines = [listening, how];
  while (lines.length < 2 + more) lines.push(await program.line());
  return lines;
}

/** A socket file with nobody behind it, as after a crash. */
async function leaveSocket(path: string): Promise<void> {
  const server = createServer();
  server.listen(`${path}.new`);
  await once(server, "listening");
  renameSync(`${path}.new`, path);
  server.close();
  await once(server, "close");
}
