import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { addNetwork, createMachine, dialFrom, noNamespaces, plugIn, type Machine } from "../helpers/netns.ts";
import { runPadserve, startPadserve, type Program } from "../helpers/program.ts";
import { startServe } from "../helpers/serve.ts";
import { createTailnetMachines } from "../helpers/tailnet-machines.ts";
import { startFakeTailscaled } from "../helpers/tailnet.ts";

const V4 = "100.64.0.1";
const V6 = "fd7a:115c:a1e0::1";
const args = ["--port", "12345"];

beforeEach((context) => context.skip(noNamespaces !== null, noNamespaces ?? ""));

describe("who comes in over the network", () => {
  test("NS-3 the main job: two people on two tailnet addresses talk through the server", async () => {
    const fake = await startFakeTailscaled("tun");
    const machines = createTailnetMachines();
    const { join: how } = await startServe({ ...machines.chat, args, tailscaleSocket: fake.path });
    expect(how).toBe("Others join with:  npm run -s pad -- chat chat");
    const bob = await chat(machines.bob, "bob", V4);
    const carol = await chat(machines.carol, "carol", V6);
    bob.type("hello, everybody");
    expect(await carol.line()).toBe("bob: hello, everybody");
    carol.type("SEND bob only for you");
    expect(await bob.line()).toBe("carol (to you): only for you");
    // Each under a name that is now theirs, and nobody else's.
    const thief = await runPadserve(["send", "ALL", "I am bob", "--as", "bob", "--server", V4], machines.carol);
    expect(thief).toMatchObject({ code: 4, stderr: expect.stringContaining("belongs to somebody else") });
  });

  test("NS-4 without tailscaled a peer is its address, over each family another", async () => {
    const { chat: server, bob, carol } = createTailnetMachines();
    const { data } = await startServe({ ...server, args });
    expect(await register(bob, V4, "bob4")).toBe("REGISTERED as operator");
    expect(await register(bob, V6, "bob6")).toBe("REGISTERED");
    expect(await register(carol, V4, "bob6")).toBe("ERROR Client name already registered");
    expect(await namesIn(data, server)).toEqual({ bob4: "100.64.0.12", bob6: "fd7a:115c:a1e0::12" });
  });

  test("NS-4 without tailscaled a ban holds on the address, under each name", async () => {
    const { chat: server, bob, carol } = createTailnetMachines();
    await startServe({ ...server, args });
    const operator = dialFrom(bob, V4, 12345);
    operator.type("REGISTER bob");
    await operator.until("END PUBLICKEY");
    expect(await register(carol, V4, "carol")).toBe("REGISTERED");
    operator.type("BAN carol");
    expect(await operator.line()).toBe("SUCCESS Banned client carol");
    expect(await register(carol, V4, "caroline")).toBe("ERROR You are banned from this server");
    expect(await register(carol, V6, "caroline")).toBe("REGISTERED");
  });

  test("NS-4 beside tailscaled a peer is whom who-is names, the same over both families", async () => {
    const fake = await startFakeTailscaled("tun");
    const { chat: server, bob, carol } = createTailnetMachines();
    const { data } = await startServe({ ...server, args, tailscaleSocket: fake.path });
    expect(await register(bob, V4, "bob4")).toBe("REGISTERED");
    expect(await register(bob, V6, "bob6")).toBe("REGISTERED");
    expect(await register(carol, V6, "carol")).toBe("REGISTERED");
    expect(await namesIn(data, server)).toEqual({
      bob4: "bob@example.com",
      bob6: "bob@example.com",
      carol: "carol@example.com",
    });
  });

  test.each([
    ["without tailscaled", "REGISTERED as operator"],
    ["beside tailscaled", "REGISTERED"],
  ])("NS-5 %s this machine's own Tailscale address is this machine, whoever owns it", async (how, first) => {
    const { chat: server } = createTailnetMachines();
    const { data } = await startServe({ ...server, args, ...(await besideTailscaled(how)) });
    expect(await register(server, V4, "four")).toBe(first);
    for (const [address, name] of [
      [V6, "six"],
      ["127.0.0.1", "loop"],
      ["::1", "loop6"],
    ] as const) {
      expect(await register(server, address, name)).toBe("REGISTERED");
    }
    const own = "this machine";
    expect(await namesIn(data, server)).toEqual({ four: own, six: own, loop: own, loop6: own });
  });

  test.each([
    ["without tailscaled", "192.0.2.1", "192.0.2.2"],
    ["beside tailscaled", "10.1.0.1", "10.1.0.2"],
    ["beside tailscaled", "2001:db8::1", "2001:db8::2"],
  ])("NS-6 %s a peer from another range, on %s, is refused though it can reach us", async (how, ours, theirs) => {
    const { chat: server } = createTailnetMachines();
    const outside = createMachine("outside");
    addNetwork(server, "lan0", [`${ours}/${ours.includes(":") ? 64 : 24}`]);
    plugIn(outside, "eth0", server, "lan0", [`${theirs}/${theirs.includes(":") ? 64 : 24}`]);
    await startServe({ ...server, args: [...args, "--listen", ours], ...(await besideTailscaled(how)) });
    const peer = dialFrom(outside, ours, 12345);
    peer.type("REGISTER mallory");
    expect(await peer.exited).toMatchObject({ code: 0, stdout: "ERROR Not a member of this tailnet\n" });
  });

  test("NS-7 a quiet connection is probed after a minute at the latest, over both families", async () => {
    const { chat: server, bob } = createTailnetMachines();
    await startServe({ ...server, args });
    for (const address of [V4, V6]) {
      const peer = dialFrom(bob, address, 12345);
      peer.type(`REGISTER bob${address.length}`);
      await peer.until("END PUBLICKEY");
    }
    let timers = timersIn(server);
    // Until the peers' systems have acknowledged what they were sent, another timer runs.
    while (timers.some((row) => row.includes("timer:(on,"))) timers = timersIn(server);
    expect(timers).toHaveLength(2);
    for (const row of timers) expect(row).toMatch(/timer:\(keepalive,(?:1min|\d+(?:\.\d+)?sec|\d+ms),0\)/);
  });

  test("NS-8 the administrator's secret is worth nothing over the tailnet, nor what anybody can put in a header", async () => {
    const fake = await startFakeTailscaled("tun");
    const { chat: server, bob } = createTailnetMachines();
    const { data } = await startServe({ ...server, args, tailscaleSocket: fake.path });
    const running: unknown = JSON.parse(readFileSync(join(data, "running.json"), "utf8"));
    const token = typeof running === "object" && running !== null && "token" in running ? String(running.token) : "";
    const forged = [
      `Authorization: Bearer ${token}`,
      `Padserve-Proof: ${token}`,
      `Padserve-Nonce: ${token}`,
      "X-Forwarded-For: 127.0.0.1",
      "Tailscale-User-Login: alice@example.com",
    ];
    for (const path of ["/admin/names", "/admin/challenge", "/metrics", "/healthz"]) {
      expect(await status(bob, path, forged)).toBe("HTTP/1.1 404 Not Found");
    }
    expect(await status(server, "/admin/names", forged)).toBe("HTTP/1.1 404 Not Found");
    expect(await status(server, "/healthz", [])).toBe("HTTP/1.1 200 OK");
    fake.grant("bob@example.com", { operator: true });
    expect(await status(bob, "/healthz", [])).toBe("HTTP/1.1 200 OK");
  });
});

