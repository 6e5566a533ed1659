import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import { ClassicPeer } from "../helpers/classic-peer.ts";
import { askHttp } from "../helpers/http.ts";
import { startTestServer } from "../helpers/server.ts";
import { startScene } from "../helpers/tailnet.ts";

describe("what the server tells over HTTP", () => {
  test("SV-18 this machine's own people see its health and its metrics", async () => {
    await using server = await startTestServer();
    const alice = await server.join("alice");
    const bob = await server.join("bob");
    alice.broadcast("one");
    await alice.until("BROADCAST SENT");
    await bob.message();
    alice.direct("bob", "two");
    await bob.message();
    await alice.ask("SEND nobody 00|00");
    const health = await askHttp(server.port, { path: "/healthz" });
    expect(health.status).toBe(200);
    expect(JSON.parse(health.body)).toEqual({ status: "ok", tailscale: "absent", sessions: 2 });
    const { body } = await askHttp(server.port, { path: "/metrics" });
    expect(body.split("\n")).toEqual(
      expect.arrayContaining([
        "padserve_sessions 2",
        'padserve_messages_total{kind="broadcast"} 1',
        'padserve_messages_total{kind="direct"} 1',
        "padserve_deliveries_total 2",
        'padserve_refusals_total{reason="recipient-not-found"} 1',
        "padserve_queue_bytes 0",
        expect.stringMatching(/^padserve_event_loop_delay_p99_seconds \d/),
      ]),
    );
    for (const told of [health.body, body]) expect(told).not.toMatch(/alice|bob/);
  });

  test("SV-18 operators see it over the tailnet, others find nothing there", async () => {
    const scene = await startScene({ config: { operators: ["carol@example.com"] } });
    scene.fake.grant("tag:backup", { operator: true });
    const answers: Record<string, number> = {};
    for (const node of ["alice-laptop", "carol-laptop", "nas", "bob-laptop", "chat"]) {
      for (const path of ["/healthz", "/metrics"]) {
        const { status } = await askHttp(await scene.fake.dial(node, scene.server.port), { path });
        answers[`${node} ${path}`] = status;
      }
    }
    expect(answers).toEqual({
      "alice-laptop /healthz": 200,
      "alice-laptop /metrics": 200,
      "carol-laptop /healthz": 200,
      "carol-laptop /metrics": 200,
      "nas /healthz": 200,
      "nas /metrics": 200,
      "bob-laptop /healthz": 404,
      "bob-laptop /metrics": 404,
      "chat /healthz": 200,
      "chat /metrics": 200,
    });
  });

  test("SV-18 who is refused by lines is told nothing by HTTP", async () => {
    const scene = await startScene();
    expect(await askHttp(scene.server.port, { path: "/healthz" })).toEqual({ status: 404, body: "Not found.\n" });
    await scene.fake.goAway();
    expect(await askHttp(scene.server.port, { path: "/healthz" })).toEqual({ status: 404, body: "Not found.\n" });
  });

  test("SV-18 nothing else is there, and nothing can be changed", async () => {
    await using server = await startTestServer();
    expect((await askHttp(server.port, { path: "/other" })).status).toBe(404);
    expect((await askHttp(server.port, { path: "/healthz", method: "POST" })).status).toBe(405);
    expect(await askHttp(server.port, { path: "/healthz", method: "HEAD" })).toEqual({ status: 200, body: "" });
  });

  test("SV-19 a request for another host than ours is refused, before anything else is looked at", async () => {
    const scene = await startScene({ config: { aliases: ["pad.example.com"] } });
    const answers: Record<string, number> = {};
    const ours = [
      "localhost",
      "127.0.0.1",
      "[::1]",
      "100.64.0.1",
      "chat",
      "chat.tail1234.ts.net",
      hostname(),
      "pad.example.com",
    ];
    const others = ["evil.example.com", "192.0.2.1", "localhost.evil.example.com", "chat.other.ts.net", ":80"];
    for (const host of [...ours, ...others]) {
      const socket = await scene.fake.dial("alice-laptop", scene.server.port);
      answers[host] = (await askHttp(socket, { path: "/healthz", headers: { host } })).status;
    }
    expect(answers).toEqual({
      ...Object.fromEntries(ours.map((host) => [host, 200])),
      ...Object.fromEntries(others.map((host) => [host, 421])),
    });
    const admin = { path: "/admin/challenge", headers: { host: "evil.example.com", "padserve-nonce": "0".repeat(64) } };
    expect((await askHttp(scene.server.port, admin)).status).toBe(421);
    const old = await scene.dial("alice-laptop");
    old.write("GET /healthz HTTP/1.0\r\n\r\n");
    expect(await old.line()).toBe("HTTP/1.1 421 Misdirected Request\r");
  });
});

describe("one port for all", () => {
  test("SV-20 a request one byte at a time, and lines one byte at a time, side by side", async () => {
    await using server = await startTestServer();
    using http = await ClassicPeer.connect(server.port);
    using lines = await ClassicPeer.connect(server.port);
    const request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    const said = "GETTING\nREGISTER carol\n";
    for (let at = 0; at < request.length; at++) {
      http.write(request.charAt(at));
      lines.write(said.charAt(at));
      // A round trip of its own for each byte: they can't come together.
      await (await server.connect()).ask("LIST");
    }
    expect(await http.line()).toBe("HTTP/1.1 200 OK\r");
    expect(await lines.lines(2)).toEqual(["ERROR Unknown command: GETTING", "REGISTERED as operator"]);
  });

  test("SV-20 a TLS hello is closed without a word", async () => {
    await using server = await startTestServer();
    using peer = await ClassicPeer.connect(server.port);
    peer.write(Buffer.from("16030100f4010000f00303", "hex"));
    expect(await peer.closed()).toEqual([]);
    expect(peer.segments).toEqual([]);
  });
});
