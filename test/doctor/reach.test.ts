import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server } from "node:net";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { FakeOldServer } from "../fakes/fake-old-server.ts";
import { noNamespaces } from "../helpers/netns.ts";
import { runPadserve, scratchFolder, type ProgramOptions } from "../helpers/program.ts";
import { startServe } from "../helpers/serve.ts";
import { createTailnetMachines } from "../helpers/tailnet-machines.ts";
import { NODES, startFakeTailscaled } from "../helpers/tailnet.ts";
import { expectTranscript, freePort } from "./transcript.ts";

/** What `padserve doctor` says of the way to a port of 127.0.0.1, on a machine without Tailscale unless told otherwise. */
async function look(port: number, options: ProgramOptions & { readonly socket?: string } = {}) {
  const { socket = "/nonexistent.sock" } = options;
  const args = ["doctor", `127.0.0.1:${port}`, "--tailscale-socket", socket];
  const { code, stdout } = await runPadserve(args, options);
  return { code, said: stdout.replaceAll(/\n +/g, " ") };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe("the way to a server in the tailnet", () => {
  beforeEach((context) => context.skip(noNamespaces !== null, noNamespaces ?? ""));

  test("DR-14 from somebody's machine: both families, their times, the protocols, and who one is there", async () => {
    const { chat, bob } = createTailnetMachines();
    const here = await startFakeTailscaled("tun");
    const there = await startFakeTailscaled("tun");
    there.self("bob-laptop", NODES["bob-laptop"] ?? { addresses: [] });
    await startServe({ ...chat, args: ["--port", "12345"], tailscaleSocket: here.path });
    const instead = { [there.path]: "/var/run/tailscale/tailscaled.sock" };
    const options = ["--tailscale-socket", there.path];
    await expectTranscript("way-v4", "padserve doctor 100.64.0.1", {
      args: ["100.64.0.1", ...options],
      instead,
      ...bob,
    });
    await expectTranscript("way-v6", "padserve doctor fd7a:115c:a1e0::1", {
      args: ["fd7a:115c:a1e0::1", ...options],
      instead,
      ...bob,
    });
    here.grant("bob@example.com", { operator: true });
    const { stdout } = await runPadserve(["doctor", "100.64.0.1", ...options], bob);
    expect(stdout).toContain("bob@example.com, says this machine's Tailscale; an operator there\n");
  });

  test("DR-14 an address that nobody has is unreachable, with what to look at", async () => {
    const { bob } = createTailnetMachines();
    bob.ip("route", "add", "unreachable", "100.64.0.99/32");
    const there = await startFakeTailscaled("tun");
    const { code, stdout } = await runPadserve(["doctor", "100.64.0.99", "--tailscale-socket", there.path], bob);
    expect(stdout).toContain("100.64.0.99:12345 can't be reached (EHOSTUNREACH). This machine has no way there.");
    expect(code).toBe(9);
  });
});

test("DR-14 a port where nothing listens, and a name that nobody has, are errors", async () => {
  const { code, said } = await look(await freePort());
  expect(said).toMatch(/x {2}IPv4 +127\.0\.0\.1:\d+ can't be reached \(ECONNREFUSED\)\. The machine is there, and/);
  expect(code).toBe(9);
  const nowhere = await runPadserve(["doctor", "no-such-name.invalid", "--tailscale-socket", "/nonexistent.sock"]);
  expect(nowhere).toMatchObject({
    code: 9,
    stdout: expect.stringContaining("Nobody knows a machine of the name no-such-name.invalid."),
  });
});

test("DR-20 from inside a userspace node the way goes through its tailscaled, by name, too", async () => {
  const fake = await startFakeTailscaled("userspace");
  fake.self("bob-laptop", NODES["bob-laptop"] ?? { addresses: [] });
  fake.node("chat", { user: "alice@example.com", addresses: ["100.64.0.1"] });
  const { port } = await startServe();
  fake.listens("chat", 12_345, port);
  const ask = async (server: string) => {
    const { code, stdout } = await runPadserve(["doctor", server, "--tailscale-socket", fake.path]);
    return { code, said: stdout.replaceAll(/\n +/g, " ") };
  };
  const byName = await ask("chat");
  expect(byName.said).toMatch(/ok tailnet +chat:12345 connects in .+, answers in .+\n/);
  expect(byName.said).toMatch(/ok protocols +classic; HTTP\n/);
  expect(byName.said).toMatch(/ok you +bob@example\.com, says this machine's Tailscale/);
  expect(byName.code).toBe(0);
  expect((await ask("100.64.0.1")).said).toMatch(/ok IPv4 +100\.64\.0\.1:12345 connects in/);
  const unknown = await ask("nobody");
  expect(unknown.said).toMatch(/x {2}lookup +Nobody knows a machine of the name nobody\./);
  expect(unknown.code).toBe(9);
  const refused = await ask("chat:9");
  expect(refused.said).toMatch(/x {2}tailnet +chat:9 can't be reached \(ECONNREFUSED\)\. The machine is there/);
  const elsewhere = await ask(`0.0.0.0:${port}`);
  expect(elsewhere.said).toMatch(/ok IPv4 +0\.0\.0\.0:\d+ connects in/);
});

test("DR-15 on the server's own machine one is its user; that Tailscale is absent is then no more than a note", async () => {
  const { port } = await startServe();
  const { code, said } = await look(port);
  expect(said).toMatch(/ok protocols +classic; HTTP\n/);
  expect(said).toMatch(/ok you +a user of the server's own machine\n/);
  expect(said).toMatch(/^- {2}tailscaled +Tailscale is not running on this machine\./);
  expect(code).toBe(0);
});

test("DR-15 whom the server doesn't know is told so, and when it can't find out", async () => {
  const fake = await startFakeTailscaled("userspace");
  const { port } = await startServe({ tailscaleSocket: fake.path });
  const stranger = await look(port);
  expect(stranger.said).toMatch(/x {2}you +The server does not know you: not a member of its tailnet\./);
  expect(stranger.code).toBe(9);
  fake.forbid();
  const unasked = await look(port);
  expect(unasked.said).toMatch(/x {2}you +The server can't find out who you are, and lets in nobody new\./);
  expect(unasked.code).toBe(9);
});

test.each([1, 2, 3] as const)(
  "DR-15 a server of the original, generation %i, speaks classic and no HTTP",
  async (generation) => {
    const old = await FakeOldServer.start({ generation });
    onTestFinished(() => old.stop());
    const { said } = await look(old.address.port);
    expect(said).toMatch(/ok protocols +classic \(no HTTP: a server of the original\)\n/);
    expect(old.heard).toContain("SERVERHELP");
    expect(old.heard.some((line) => line.startsWith("REGISTER"))).toBe(false);
  },
);

test("DR-15 another program on the port is no Padserve, whether it speaks or hangs up", async () => {
  const http = await look(await listen(createHttpServer((_request, response) => response.end("hello"))));
  expect(http.said).toMatch(/x {2}protocols +What answers there is no Padserve\./);
  expect(http.code).toBe(9);
  const silent = await look(await listen(createServer((socket) => socket.destroy())));
  expect(silent.said).toMatch(/x {2}protocols +It connects, and says nothing or hangs up\./);
});

test("DR-15 nothing is registered, and no name is claimed, by looking", async () => {
  const { port, data } = await startServe();
  await look(port);
  const { stdout } = await runPadserve(["names", "--data", data]);
  expect(stdout).toBe("No names yet.\n");
});

test("DR-12 a running server that sees Tailscale otherwise than this command is a warning", async () => {
  const fake = await startFakeTailscaled("userspace");
  const { data, port } = await startServe({ data: scratchFolder() });
  const args = ["doctor", "--data", data, "--port", String(port), "--tailscale-socket", fake.path];
  const { code, stdout } = await runPadserve(args);
  expect(stdout).toContain("The running server sees Tailscale as absent, this command as running.");
  expect(code).toBe(8);
});