/** What tells the server of a tailscaled, in the tests that run with and without one. */
async function besideTailscaled(how: string): Promise<{ tailscaleSocket?: string }> {
  return how === "beside tailscaled" ? { tailscaleSocket: (await startFakeTailscaled("tun")).path } : {};
}

/** `pad chat` on a machine, connected. */
async function chat(machine: Machine, id: string, address: string): Promise<Program> {
  const program = startPadserve(["chat", id, address, "--commands"], machine);
  await program.complains("Connected to");
  return program;
}

/** What somebody is answered who registers from a machine, and stays. */
async function register(machine: Machine, address: string, id: string): Promise<string> {
  const peer = dialFrom(machine, address, 12345);
  peer.type(`REGISTER ${id}`);
  return peer.line();
}

/** Whose each name is, as the server's administrator is told. */
async function namesIn(data: string, server: Machine): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await runPadserve(["names", "--json", "--data", data], server);
  const records: { name: string; identity: string }[] = JSON.parse(stdout);
  return Object.fromEntries(records.map(({ name, identity }) => [name, identity]));
}

/** What the system knows of each connection to the server, its timer among it. */
function timersIn(server: Machine): readonly string[] {
  return server.run("ss", "-tnoH", "state", "established", "sport", "=", ":12345").trim().split("\n");
}

/** The status line of an HTTP request to the server's tailnet address. */
async function status(machine: Machine, path: string, headers: readonly string[]): Promise<string> {
  const peer = dialFrom(machine, V4, 12345);
  const request = [`GET ${path} HTTP/1.1`, `Host: ${V4}:12345`, "Connection: close", ...headers, ""];
  for (const line of request) peer.type(`${line}\r`);
  return (await peer.line()).trim();
}
