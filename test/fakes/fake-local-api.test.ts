import { once } from "node:events";
import { request } from "node:http";
import type { OutgoingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startFakeLocalApi } from "./fake-local-api.ts";
import type { FakeLocalApi } from "./fake-local-api.ts";

let tailnet: FakeLocalApi;

beforeEach(async () => {
  tailnet = await startFakeLocalApi();
});

afterEach(() => tailnet.stop());

async function get(path: string, headers: OutgoingHttpHeaders = { Host: "local-tailscaled.sock" }) {
  const sent = request({ socketPath: tailnet.path, path: `/localapi/v0/${path}`, headers, agent: false }).end();
  const [response] = await once(sent, "response");
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

test.each([
  ["another Host, Node's own default", { Host: "localhost" }],
  ["an Origin", { Host: "local-tailscaled.sock", Origin: "http://local-tailscaled.sock" }],
  ["a Referer", { Host: "local-tailscaled.sock", Referer: "http://100.64.0.1/" }],
])("TN-6 the fake tailscaled refuses, as the real one does, %s", async (_what, headers) => {
  expect(await get("status", headers)).toMatchObject({ status: 403, body: "invalid localapi request\n" });
});

test.each([
  ["whois", 400, "missing 'addr' parameter\n"],
  ["whois?addr=bob", 400, "invalid 'addr' parameter\n"],
  ["whois?addr=100.64.0.77:1", 404, "no match for IP:port\n"],
  ["nonsense", 404, "404 page not found\n"],
])("TN-6 the fake tailscaled answers %s with %i", async (path, status, body) => {
  expect(await get(path)).toMatchObject({ status, body });
});

test("TN-6 the fake tailscaled writes states as words in status, as numbers on the bus, and JSON with tabs", async () => {
  const status = await get("status?peers=false");
  expect(status.headers).toMatchObject({ "tailscale-cap": "142", "content-type": "application/json" });
  expect(status.body).toContain('\n\t"BackendState": "Running"');
  const sent = request({
    socketPath: tailnet.path,
    path: "/localapi/v0/watch-ipn-bus?mask=2",
    headers: { Host: "local-tailscaled.sock" },
    agent: false,
  }).end();
  const [bus] = await once(sent, "response");
  const [line] = await once(bus, "data");
  expect(JSON.parse(String(line))).toMatchObject({ State: 6, NetMap: null });
  sent.destroy();
});
