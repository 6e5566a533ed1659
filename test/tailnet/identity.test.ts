import { describe, expect, test } from "vitest";
import { namesOf, startScene } from "../helpers/tailnet.ts";

const NOT_A_MEMBER = "ERROR Not a member of this tailnet";

describe("who a peer is", () => {
  test("TS-1 a node's owner is a person, a tagged node a machine, each told by who-is of the connection's own port", async () => {
    const scene = await startScene();
    await scene.join("bob-laptop", "bob");
    await scene.join("nas", "nas");
    await scene.join("printer", "printer");
    expect(namesOf(scene)).toEqual({
      bob: "bob@example.com",
      nas: "machine nas (tag:backup)",
      printer: "machine printer (tag:backup)",
    });
    expect(scene.fake.asked).toContainEqual(expect.stringMatching(/^GET .*whois\?addr=127\.0\.0\.1%3A\d+&proto=tcp$/));
  });

  test("TS-1 two machines with the same tag are two identities", async () => {
    const scene = await startScene();
    await scene.visit("nas", "backup");
    expect(await scene.visit("printer", "backup")).toBe("ERROR Client name already registered");
  });

  test("TS-1 the server's own node is this machine, whoever owns it", async () => {
    const scene = await startScene();
    expect(await scene.visit("chat", "here")).toBe("REGISTERED");
    expect(namesOf(scene)).toEqual({ here: "this machine" });
  });

  test("TS-2 on loopback in userspace mode, whom who-is doesn't know is refused", async () => {
    const { server } = await startScene();
    const stranger = await server.connect();
    expect(await stranger.ask("REGISTER mallory")).toBe(NOT_A_MEMBER);
    expect(await stranger.closed()).toEqual([]);
  });

  test("TS-2 a node whose key has expired is not a member", async () => {
    const scene = await startScene();
    scene.fake.node("old", { user: "bob@example.com", addresses: ["100.64.0.20"], expired: true });
    const peer = await scene.dial("old");
    expect(await peer.ask("REGISTER bob")).toBe(NOT_A_MEMBER);
    expect(await peer.closed()).toEqual([]);
  });

  test("TS-3 behind a subnet router everybody is the router, a machine", async () => {
    const scene = await startScene();
    scene.fake.node("router", { user: "bob@example.com", addresses: ["100.64.0.21"], routes: ["192.168.1.0/24"] });
    scene.fake.node("exit", { user: "bob@example.com", addresses: ["100.64.0.22"], routes: ["0.0.0.0/0", "::/0"] });
    await scene.visit("router", "somebody");
    await scene.visit("exit", "bob");
    expect(namesOf(scene)).toEqual({ somebody: "machine router", bob: "bob@example.com" });
  });

  test("TS-4 a session whose node leaves the tailnet ends at the next round, and one whose node becomes somebody else's", async () => {
    const scene = await startScene();
    const bob = await scene.join("bob-laptop", "bob");
    const carol = await scene.join("carol-laptop", "carol");
    scene.fake.leave("bob-laptop");
    expect(await bob.closed()).toEqual([NOT_A_MEMBER]);
    scene.fake.node("carol-laptop", { user: "dave@example.com", addresses: ["100.64.0.14"] });
    expect(await carol.closed()).toEqual([NOT_A_MEMBER]);
    expect(await scene.visit("carol-laptop", "carol")).toBe("ERROR Client name already registered");
    expect(await scene.visit("carol-laptop", "dave")).toBe("REGISTERED");
  });

  test("TS-5 a peer that its tailnet calls offline for long enough is dropped", async () => {
    const scene = await startScene({ timings: { offlineAfter: 60 } });
    const bob = await scene.join("bob-laptop", "bob");
    scene.fake.node("bob-laptop", { user: "bob@example.com", addresses: ["100.64.0.12"], online: false });
    expect(await bob.closed()).toEqual(["ERROR Timed out"]);
  });

  test("TS-5 one that is offline for less stays", async () => {
    const scene = await startScene({ timings: { offlineAfter: 3_600_000 } });
    const bob = await scene.join("bob-laptop", "bob");
    scene.fake.node("bob-laptop", { user: "bob@example.com", addresses: ["100.64.0.12"], online: false });
    await scene.round(bob);
    expect(await bob.ask("LIST")).toBe("BEGIN_RESPONSE");
  });
});

describe("what changes nothing", () => {
  test("TS-6 headers that claim an identity", async () => {
    const scene = await startScene();
    const headers = [
      "Tailscale-User-Login: alice@example.com",
      "Tailscale-User-Name: Alice",
      'Tailscale-App-Capabilities: {"padserve.dev/cap/chat":[{"operator":true}]}',
      "Tailscale-Headers-Info: https://tailscale.com/s/serve-headers",
      "X-Forwarded-For: 100.64.0.11",
      "Forwarded: for=100.64.0.11",
    ];
    const request = ["GET /metrics HTTP/1.1", "Host: chat", "Connection: close", ...headers, "", ""].join("\r\n");
    const answers: Record<string, string> = {};
    for (const node of ["bob-laptop", "alice-laptop"]) {
      const peer = await scene.dial(node);
      peer.write(request);
      answers[node] = (await peer.line()).trim();
    }
    expect(answers).toEqual({ "bob-laptop": "HTTP/1.1 404 Not Found", "alice-laptop": "HTTP/1.1 200 OK" });
  });

  test("TS-6 a PROXY line, in both of its forms", async () => {
    const scene = await startScene();
    const bob = await scene.dial("bob-laptop");
    const line = "PROXY TCP4 100.64.0.11 100.64.0.1 51234 12345";
    bob.write(`${line}\r\n`);
    expect(await bob.line()).toBe(`ERROR Unknown command: ${line}`);
    expect(await bob.ask("REGISTER alice")).toBe("REGISTERED");
    const binary = await scene.dial("bob-phone");
    // PROXY protocol version 2: signature, "PROXY", TCP over IPv4, 12 bytes of addresses and ports.
    binary.write(Buffer.from("0d0a0d0a000d0a515549540a2111000c6440000b64400001c8223039", "hex"));
    // It begins with an empty line, so the plain door takes it for a person at a terminal, whom who-is names.
    await binary.until("-- You are alice here. What you write goes to everybody; /help says more.");
    expect(namesOf(scene)).toEqual({ alice: "bob@example.com" });
  });
});
